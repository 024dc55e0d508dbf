"""What Connect streams is understood, and only what is meant for the customer goes to WhatsApp."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.connect_events import EVENT_NAMES, EVENT_PREFIX, ChatEvent, parse, to_reply
from chalicelib.errors import UnreadableEvent
from chalicelib.whatsapp.payloads import InteractiveReply, TextReply
from tests import whatsapp_samples as samples

INITIAL = "11110000-0000-4000-8000-00000000aaaa"
CURRENT = "22220000-0000-4000-8000-00000000bbbb"


def event(name: str) -> ChatEvent:
    return parse(samples.body(name, samples.CONNECT))


def test_an_agents_text_is_read_with_everything_needed_to_forward_it() -> None:
    said = event("agent_text")
    assert (said.kind, said.content) == ("message", "Your parcel arrives tomorrow.")
    assert (said.initial_contact_id, said.contact_id) == (INITIAL, CURRENT)
    assert (said.participant_role, said.visibility, said.display_name) == ("AGENT", "ALL", "Inés")
    assert said.at == datetime(2026, 11, 20, 18, 41, 2, 417000, tzinfo=UTC)
    assert to_reply(said) == TextReply(text="Your parcel arrives tomorrow.")


@pytest.mark.parametrize(
    ("name", "forwarded"),
    [
        ("agent_text", True),
        ("agent_text_raw", True),
        ("agent_markdown", True),
        ("system_greeting", True),
        ("bot_list_picker", True),
        ("agent_attachment", True),
        ("agent_only", False),
        ("customer_text", False),
        ("agent_typing", False),
        ("chat_ended", False),
        ("customer_interactive_response", False),
    ],
)
def test_the_customer_gets_what_is_meant_for_the_customer(name: str, forwarded: bool) -> None:
    assert event(name).for_customer is forwarded


def test_raw_delivery_takes_the_visibility_from_the_message_attributes() -> None:
    raw = samples.body("agent_text_raw", samples.CONNECT)
    assert parse(raw, {"MessageVisibility": "AGENT"}).for_customer is False


def test_markdown_is_declared_by_the_content_type() -> None:
    assert to_reply(event("agent_markdown")) == TextReply(
        text="**Tomorrow** at *ten*", markdown=True
    )


def test_a_picker_of_a_bot_is_read_into_its_template() -> None:
    reply = to_reply(event("bot_list_picker"))
    assert isinstance(reply, InteractiveReply)
    assert reply.template["templateType"] == "ListPicker"


def test_a_picker_that_cannot_be_read_is_still_said() -> None:
    broken = samples.load("agent_text_raw", samples.CONNECT) | {
        "ContentType": "application/vnd.amazonaws.connect.message.interactive",
        "Content": "Choose: a or b",
    }
    assert to_reply(parse(json.dumps(broken))) == TextReply(text="Choose: a or b")
    broken["Content"] = " "
    assert to_reply(parse(json.dumps(broken))) is None


def test_a_file_of_the_agent_names_its_attachment() -> None:
    said = event("agent_attachment")
    [file] = said.attachments
    assert (said.kind, file.attachment_id, file.name) == ("attachment", "att-1", "offer.pdf")
    assert (file.content_type, file.status) == ("application/pdf", "APPROVED")
    assert to_reply(said) is None


def test_the_end_of_the_chat_is_recognised() -> None:
    assert event("chat_ended").ends_chat
    assert event("chat_ended").event_name == "chat.ended"
    assert not event("agent_typing").ends_chat
    assert event("agent_text").event_name == ""


@pytest.mark.parametrize("name", sorted(EVENT_NAMES))
def test_every_event_connect_names_is_an_event_and_no_message(name: str) -> None:
    record = samples.load("agent_text_raw", samples.CONNECT) | {
        "Type": "EVENT",
        "ContentType": EVENT_PREFIX + name,
    }
    said = parse(json.dumps(record))
    assert (said.event_name, said.for_customer, to_reply(said)) == (name, False, None)


@pytest.mark.parametrize("name", ["customer_interactive_response", "agent_typing"])
def test_what_is_no_message_of_words_says_nothing(name: str) -> None:
    assert to_reply(event(name)) is None


def test_an_empty_message_says_nothing() -> None:
    record = samples.load("agent_text_raw", samples.CONNECT) | {"Content": " \n"}
    assert to_reply(parse(json.dumps(record))) is None


def test_a_record_without_id_or_time_is_kept() -> None:
    record = samples.load("agent_text_raw", samples.CONNECT)
    del record["Id"], record["AbsoluteTime"], record["InitialContactId"]
    said = parse(json.dumps(record))
    assert len(said.id) == 64
    assert said.at == datetime.fromtimestamp(0, tz=UTC)
    assert said.initial_contact_id == CURRENT


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "not_json"),
        ("null", "unknown_type"),
        ('{"Type": "PARTY", "ContactId": "c"}', "unknown_type"),
        ('{"Type": "MESSAGE"}', "no_contact"),
        ('{"Message": "no json"}', "not_json"),
        ('{"Message": {"Message": {"Message": {"Message": {}}}}}', "unknown_shape"),
    ],
)
def test_what_is_no_record_is_refused_by_name(body: str, code: str) -> None:
    with pytest.raises(UnreadableEvent) as caught:
        parse(body)
    assert caught.value.code == code


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "Type",
                "ContactId",
                "Id",
                "Content",
                "ContentType",
                "AbsoluteTime",
                "Attachments",
                "Message",
                "MessageAttributes",
            ]
        ),
        st.none()
        | st.text(max_size=8)
        | st.integers()
        | st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=3)), max_size=2)
        | st.sampled_from(["MESSAGE", "EVENT"]),
    )
)
def test_no_record_raises_anything_else(record: dict[str, object]) -> None:
    try:
        said = parse(json.dumps(record))
    except UnreadableEvent:
        return
    to_reply(said)
