"""Writing, reading and files through Connect's participant service."""

import json

import pytest

from sandbox.amazon_connect.switches import TokenMemory
from sandbox.wire import AwsError, HttpRequest
from tests.unit.sandbox_stage import Stage

EVENT = "application/vnd.amazonaws.connect.event."
DAY = 24 * 3600


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def started(stage):
    return stage.start_chat(ChatDurationInMinutes=10_080)


def refusal(call, *args, **kwargs):
    with pytest.raises(AwsError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def ask(stage, operation, started, **params):
    return stage.call(stage.participant, operation, ConnectionToken=stage.token(started), **params)


class TestWriting:
    def test_a_message_gets_an_id_and_a_time(self, stage, started):
        sent = stage.say(started, "hello")

        assert sent["AbsoluteTime"] == "2026-11-20T12:00:00.000Z"
        assert stage.chat(started).items[-1].id == sent["Id"]

    def test_a_repeated_token_writes_once(self, stage, started):
        assert stage.say(started, "hello", ClientToken="t") == stage.say(
            started, "hello", ClientToken="t"
        )
        assert [one for one in stage.streamed() if one[2] == "hello"] == [
            ("CUSTOMER", "text/plain", "hello")
        ]

    def test_a_forgotten_token_writes_twice(self, stage, started):
        stage.switches.token_memory = TokenMemory.FIVE_MINUTES
        stage.say(started, "hello", ClientToken="t")
        stage.advance(300)
        stage.say(started, "hello", ClientToken="t")

        assert [one[2] for one in stage.streamed()].count("hello") == 2

    def test_only_declared_content_types_are_taken(self, stage):
        plain = stage.start_chat()
        rich = stage.start_chat(SupportedMessagingContentTypes=["text/plain", "text/markdown"])
        markdown = {"ContentType": "text/markdown", "Content": "**x**"}

        assert refusal(ask, stage, "SendMessage", plain, **markdown) == "ValidationException"
        assert ask(stage, "SendMessage", rich, **markdown)["Id"]

    def test_content_is_limited_in_bytes(self, stage, started):
        assert stage.say(started, "é" * 8_192)["Id"]
        assert refusal(stage.say, started, "é" * 8_193) == "ValidationException"

    def test_typing_is_streamed_but_is_no_part_of_the_transcript(self, stage, started):
        ask(stage, "SendEvent", started, ContentType=EVENT + "typing")

        assert stage.streamed()[-1] == ("CUSTOMER", "typing", None)
        shown = ask(stage, "GetTranscript", started)["Transcript"]
        assert all("typing" not in item["ContentType"] for item in shown)

    def test_an_unknown_event_is_refused(self, stage, started):
        code = refusal(ask, stage, "SendEvent", started, ContentType=EVENT + "chat.ended")
        assert code == "ValidationException"

    def test_a_receipt_stands_at_the_agents_message(self, stage, started):
        stage.settle()
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        item = agent.say("Good morning")
        receipt = {"Content": json.dumps({"messageId": item.id})}
        ask(stage, "SendEvent", started, ContentType=EVENT + "message.delivered", **receipt)
        stage.advance(5)
        ask(stage, "SendEvent", started, ContentType=EVENT + "message.read", **receipt)
        line = agent.desk_view()[-1]

        assert (line.read_at - line.delivered_at).total_seconds() == 5
        shown = ask(stage, "GetTranscript", started)["Transcript"][0]
        assert shown["MessageMetadata"]["Receipts"][0]["ReadTimestamp"].endswith("05.000Z")

    @pytest.mark.parametrize("content", [None, "no json", "[]", '{"messageId": "unknown"}'])
    def test_a_receipt_for_nothing_is_refused(self, stage, started, content):
        params = {"Content": content} if content else {}
        code = refusal(
            ask, stage, "SendEvent", started, ContentType=EVENT + "message.read", **params
        )
        assert code == "ValidationException"

    def test_receipts_conflict_when_three_are_in_the_chat(self, stage, started):
        stage.settle()
        stage.desk.agent("Luis", ["General"]).accept()
        chat = stage.chat(started)
        bot = stage.chats.new_participant("CUSTOM_BOT", "Bot")
        stage.chats.join(chat, bot)
        about = json.dumps({"messageId": stage.say(started, "x")["Id"]})

        code = refusal(
            ask, stage, "SendEvent", started, ContentType=EVENT + "message.read", Content=about
        )
        assert code == "ConflictException"

    def test_over_the_shared_rate_messages_are_throttled(self, stage, started):
        stage.switches.rate_limits = True
        for number in range(15):
            stage.say(started, str(number))

        code = refusal(ask, stage, "SendEvent", started, ContentType=EVENT + "typing")
        assert code == "ThrottlingException"


class TestTokens:
    def test_a_connection_token_lives_one_day_and_can_be_renewed(self, stage, started):
        stage.advance(DAY - 1)
        assert stage.say(started, "still here")["Id"]

        stage.advance(1)
        assert refusal(stage.say, started, "too late") == "AccessDeniedException"

        renewed = stage.call(
            stage.participant,
            "CreateParticipantConnection",
            ParticipantToken=started["ParticipantToken"],
            Type=["CONNECTION_CREDENTIALS"],
        )
        assert stage.say(started | renewed, "back again")["Id"]

    def test_after_the_end_every_token_is_refused(self, stage, started):
        stage.chats.end(stage.chat(started), "API")

        assert refusal(stage.say, started, "hello?") == "AccessDeniedException"
        code = refusal(
            stage.call,
            stage.participant,
            "CreateParticipantConnection",
            ParticipantToken=started["ParticipantToken"],
            Type=["CONNECTION_CREDENTIALS"],
        )
        assert code == "AccessDeniedException"

    def test_an_invented_token_is_refused(self, stage, started):
        invented = started | {"ConnectionCredentials": {"ConnectionToken": "nobody"}}
        assert refusal(stage.say, invented, "hello") == "AccessDeniedException"


class TestLeaving:
    def test_a_customer_who_leaves_before_an_agent_came_ends_the_chat(self, stage, started):
        ask(stage, "DisconnectParticipant", started)

        assert [name for _, name, _ in stage.streamed()[-2:]] == ["participant.left", "chat.ended"]

    def test_an_agent_stays_when_the_customer_leaves(self, stage, started):
        stage.settle()
        agent = stage.desk.agent("Luis", ["General"])
        chat = agent.accept()
        ask(stage, "DisconnectParticipant", started)

        assert not chat.is_over
        assert agent.events()[-1] == "participant.left"

    def test_an_agent_does_not_stay_when_the_chat_was_started_so(self, stage):
        started = stage.start_chat(DisconnectOnCustomerExit=["AGENT"])
        stage.settle()
        chat = stage.desk.agent("Luis", ["General"]).accept()
        ask(stage, "DisconnectParticipant", started)

        assert chat.is_over


class TestTheTranscript:
    @pytest.fixture
    def ids(self, stage, started):
        stage.chat(started).items.clear()
        given = []
        for number in range(25):
            given.append(stage.say(started, f"m{number}")["Id"])
            stage.advance(1)
        # The flow's greeting came in between; it is no part of these pages.
        stage.chat(started).items[:] = [one for one in stage.chat(started).items if one.id in given]
        return given

    def read(self, stage, started, **params):
        page = ask(stage, "GetTranscript", started, **params)
        return [item["Id"] for item in page["Transcript"]], page.get("NextToken")

    def test_without_a_position_the_newest_ten_come_newest_first(self, stage, started, ids):
        assert self.read(stage, started)[0] == ids[:14:-1]

    def test_pages_follow_each_other_to_the_beginning(self, stage, started, ids):
        seen, token = self.read(stage, started, MaxResults=10)
        while token:
            page, token = self.read(stage, started, MaxResults=10, NextToken=token)
            seen += page

        assert seen == ids[::-1]

    def test_from_an_item_it_goes_forward(self, stage, started, ids):
        page, _ = self.read(
            stage, started, StartPosition={"Id": ids[20]}, SortOrder="ASCENDING", MaxResults=100
        )
        assert page == ids[20:]

    def test_the_item_itself_can_be_left_out_by_a_switch(self, stage, started, ids):
        stage.switches.start_position_inclusive = False
        page, _ = self.read(
            stage, started, StartPosition={"Id": ids[20]}, SortOrder="ASCENDING", MaxResults=100
        )
        assert page == ids[21:]

    def test_forward_pages_continue_forward(self, stage, started, ids):
        first, token = self.read(
            stage, started, StartPosition={"Id": ids[0]}, SortOrder="ASCENDING", MaxResults=20
        )
        second, end = self.read(
            stage, started, NextToken=token, SortOrder="ASCENDING", MaxResults=20
        )
        assert (first + second, end) == (ids, None)

    def test_backward_from_an_item(self, stage, started, ids):
        page, _ = self.read(stage, started, StartPosition={"Id": ids[3]}, ScanDirection="BACKWARD")
        assert page == ids[3::-1]

    def test_from_a_time_in_both_directions(self, stage, started, ids):
        at = {"AbsoluteTime": "2026-11-20T12:00:22.000Z"}

        assert self.read(stage, started, StartPosition=at)[0] == ids[:21:-1]
        backward = self.read(stage, started, StartPosition=at, ScanDirection="BACKWARD")
        assert backward[0] == ids[22:12:-1]

    def test_a_time_after_everything_shows_nothing(self, stage, started, ids):
        at = {"AbsoluteTime": "2027-01-01T00:00:00.000Z"}
        assert self.read(stage, started, StartPosition=at)[0] == []

    def test_the_most_recent_ones(self, stage, started, ids):
        page, _ = self.read(stage, started, StartPosition={"MostRecent": 3}, SortOrder="ASCENDING")
        assert page == ids[-3:]
        backward, _ = self.read(
            stage, started, StartPosition={"MostRecent": 2}, ScanDirection="BACKWARD", MaxResults=2
        )
        assert backward == [ids[-2], ids[-3]]

    def test_an_unknown_position_is_refused(self, stage, started, ids):
        code = refusal(self.read, stage, started, StartPosition={"Id": "unknown"})
        assert code == "ValidationException"

    def test_it_can_lag_behind_what_was_sent(self, stage, started, ids):
        stage.switches.transcript_lag_s = 5
        assert self.read(stage, started, MaxResults=1)[0] == [ids[20]]

    def test_it_can_be_read_for_one_contact_of_the_chain(self, stage, started):
        stage.settle()
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        agent.say("one moment")
        chat = agent.transfer("Billing")
        stage.say(started, "still there?")
        page = ask(stage, "GetTranscript", started, ContactId=chat.current.id, MaxResults=100)

        assert {item["ContactId"] for item in page["Transcript"]} == {chat.current.id}
        assert page["InitialContactId"] == started["ContactId"]


class TestAttachments:
    def announce(self, stage, started, name="note.wav", size=4, attempt="a1"):
        return ask(
            stage,
            "StartAttachmentUpload",
            started,
            ContentType="audio/wav",
            AttachmentSizeInBytes=size,
            AttachmentName=name,
            ClientToken=attempt,
        )

    def put(self, stage, announced, body=b"RIFF", **headers):
        metadata = announced["UploadMetadata"]
        sent = {name.lower(): one for name, one in metadata["HeadersToInclude"].items()} | headers
        return stage.attachments.files(
            HttpRequest(method="PUT", url=metadata["Url"], headers=sent, body=body)
        )

    def complete(self, stage, started, announced, attempt="c1"):
        return ask(
            stage,
            "CompleteAttachmentUpload",
            started,
            AttachmentIds=[announced["AttachmentId"]],
            ClientToken=attempt,
        )

    def upload(self, stage, started):
        announced = self.announce(stage, started)
        assert self.put(stage, announced).status == 200
        self.complete(stage, started, announced)
        return announced["AttachmentId"]

    def test_a_file_goes_up_in_three_steps_and_the_agent_has_it(self, stage, started):
        attachment_id = self.upload(stage, started)
        stage.settle()
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        files = [line.as_json() for line in agent.desk_view() if line.body is not None]

        assert files == [{"content_type": "audio/wav", "name": "note.wav", "bytes": 4}]
        record = next(one for one in stage.topics.records() if one["Type"] == "ATTACHMENT")
        assert record["Attachments"] == [
            {
                "AttachmentId": attachment_id,
                "AttachmentName": "note.wav",
                "ContentType": "audio/wav",
                "Status": "APPROVED",
            }
        ]

    def test_a_file_can_be_fetched_until_its_address_expires(self, stage, started):
        attachment_id = self.upload(stage, started)
        given = ask(
            stage, "GetAttachment", started, AttachmentId=attachment_id, UrlExpiryInSeconds=30
        )
        fetch = HttpRequest(method="GET", url=given["Url"])

        assert given["AttachmentSizeInBytes"] == 4
        assert stage.attachments.files(fetch).body == b"RIFF"
        stage.advance(30)
        assert stage.attachments.files(fetch).status == 403

    def test_the_scanner_can_reject_a_file(self, stage, started):
        stage.switches.scan = lambda _name, body: b"virus" not in body
        announced = self.announce(stage, started, size=5)
        self.put(stage, announced, b"virus")
        self.complete(stage, started, announced)

        assert stage.topics.records()[-1]["Attachments"][0]["Status"] == "REJECTED"
        code = refusal(ask, stage, "GetAttachment", started, AttachmentId=announced["AttachmentId"])
        assert code == "ValidationException"

    @pytest.mark.parametrize(
        ("name", "size"),
        [("note.ogg", 4), ("note", 4), ("note.wav", 20 * 1024 * 1024 + 1)],
    )
    def test_types_and_sizes_connect_does_not_take_are_refused(self, stage, started, name, size):
        assert refusal(self.announce, stage, started, name, size) == "ValidationException"

    def test_a_conversation_holds_35_files(self, stage, started):
        for number in range(35):
            self.announce(stage, started, attempt=f"a{number}")

        code = refusal(self.announce, stage, started, attempt="one too many")
        assert code == "ServiceQuotaExceededException"

    def test_a_repeated_announcement_is_the_same_file(self, stage, started):
        first = self.announce(stage, started)
        assert self.announce(stage, started)["AttachmentId"] == first["AttachmentId"]

    def test_a_repeated_completion_shows_the_file_once(self, stage, started):
        announced = self.announce(stage, started)
        self.put(stage, announced)
        self.complete(stage, started, announced)
        self.complete(stage, started, announced)

        assert [one["Type"] for one in stage.topics.records()].count("ATTACHMENT") == 1
        code = refusal(self.complete, stage, started, announced, attempt="another")
        assert code == "ConflictException"

    def test_completing_needs_the_whole_file(self, stage, started):
        announced = self.announce(stage, started)
        assert refusal(self.complete, stage, started, announced) == "ConflictException"

        self.put(stage, announced, b"RIFF and more")
        assert refusal(self.complete, stage, started, announced) == "ValidationException"

    def test_completing_a_strange_or_foreign_file_is_refused(self, stage, started):
        stage.settle()
        stage.desk.agent("Luis", ["General"]).accept()
        item = stage.desk.agents[0].attach("bill.pdf", "application/pdf", b"%PDF")
        foreign = {"AttachmentId": item.attachments[0].id}

        assert refusal(self.complete, stage, started, foreign) == "AccessDeniedException"
        strange = {"AttachmentId": "unknown"}
        assert refusal(self.complete, stage, started, strange) == "ValidationException"

    def test_the_upload_address_checks_headers_time_and_name(self, stage, started):
        announced = self.announce(stage, started)
        url = announced["UploadMetadata"]["Url"]

        assert self.put(stage, announced, **{"content-type": "text/plain"}).status == 403
        assert stage.attachments.files(HttpRequest(method="GET", url=url)).status == 405
        assert stage.attachments.files(HttpRequest(method="PUT", url=url + "x")).status == 404
        stage.advance(900)
        assert self.put(stage, announced).error == "AccessDenied"

    def test_a_bot_may_not_fetch_the_customers_files(self, stage, started):
        attachment_id = self.upload(stage, started)
        chat = stage.chat(started)
        bot = stage.chats.new_participant("CUSTOM_BOT", "Bot")
        stage.chats.join(chat, bot)
        given = stage.connections.answer(chat, bot, ["CONNECTION_CREDENTIALS"])

        code = refusal(ask, stage, "GetAttachment", started | given, AttachmentId=attachment_id)
        assert code == "AccessDeniedException"


class TestViews:
    def test_a_shown_view_is_described_by_its_token(self, stage, started):
        stage.instance.views["v1"] = {"Id": "form", "Name": "Form", "Version": 1}

        assert ask(stage, "DescribeView", started, ViewToken="v1")["View"]["Id"] == "form"
        code = refusal(ask, stage, "DescribeView", started, ViewToken="v2")
        assert code == "ResourceNotFoundException"
