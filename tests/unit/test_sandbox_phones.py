"""What customers' phones send as real events, and what stands on their screens."""

import json

import pytest

from sandbox.whatsapp import inbound
from tests.unit.sandbox_stage import EVENT_TOPIC, Stage

# One message of every kind a customer's phone can send.
CONTENTS = {
    "text": {"body": "Hello"},
    "image": {"media": b"jpg", "caption": "my box"},
    "audio": {"media": b"ogg"},
    "voice": {"media": b"ogg"},
    "video": {"media": b"mp4"},
    "document": {"media": b"%PDF", "filename": "bill.pdf"},
    "sticker": {"media": b"webp"},
    "location": {"latitude": 4.7, "longitude": -74.1, "name": "Home"},
    "contacts": {"contacts": [{"name": {"formatted_name": "Eva"}}]},
    "reaction": {"message_id": "wamid.1", "emoji": "👍"},
    "interactive": {"button_reply": {"id": "b1", "title": "Yes"}},
    "button": {"payload": "yes", "text": "Yes"},
    "order": {"catalog_id": "1", "product_items": []},
    "system": {"body": "changed", "type": "user_changed_number", "wa_id": "1"},
    "request_welcome": {},
    "unsupported": {"what": "poll_creation"},
    "unknown": {},
    "errors": {},
    "edit": {"original_message_id": "wamid.1", "message": {"type": "text"}},
    "revoke": {"original_message_id": "wamid.1"},
}


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def ana(stage):
    return stage.phones.add("Ana", "+14155550123")


def last(stage):
    return stage.values()[-1]


class TestTheEnvelope:
    def test_it_has_end_user_messagings_form(self, stage, ana):
        ana.says("Hello")
        topic, message, attributes = stage.topics.published[-1]

        assert (topic, attributes) == (EVENT_TOPIC, {})
        assert message["message_timestamp"] == "2026-11-20T12:00:00.000000000Z"
        assert message["context"]["MetaPhoneNumberIds"] == [
            {"metaPhoneNumberId": "106540352242922", "arn": stage.account.number_arn(stage.number)}
        ]
        assert message["messageId"]
        entry = json.loads(message["whatsAppWebhookEntry"])
        assert entry["id"] == stage.account.waba_id
        assert entry["changes"][0]["field"] == "messages"

    def test_a_message_names_its_sender_in_every_way(self, stage, ana):
        wamid = ana.says("Hello")
        value = last(stage)

        assert value["contacts"] == [
            {"profile": {"name": "Ana"}, "wa_id": "14155550123", "user_id": ana.user_id}
        ]
        assert value["messages"] == [
            {
                "from": "14155550123",
                "from_user_id": ana.user_id,
                "id": wamid,
                "timestamp": str(int(stage.clock.now().timestamp())),
                "type": "text",
                "text": {"body": "Hello"},
            }
        ]

    def test_a_username_customer_shows_no_number(self, stage):
        eva = stage.phones.add("Eva", username="eva.w", user_id="ES.1")
        eva.parent_user_id = "ES.ENT.1"
        eva.says("Hello")
        contact, message = last(stage)["contacts"][0], last(stage)["messages"][0]

        assert "wa_id" not in contact
        assert "from" not in message
        assert contact["profile"]["username"] == "eva.w"
        assert (message["from_user_id"], message["from_parent_user_id"]) == ("ES.1", "ES.ENT.1")
        assert contact["parent_user_id"] == "ES.ENT.1"

    def test_user_ids_can_be_missing_as_before_april_2026(self, stage, ana):
        stage.network.switches.user_ids = False
        ana.says("Hello")

        assert "user_id" not in last(stage)["contacts"][0]
        assert "from_user_id" not in last(stage)["messages"][0]

    def test_a_raw_entry_is_published_as_it_is(self, stage, ana):
        ana.publish_raw({"id": "1", "changes": [{"field": "flows", "value": {}}]})
        stage.network.publish_change("account_alerts", {"entity_type": "WABA"})

        assert stage.entries()[0]["changes"][0]["field"] == "flows"
        assert stage.entries()[1]["changes"] == [
            {"value": {"entity_type": "WABA"}, "field": "account_alerts"}
        ]


class TestEveryKind:
    def test_the_list_is_complete(self):
        assert set(CONTENTS) == set(inbound.BUILDERS)

    @pytest.mark.parametrize("kind", CONTENTS)
    def test_it_becomes_a_message_with_its_own_object(self, stage, ana, kind):
        wamid = ana.sends(kind, **CONTENTS[kind])
        message = last(stage)["messages"][0]

        assert (message["id"], message["type"]) == (wamid, kind)
        named = {"unsupported": "errors", "unknown": "errors", "request_welcome": "id"}
        assert message[named.get(kind, kind)] is not None

    def test_a_voice_note_is_marked_and_its_file_can_be_fetched(self, stage, ana):
        ana.sends_voice_note(b"OggS")
        audio = last(stage)["messages"][0]["audio"]
        file = stage.network.media.find(audio["id"], stage.number.key)

        assert audio["voice"] is True
        assert audio["mime_type"] == "audio/ogg; codecs=opus"
        assert (file.body, file.sha256) == (b"OggS", audio["sha256"])

    def test_a_system_message_names_no_contacts(self, stage, ana):
        ana.changes_number("14155550199")

        assert "contacts" not in last(stage)
        assert last(stage)["messages"][0]["from"] == "14155550123"
        ana.says("my new number")
        assert last(stage)["messages"][0]["from"] == "14155550199"

    def test_quotes_and_referrals_stand_next_to_the_content(self, stage, ana):
        ana.says("about this", context={"forwarded": True}, referral={"source_id": "1"})
        message = last(stage)["messages"][0]

        assert message["context"] == {"forwarded": True}
        assert message["referral"] == {"source_id": "1"}
        assert message["text"] == {"body": "about this"}

    def test_an_unknown_kind_is_an_error(self, ana):
        with pytest.raises(KeyError):
            ana.sends("telepathy")

    def test_a_reaction_can_be_taken_back(self, stage, ana):
        wamid = ana.says("Hello")
        ana.reacts(wamid, None)
        assert last(stage)["messages"][0]["reaction"] == {"message_id": wamid}

    def test_another_business_number_can_be_written_to(self, stage, ana):
        other = type(stage.number)(meta_id="2", key="c" * 32, number="15550100201")
        stage.account.numbers.append(other)
        ana.writes_to(other)
        ana.says("Hello")

        assert last(stage)["metadata"]["phone_number_id"] == "2"


class TestTheScreen:
    def send(self, stage, ana, kind, part, **more):
        message = {"messaging_product": "whatsapp", "to": f"+{ana.number}", "type": kind}
        stage.send(message | {kind: part} | more)
        stage.advance(2)
        return ana.screen[-1]

    @pytest.fixture(autouse=True)
    def window(self, ana):
        ana.says("Hello")

    def test_buttons_can_be_pressed(self, stage, ana):
        buttons = [
            {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
            {"type": "reply", "reply": {"id": "n", "title": "No"}},
        ]
        part = {
            "type": "button",
            "header": {"type": "text", "text": "Question"},
            "body": {"text": "Is it late?"},
            "footer": {"text": "Puente"},
            "action": {"buttons": buttons},
        }
        shown = self.send(stage, ana, "interactive", part)
        ana.chooses("Yes")
        message = last(stage)["messages"][0]

        assert (shown.header, shown.text, shown.footer) == ("Question", "Is it late?", "Puente")
        assert message["interactive"] == {
            "type": "button_reply",
            "button_reply": {"id": "y", "title": "Yes"},
        }
        assert message["context"] == {"from": stage.number.number, "id": shown.wamid}

    def test_list_rows_can_be_chosen(self, stage, ana):
        rows = [{"id": "r1", "title": "Orders", "description": "where is it"}]
        part = {
            "type": "list",
            "body": {"text": "What is it about?"},
            "action": {"button": "Topics", "sections": [{"title": "All", "rows": rows}]},
        }
        self.send(stage, ana, "interactive", part)
        ana.chooses("r1")

        reply = last(stage)["messages"][0]["interactive"]
        assert reply["list_reply"] == {"id": "r1", "title": "Orders"}

    def test_a_templates_quick_reply_comes_as_a_button(self, stage, ana):
        components = [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
            {"type": "button", "parameters": [{"type": "payload", "payload": "GO_ON"}]},
        ]
        part = {"name": "reopen", "language": {"code": "en"}, "components": components}
        shown = self.send(stage, ana, "template", part)
        ana.chooses("GO_ON")

        assert shown.text == "Hello Ana, may we go on?"
        assert last(stage)["messages"][0]["button"]["payload"] == "GO_ON"

    def test_what_is_not_on_the_screen_cannot_be_chosen(self, ana):
        with pytest.raises(LookupError):
            ana.chooses("nothing")

    def test_a_reply_shows_what_it_quotes(self, stage, ana):
        quoted = {"message_id": ana.sent[0].wamid}
        shown = self.send(stage, ana, "text", {"body": "Yes"}, context=quoted)
        assert shown.quotes == ana.sent[0].wamid

    def test_contacts_and_locations_are_shown(self, stage, ana):
        place = {"latitude": "4.7", "longitude": "-74.1", "name": "Shop"}
        assert self.send(stage, ana, "location", place).body["location"]["name"] == "Shop"
        card = [{"name": {"formatted_name": "Eva"}}]
        assert self.send(stage, ana, "contacts", card).kind == "contacts"

    def test_reading_is_reported_once_for_each_message(self, stage, ana):
        self.send(stage, ana, "text", {"body": "one"})
        ana.reads()
        ana.reads()
        stage.advance(2)

        assert [one["status"] for one in stage.statuses()].count("read") == 1

    def test_own_messages_are_delivered_until_the_business_reads_them(self, ana):
        assert ana.tick(ana.sent[0].wamid) == "delivered"
