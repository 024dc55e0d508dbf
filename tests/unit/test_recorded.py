"""What a recorded payload holds, read without the product's parser; what a person says in it."""

import json
from pathlib import Path

import pytest

from sandbox.recorded import Recorded, files_in, read_file
from sandbox.said import said, squeezed

EVENTS = Path(__file__).parent.parent / "events" / "whatsapp"


def recorded(document):
    return Recorded(file="made.json", text=json.dumps(document), document=document)


def value(**parts):
    return {"metadata": {"phone_number_id": "1", "display_phone_number": "+1 555 010"}, **parts}


def text(body, wamid="wamid.1", **more):
    return {"from": "1555", "id": wamid, "type": "text", "text": {"body": body}, **more}


def webhook(*values):
    changes = [{"field": "messages", "value": one} for one in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": changes}]}


@pytest.mark.parametrize(
    "document",
    [
        webhook(value(messages=[text("Hi")])),
        webhook(value(messages=[text("Hi")]))["entry"][0],
        value(messages=[text("Hi")]),
        {"whatsAppWebhookEntry": json.dumps(webhook(value(messages=[text("Hi")]))["entry"][0])},
        {"Type": "Notification", "Message": json.dumps(webhook(value(messages=[text("Hi")])))},
        {"Records": [{"body": json.dumps(webhook(value(messages=[text("Hi")])))}]},
    ],
)
def test_the_message_is_found_in_every_outer_shape(document):
    (found,) = recorded(document).messages()
    assert found[1]["text"]["body"] == "Hi"
    assert recorded(document).numbers() == {"1": "1555010"}


@pytest.mark.parametrize("document", [None, [], 7, "text", {}, {"entry": 1}, {"changes": [3]}])
def test_whatever_a_file_holds_reading_it_is_harmless(document):
    one = recorded(document)
    assert one.messages() == one.statuses() == one.media() == one.senders() == []
    assert one.one_message_each() == [one]


def test_what_the_business_wrote_itself_is_no_customer_message():
    document = webhook(value(messages=[text("ours")]))
    document["entry"][0]["changes"][0]["field"] = "smb_message_echoes"
    assert recorded(document).messages() == []


def test_several_messages_are_told_apart_and_what_is_no_message_is_kept_once():
    statuses = [{"id": "wamid.9", "status": "read"}]
    document = webhook(value(messages=[text("a"), text("b", "wamid.2")], statuses=statuses))
    parts = recorded(document).one_message_each()
    assert [part.messages()[0][1]["text"]["body"] for part in parts] == ["a", "b"]
    assert [len(part.statuses()) for part in parts] == [1, 0]
    assert len(recorded(document).messages()) == 2


def test_nothing_is_added_when_messages_are_told_apart():
    """An entry whose message went elsewhere would be an event of its own."""
    document = webhook(value(messages=[text("a")]))
    document["entry"] += webhook(value(messages=[text("b", "wamid.2")]))["entry"]
    parts = recorded(document).one_message_each()
    assert [len(part.document["entry"]) for part in parts] == [1, 1]


def test_several_messages_of_a_bare_value_are_told_apart_too():
    parts = recorded(value(messages=[text("a"), text("b", "wamid.2")])).one_message_each()
    assert [len(part.messages()) for part in parts] == [1, 1]


def test_a_customer_is_known_by_everything_the_event_says():
    contact = {"profile": {"name": "Ana"}, "wa_id": "1555", "user_id": "US.13491208"}
    (sender,) = recorded(webhook(value(contacts=[contact], messages=[text("Hi")]))).senders()
    assert (sender.phone, sender.user_id, sender.name) == ("1555", "US.13491208", "Ana")


def test_two_messages_of_one_customer_have_one_sender():
    document = webhook(value(messages=[text("a"), text("b", "wamid.2")]))
    assert len(recorded(document).senders()) == 1


def test_files_are_found_with_their_type_and_number():
    message = {"id": "w", "type": "audio", "audio": {"id": "77", "mime_type": "audio/ogg"}}
    assert recorded(webhook(value(messages=[message]))).media() == [("77", "audio/ogg", "1")]


def test_an_envelope_tells_the_key_of_its_number():
    arn = "arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/abc123"
    context = {"MetaPhoneNumberIds": [{"metaPhoneNumberId": "1", "arn": arn}]}
    document = {"context": context, "whatsAppWebhookEntry": "{}"}
    (path, name) = (EVENTS / "envelope.json", "envelope.json")
    assert read_file(path, name).keys
    assert Recorded(file="x", text="", document=document).is_wrapped


def test_folders_are_searched_and_broken_files_are_read(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "broken.json").write_bytes(b"\xff{not json")
    (tmp_path / "note.md").write_text("no payload")
    (tmp_path / "a.json").write_text("{}")
    found = files_in([tmp_path, tmp_path / "a.json"])
    assert [name for _, name in found] == ["a.json", "deep/broken.json", "a.json"]
    assert read_file(*found[1]).document is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (text("Hello"), ["Hello"]),
        ({"image": {"id": "1", "caption": "my lamp"}}, ["my lamp"]),
        (
            {"location": {"latitude": 1, "name": "Plaza", "address": "Calle 1"}},
            ["Plaza", "Calle 1"],
        ),
        ({"button": {"text": "Yes", "payload": "p"}}, ["Yes"]),
        ({"interactive": {"list_reply": {"id": "7", "title": "Blue"}}}, ["Blue"]),
        (
            {"contacts": [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1 2"}]}]},
            ["Bo", "+1 2"],
        ),
        ({"order": {"text": "ok", "product_items": [{"product_retailer_id": "S1"}]}}, ["ok", "S1"]),
        ({"edit": {"message": text("new words")}}, ["new words"]),
        ({"reaction": {"emoji": "👍"}}, []),
        ({"text": "no object"}, []),
    ],
)
def test_the_words_an_agent_has_to_see(message, words):
    assert said(message) == words


def test_words_are_the_same_however_they_are_dressed():
    assert squeezed("*Hello*,\u202e World!") == squeezed("hello world")
