"""What the business may send through End User Messaging Social, and what comes of it."""

import json

import pytest

from sandbox.whatsapp.body_rules import RULES, body_problem
from sandbox.wire import AwsError
from tests.unit.sandbox_stage import EVENT_TOPIC, Stage

DAY = 24 * 3600
OPUS = b"OggS" + bytes(24) + b"OpusHead\x01\x01" + bytes(9)
STEREO = OPUS.replace(b"OpusHead\x01\x01", b"OpusHead\x01\x02")


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def ana(stage):
    phone = stage.phones.add("Ana", "14155550123")
    phone.says("Hello")
    return phone


def refusal(call, *args, **kwargs):
    with pytest.raises(AwsError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def body(phone, kind, part, **more):
    base = {"messaging_product": "whatsapp", "to": f"+{phone.number}", "type": kind, kind: part}
    return base | more


def outcome(stage):
    """The last status: its name, or the code of its error."""
    stage.advance(2)
    last = stage.statuses()[-1]
    return last["errors"][0]["code"] if "errors" in last else last["status"]


class TestSending:
    def test_a_text_reaches_the_phone_and_its_statuses_come_back(self, stage, ana):
        answer = stage.text(ana, "Hi Ana", biz_opaque_callback_data="conn-1/1/1")
        stage.advance(2)
        ana.reads()
        stage.advance(2)

        assert ana.texts == ["Hi Ana"]
        assert stage.values()[-1]["contacts"] == [ana.contact()]
        assert [one["status"] for one in stage.statuses()] == ["sent", "delivered", "read"]
        assert {one["biz_opaque_callback_data"] for one in stage.statuses()} == {"conn-1/1/1"}
        assert {one["recipient_id"] for one in stage.statuses()} == {"14155550123"}
        assert answer["messageId"] != stage.statuses()[0]["id"]
        assert stage.statuses()[0]["id"].startswith("wamid.")

    def test_a_status_tells_the_price_at_sent_and_once_more(self, stage, ana):
        stage.text(ana, "Hi")
        stage.advance(2)
        ana.reads()
        stage.advance(2)

        assert ["pricing" in one for one in stage.statuses()] == [True, True, False]
        assert stage.statuses()[0]["pricing"] == {
            "billable": False,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        }

    def test_the_message_id_can_be_the_wamid(self, stage, ana):
        stage.network.switches.message_id_is_wamid = True
        answer = stage.text(ana, "Hi")
        stage.advance(2)

        assert answer["messageId"] == stage.statuses()[0]["id"]

    def test_callback_data_can_be_lost(self, stage, ana):
        stage.network.switches.callback_data = False
        stage.text(ana, "Hi", biz_opaque_callback_data="x")
        stage.advance(2)

        assert "biz_opaque_callback_data" not in stage.statuses()[0]

    def test_statuses_can_be_late_while_the_message_is_not(self, stage, ana):
        stage.network.switches.statuses = "late"
        stage.text(ana, "Hi")
        stage.advance(60)
        assert (ana.texts, stage.statuses()) == (["Hi"], [])

        stage.advance(200)
        assert [one["status"] for one in stage.statuses()] == ["sent", "delivered"]

    def test_statuses_can_never_come(self, stage, ana):
        stage.network.switches.statuses = "never"
        stage.text(ana, "Hi")
        ana_is_wrong = body(ana, "text", {"body": ""})
        stage.send(ana_is_wrong)
        stage.advance(DAY)

        assert (ana.texts, stage.statuses()) == (["Hi"], [])

    def test_an_open_chat_is_read_without_being_delivered(self, stage, ana):
        ana.is_open = True
        stage.text(ana, "Hi")
        stage.advance(2)

        assert [one["status"] for one in stage.statuses()] == ["sent", "read"]

    def test_a_phone_that_is_off_gets_its_messages_later(self, stage, ana):
        ana.is_off = True
        stage.text(ana, "Hi")
        stage.advance(60)
        assert ana.is_off
        assert (ana.texts, [one["status"] for one in stage.statuses()]) == ([], ["sent"])

        ana.is_off = False
        stage.advance(1)
        assert ana.texts == ["Hi"]
        assert stage.statuses()[-1]["status"] == "delivered"

    def test_a_user_id_is_an_address_too(self, stage):
        eva = stage.phones.add("Eva", username="eva.w")
        eva.says("Hello")
        stage.send(
            {
                "messaging_product": "whatsapp",
                "recipient": eva.user_id,
                "type": "text",
                "text": {"body": "Hi Eva"},
            }
        )
        stage.advance(2)

        assert eva.texts == ["Hi Eva"]
        assert "recipient_id" not in stage.statuses()[0]
        assert stage.statuses()[0]["recipient_user_id"] == eva.user_id

    def test_a_number_without_plus_is_taken_as_a_local_one(self, stage, ana):
        stage.send(body(ana, "text", {"body": "Hi"}, to=ana.number))
        assert outcome(stage) == 131026


class TestRefusals:
    def test_nobody_there(self, stage, ana):
        stage.send(body(ana, "text", {"body": "Hi"}, to="+15005550000"))
        assert outcome(stage) == 131026
        assert stage.statuses()[-1]["recipient_id"] == "15005550000"

    def test_the_window_closes_24_hours_after_the_customers_last_words(self, stage, ana):
        stage.advance(DAY - 1)
        stage.text(ana, "in time")
        stage.advance(1)
        stage.text(ana, "too late")
        stage.advance(2)

        assert ana.texts == ["in time"]
        assert outcome(stage) == 131047

    def test_a_closed_window_can_be_refused_at_once(self, stage, ana):
        stage.network.switches.window = "synchronous"
        assert stage.text(ana, "open")["messageId"]

        stage.advance(DAY)
        assert refusal(stage.text, ana, "closed") == "InvalidParametersException"
        assert stage.send(_template(ana))["messageId"]

    def test_a_template_opens_a_closed_window(self, stage, ana):
        stage.advance(2 * DAY)
        stage.send(_template(ana, "Ana"))
        stage.advance(2)

        assert ana.texts == ["Hello Ana, may we go on?"]
        assert stage.statuses()[0]["pricing"]["category"] == "utility"
        assert stage.statuses()[0]["pricing"]["billable"] is True

    @pytest.mark.parametrize(
        ("name", "words", "code"),
        [("reopen", [], 132000), ("unknown", ["x"], 132001), ("paused", [], 132015)],
    )
    def test_templates_must_exist_be_approved_and_be_filled(self, stage, ana, name, words, code):
        stage.send(_template(ana, *words, name=name))
        assert outcome(stage) == code

    def test_an_authentication_template_needs_a_number(self, stage):
        eva = stage.phones.add("Eva", username="eva.w")
        message = _template(eva, "1234", name="code")
        del message["to"]
        stage.send(message | {"recipient": eva.user_id})

        assert outcome(stage) == 131062

    def test_the_pair_rate_allows_a_burst_and_then_one_in_six_seconds(self, stage, ana):
        for number in range(46):
            stage.text(ana, str(number))
        stage.advance(2)
        failed = [one["errors"][0]["code"] for one in stage.statuses() if "errors" in one]
        assert (failed, len(ana.texts)) == ([131056], 45)

        stage.advance(4)
        stage.text(ana, "patient")
        assert outcome(stage) == "delivered"

    def test_the_pair_rate_can_be_off(self, stage, ana):
        stage.network.switches.pair_rate = False
        for number in range(60):
            stage.text(ana, str(number))
        stage.advance(2)

        assert len(ana.texts) == 60

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            (b"not json", "InvalidParametersException"),
            (b"[]", "InvalidParametersException"),
            (b'{"to":"+1"}', "InvalidParametersException"),
            (b'{"messaging_product":"whatsapp"}', "InvalidParametersException"),
            (
                b'{"messaging_product":"whatsapp","status":"sent","message_id":"x"}',
                "InvalidParametersException",
            ),
            (
                b'{"messaging_product":"whatsapp","status":"read","message_id":"unknown"}',
                "InvalidParametersException",
            ),
        ],
    )
    def test_a_request_that_is_no_message_is_refused_at_once(self, stage, message, code):
        assert refusal(stage.send, message) == code

    def test_an_old_api_version_and_a_strange_number_are_refused(self, stage, ana):
        hello = body(ana, "text", {"body": "Hi"})
        assert refusal(stage.send, hello, metaApiVersion="v19.0") == "ValidationException"
        assert refusal(stage.send, hello, metaApiVersion="23") == "ValidationException"
        other = {"originationPhoneNumberId": "phone-number-id-" + "b" * 32}
        assert refusal(stage.send, hello, **other) == "ResourceNotFoundException"

    def test_the_number_can_be_named_by_its_arn(self, stage, ana):
        arn = stage.account.number_arn(stage.number)
        hello = body(ana, "text", {"body": "Hi"})
        assert stage.send(hello, originationPhoneNumberId=arn)["messageId"]


def _template(phone, *words, name="reopen"):
    parameters = [{"type": "text", "text": word} for word in words]
    components = [{"type": "body", "parameters": parameters}] if words else []
    part = {"name": name, "language": {"code": "en"}, "components": components}
    return body(phone, "template", part)


def _buttons(*titles, **more):
    buttons = [
        {"type": "reply", "reply": {"id": f"b{number}", "title": title}}
        for number, title in enumerate(titles)
    ]
    return {
        "type": "button",
        "body": {"text": "Choose"},
        "action": {"buttons": buttons},
        **more,
    }


def _list(rows=1, sections=1, title="", **row):
    listed = [
        {
            "title": title,
            "rows": [
                {"id": f"{section}.{number}", "title": "One", **row} for number in range(rows)
            ],
        }
        for section in range(sections)
    ]
    return {
        "type": "list",
        "body": {"text": "Choose"},
        "action": {"button": "Open", "sections": listed},
    }


def _call_to_action(**parameters):
    given = {"display_text": "Open", "url": "https://example.com"} | parameters
    action = {"name": "cta_url", "parameters": given}
    return {"type": "cta_url", "body": {"text": "See"}, "action": action}


def _location_request(name="send_location"):
    kind = "location_request_message"
    return {"type": kind, "body": {"text": "Where?"}, "action": {"name": name}}


def _flow(**parameters):
    given = {"flow_cta": "Start", "flow_id": "1"} | parameters
    action = {"name": "flow", "parameters": given}
    return {"type": "flow", "body": {"text": "Form"}, "action": action}


CARD = {"name": {"formatted_name": "Ana"}}
BODIES = [
    ("text", {"body": "x" * 4096}, None),
    ("text", {"body": "x" * 4097}, 131009),
    ("text", {"body": ""}, 131008),
    ("text", {"body": 7}, 100),
    ("text", "words", 100),
    ("image", {"link": "https://example.com/a.png", "caption": "x" * 1024}, None),
    ("image", {"link": "https://example.com/a.png", "caption": "x" * 1025}, 131009),
    ("image", {"link": "http://example.com/a.png"}, 131009),
    ("video", {}, 131009),
    ("document", {"id": "1", "link": "https://example.com/a.pdf"}, 131009),
    ("audio", {"id": "1", "caption": "no"}, 100),
    ("sticker", {"id": "1"}, None),
    ("location", {"latitude": 4.7, "longitude": "-74.1"}, None),
    ("location", {"latitude": 91, "longitude": 0.5}, 131009),
    ("location", {"latitude": "north", "longitude": 0.5}, 131009),
    ("location", {"latitude": 1}, 131008),
    ("contacts", [CARD], None),
    ("contacts", [], 131009),
    ("contacts", [CARD] * 258, 131009),
    ("contacts", [{"name": {}}], 131008),
    ("contacts", CARD, 100),
    ("reaction", {"message_id": "wamid.1", "emoji": ""}, None),
    ("reaction", {"message_id": "wamid.1"}, 131008),
    ("interactive", _buttons("Yes", "No", "Later"), None),
    ("interactive", _buttons("A", "B", "C", "D"), 131009),
    ("interactive", _buttons(), 131009),
    ("interactive", _buttons("Yes", "Yes"), 131009),
    ("interactive", _buttons("x" * 21), 131009),
    ("interactive", _buttons("Yes", body={"text": ""}), 131008),
    ("interactive", _buttons("Yes", body={"text": "x" * 1025}), 131009),
    ("interactive", _buttons("Yes", footer={"text": "x" * 61}), 131009),
    ("interactive", _buttons("Yes", header={"type": "text", "text": "x" * 61}), 131009),
    ("interactive", _buttons("Yes", action={}), 131008),
    ("interactive", _list(rows=10), None),
    ("interactive", _list(rows=11), 131009),
    ("interactive", _list(rows=1, sections=11, title="S"), 131009),
    ("interactive", _list(rows=1, sections=2, title="S"), None),
    ("interactive", _list(rows=1, sections=2), 131008),
    ("interactive", _list(title="x" * 25), 131009),
    ("interactive", _list(description="x" * 73), 131009),
    ("interactive", _list(rows=2, id="same"), 131009),
    ("interactive", _list() | {"body": {"text": "x" * 4096}}, None),
    ("interactive", _call_to_action(), None),
    ("interactive", _call_to_action(url=""), 131008),
    ("interactive", _call_to_action(display_text="x" * 21), 131009),
    ("interactive", _location_request(), None),
    ("interactive", _location_request("somewhere"), 131009),
    ("interactive", _flow(), None),
    ("interactive", _flow(flow_id=None), 131008),
    ("interactive", {"type": "carousel"}, 131009),
    ("template", {"name": "reopen", "language": {"code": "en"}}, None),
    ("template", {"name": "reopen"}, 131008),
    ("order", {}, 131051),
]


class TestBodies:
    @pytest.mark.parametrize(("kind", "part", "code"), BODIES)
    def test_metas_limits_hold(self, kind, part, code):
        problem = body_problem({"type": kind, kind: part})
        assert (problem.code if problem else None) == code

    def test_every_kind_has_a_body_that_passes_and_one_that_does_not(self):
        passing = {kind for kind, _, code in BODIES if code is None}
        failing = {kind for kind, _, code in BODIES if code is not None}

        # An audio and a document pass with their files (TestMedia).
        assert passing | {"audio", "document", "video"} == set(RULES)
        assert failing >= set(RULES) - {"sticker"}

    def test_the_part_of_the_declared_type_must_be_there(self):
        assert body_problem({"type": "text"}).code == 131008

    def test_a_reaction_quotes_nothing(self):
        part = {"message_id": "wamid.1", "emoji": "x"}
        assert body_problem({"type": "reaction", "reaction": part, "context": {}}).code == 100

    def test_a_refused_body_comes_back_as_a_failed_status(self, stage, ana):
        stage.text(ana, "x" * 4097)
        assert outcome(stage) == 131009
        assert stage.statuses()[-1]["errors"][0]["error_data"]["details"]
        assert ana.texts == []


class TestReceiptsAndReactions:
    def test_a_read_receipt_turns_every_earlier_tick(self, stage, ana):
        stage.advance(1)
        second = ana.says("Are you there?")
        stage.send({"messaging_product": "whatsapp", "status": "read", "message_id": second})

        assert [ana.tick(one.wamid) for one in ana.sent] == ["read", "read"]

    def test_typing_shows_for_25_seconds_or_until_the_next_message(self, stage, ana):
        typing = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": ana.sent[0].wamid,
            "typing_indicator": {"type": "text"},
        }
        assert not ana.sees_typing
        stage.send(typing)
        stage.advance(24)
        assert ana.sees_typing
        stage.advance(1)
        assert not ana.sees_typing

        stage.send(typing)
        stage.text(ana, "Hi")
        stage.advance(1)
        assert not ana.sees_typing

    def test_a_reaction_appears_and_disappears(self, stage, ana):
        target = ana.sent[0].wamid
        stage.send(body(ana, "reaction", {"message_id": target, "emoji": "👍"}))
        stage.advance(2)
        assert (ana.reactions, ana.screen) == ({target: "👍"}, [])

        stage.send(body(ana, "reaction", {"message_id": target, "emoji": ""}))
        stage.advance(2)
        assert ana.reactions == {}

    @pytest.mark.parametrize("target", ["unknown", "reaction", "old"])
    def test_not_everything_can_be_reacted_to(self, stage, ana, target):
        wamid = ana.sent[0].wamid
        if target == "reaction":
            wamid = ana.reacts(wamid, "x")
        if target == "old":
            stage.advance(31 * DAY)
            ana.says("still me")
        wamid = "wamid.unknown" if target == "unknown" else wamid
        stage.send(body(ana, "reaction", {"message_id": wamid, "emoji": "x"}))

        assert outcome(stage) == 131009


class TestMedia:
    def upload(self, stage, content, mime_type):
        stage.bucket["out/file"] = (content, mime_type)
        return stage.call(
            stage.social,
            "PostWhatsAppMessageMedia",
            originationPhoneNumberId=stage.number.eum_id,
            sourceS3File={"bucketName": "puente-media", "key": "out/file"},
        )["mediaId"]

    def download(self, stage, media_id, **params):
        return stage.call(
            stage.social,
            "GetWhatsAppMessageMedia",
            originationPhoneNumberId=stage.number.eum_id,
            mediaId=media_id,
            **params,
        )

    def media_id(self, stage):
        message = stage.values()[-1]["messages"][0]
        return message[message["type"]]["id"]

    def test_a_customers_file_goes_to_the_bucket_under_a_prefix(self, stage, ana):
        ana.sends_voice_note(OPUS)
        media_id = self.media_id(stage)
        place = {"bucketName": "puente-media", "key": "in/ana/"}
        answer = self.download(stage, media_id, destinationS3File=place)

        assert answer == {"mimeType": "audio/ogg; codecs=opus", "fileSize": len(OPUS)}
        assert stage.bucket[f"in/ana/{media_id}.ogg"] == (OPUS, "audio/ogg; codecs=opus")

    def test_it_goes_to_a_presigned_address_with_the_given_headers(self, stage, ana):
        ana.sends("image", media=b"\xff\xd8\xff", caption="my box")
        url = "https://puente-media.s3.us-east-1.amazonaws.com/in/exact.jpeg"
        place = {"url": url, "headers": {"x-amz-meta-a": "b"}}
        self.download(stage, self.media_id(stage), destinationS3PresignedUrl=place)
        content, headers = stage.presigned[url]

        assert (content, headers["x-amz-meta-a"]) == (b"\xff\xd8\xff", "b")

    def test_metadata_alone_stores_nothing(self, stage, ana):
        ana.sends("document", media=b"%PDF", filename="bill.pdf")
        answer = self.download(stage, self.media_id(stage), metadataOnly=True)

        assert answer == {"mimeType": "application/pdf", "fileSize": 4}
        assert stage.bucket == {}

    def test_a_customers_file_lives_seven_days(self, stage, ana):
        ana.sends("video", media=b"mp4")
        media_id = self.media_id(stage)
        stage.advance(7 * DAY - 1)
        assert self.download(stage, media_id, metadataOnly=True)

        stage.advance(1)
        code = refusal(self.download, stage, media_id, metadataOnly=True)
        assert code == "ResourceNotFoundException"

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({}, "InvalidParametersException"),
            (
                {"destinationS3File": {"bucketName": "closed-bucket", "key": "x"}},
                "AccessDeniedException",
            ),
            (
                {"destinationS3PresignedUrl": {"url": "broken", "headers": {}}},
                "DependencyException",
            ),
            (
                {"destinationS3PresignedUrl": {"url": "status=503", "headers": {}}},
                "DependencyException",
            ),
            (
                {"destinationS3PresignedUrl": {"url": "status=403", "headers": {}}},
                "AccessDeniedException",
            ),
        ],
    )
    def test_a_place_that_does_not_take_the_file_is_an_error(self, stage, ana, params, code):
        ana.sends("image", media=b"x")
        place = params.get("destinationS3PresignedUrl")
        if place:
            place = {**place, "url": "https://b.s3.us-east-1.amazonaws.com/" + place["url"]}
            params = {"destinationS3PresignedUrl": place}
        assert refusal(self.download, stage, self.media_id(stage), **params) == code

    def test_an_uploaded_file_can_be_sent(self, stage, ana):
        media_id = self.upload(stage, OPUS, "audio/ogg")
        stage.send(body(ana, "audio", {"id": media_id, "voice": True}))
        stage.advance(2)
        ana.plays(ana.screen[0])
        stage.advance(2)

        assert (ana.screen[0].media, ana.screen[0].is_voice) == (OPUS, True)
        assert stage.statuses()[-1]["status"] == "played"

    def test_a_document_has_its_name_and_caption(self, stage, ana):
        media_id = self.upload(stage, b"%PDF", "application/pdf")
        part = {"id": media_id, "filename": "bill.pdf", "caption": "your bill"}
        stage.send(body(ana, "document", part))
        stage.advance(2)

        assert (ana.screen[0].filename, ana.screen[0].text) == ("bill.pdf", "your bill")

    def test_an_upload_can_come_from_a_presigned_address(self, stage):
        url = "https://puente-media.s3.us-east-1.amazonaws.com/out/a.png"
        stage.presigned[url] = (b"png", {})

        def post(headers):
            return stage.call(
                stage.social,
                "PostWhatsAppMessageMedia",
                originationPhoneNumberId=stage.number.eum_id,
                sourceS3PresignedUrl={"url": url, "headers": headers},
            )

        assert post({"Content-Type": "image/png"})["mediaId"]
        assert refusal(post, {}) == "InvalidParametersException"

    @pytest.mark.parametrize(
        ("content", "mime_type"),
        [
            (b"x", "application/zip"),
            (bytes(5 * 1024 * 1024 + 1), "image/png"),
            (STEREO, "audio/ogg"),
            (b"RIFF", "audio/wav"),
        ],
    )
    def test_files_whatsapp_does_not_take_are_refused(self, stage, content, mime_type):
        code = refusal(self.upload, stage, content, mime_type)
        assert code == "InvalidParametersException"

    def test_a_missing_object_or_two_sources_are_refused(self, stage):
        def post(**params):
            return stage.call(
                stage.social,
                "PostWhatsAppMessageMedia",
                originationPhoneNumberId=stage.number.eum_id,
                **params,
            )

        missing = {"bucketName": "puente-media", "key": "none"}
        assert refusal(post, sourceS3File=missing) == "AccessDeniedException"
        assert refusal(post) == "InvalidParametersException"

    @pytest.mark.parametrize(
        ("kind", "file", "part", "code"),
        [
            ("image", (b"%PDF", "application/pdf"), {}, 131053),
            ("audio", (b"ID3", "audio/mpeg"), {"voice": True}, 131053),
            ("audio", (b"ID3", "audio/mpeg"), {}, "delivered"),
        ],
    )
    def test_a_file_must_fit_the_message(self, stage, kind, file, part, code):
        ana = stage.phones.add("Ana", "14155550123")
        ana.says("Hello")
        media_id = self.upload(stage, *file)
        stage.send(body(ana, kind, {"id": media_id, **part}))
        assert outcome(stage) == code

    def test_strange_deleted_and_customers_own_files_cannot_be_sent(self, stage, ana):
        ana.sends("image", media=b"x")
        own = self.media_id(stage)
        deleted = self.upload(stage, b"png", "image/png")
        delete = {"mediaId": deleted, "originationPhoneNumberId": stage.number.eum_id}
        assert stage.call(stage.social, "DeleteWhatsAppMessageMedia", **delete)["success"]
        again = refusal(stage.call, stage.social, "DeleteWhatsAppMessageMedia", **delete)
        assert again == "ResourceNotFoundException"

        for media_id in ("123", deleted, own):
            stage.send(body(ana, "image", {"id": media_id}))
            assert outcome(stage) == 100

    def test_links_are_not_fetched(self, stage, ana):
        stage.send(body(ana, "image", {"link": "https://example.com/a.png"}))
        assert outcome(stage) == 131053


class TestTheAccount:
    def test_it_is_listed_with_its_numbers_and_its_destination(self, stage):
        listed = stage.call(stage.social, "ListLinkedWhatsAppBusinessAccounts")["linkedAccounts"]
        account = stage.call(stage.social, "GetLinkedWhatsAppBusinessAccount", id=listed[0]["id"])[
            "account"
        ]
        number = stage.call(
            stage.social,
            "GetLinkedWhatsAppBusinessAccountPhoneNumber",
            id=account["phoneNumbers"][0]["phoneNumberId"],
        )

        assert account["eventDestinations"] == [{"eventDestinationArn": EVENT_TOPIC}]
        assert number["phoneNumber"]["metaPhoneNumberId"] == stage.number.meta_id

    def test_events_go_where_they_were_put(self, stage, ana):
        def put(*arns):
            return stage.call(
                stage.social,
                "PutWhatsAppBusinessAccountEventDestinations",
                id=stage.account.arn,
                eventDestinations=[{"eventDestinationArn": arn} for arn in arns],
            )

        before = len(stage.topics.published)
        put()
        ana.says("nobody listens")
        assert len(stage.topics.published) == before
        put("arn:aws:sns:us-east-1:123456789012:other")
        ana.says("somebody does")
        assert stage.topics.published[-1][0].endswith(":other")
        assert refusal(put, EVENT_TOPIC + ".fifo") == "InvalidParametersException"

    def test_templates_can_be_listed_and_read(self, stage):
        account = {"id": stage.account.eum_id}
        first = stage.call(stage.social, "ListWhatsAppMessageTemplates", **account, maxResults=1)
        rest = stage.call(
            stage.social, "ListWhatsAppMessageTemplates", **account, nextToken=first["nextToken"]
        )
        named = stage.call(
            stage.social,
            "GetWhatsAppMessageTemplate",
            **account,
            templateName="reopen",
            templateLanguageCode="en",
        )
        by_id = stage.call(
            stage.social,
            "GetWhatsAppMessageTemplate",
            **account,
            metaTemplateId=rest["templates"][0]["metaTemplateId"],
        )

        assert first["templates"][0]["templateName"] == "reopen"
        assert json.loads(named["template"])["components"][0]["text"].startswith("Hello")
        assert json.loads(by_id["template"])["status"] == "PAUSED"

    @pytest.mark.parametrize(
        ("operation", "params"),
        [
            ("GetLinkedWhatsAppBusinessAccount", {"id": "waba-none"}),
            (
                "GetLinkedWhatsAppBusinessAccountPhoneNumber",
                {"id": "phone-number-id-none"},
            ),
            ("ListWhatsAppMessageTemplates", {"id": "waba-none"}),
        ],
    )
    def test_what_does_not_exist_is_not_found(self, stage, operation, params):
        code = refusal(stage.call, stage.social, operation, **params)
        assert code == "ResourceNotFoundException"

    def test_an_unknown_template_is_not_found(self, stage):
        wanted = {"id": stage.account.eum_id, "templateName": "none"}
        code = refusal(stage.call, stage.social, "GetWhatsAppMessageTemplate", **wanted)
        assert code == "ResourceNotFoundException"
