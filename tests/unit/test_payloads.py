"""What the customer's phone gets for everything an agent, flow or bot can say."""

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.texts import Texts
from chalicelib.whatsapp import limits, payloads
from chalicelib.whatsapp.content import ContactCard
from chalicelib.whatsapp.payloads import (
    AttachmentReply,
    ChatReply,
    ContactsReply,
    FormReply,
    InteractiveReply,
    LinkReply,
    LocationReply,
    LocationRequestReply,
    ReactionReply,
    Recipient,
    TemplateReply,
    TextReply,
    bodies,
    read_receipt,
    typing,
    with_callback,
)

ANA = Recipient(phone="5511987654321")
ENGLISH = Texts("en")


def sent(reply: ChatReply, recipient: Recipient = ANA) -> list[dict[str, Any]]:
    return bodies(reply, recipient, ENGLISH)


def only(reply: ChatReply) -> dict[str, Any]:
    [body] = sent(reply)
    return body


class TestRecipient:
    def test_a_number_is_dialled_with_plus_so_that_no_country_code_is_added(self) -> None:
        assert only(TextReply(text="hi"))["to"] == "+5511987654321"

    def test_a_customer_without_number_is_reached_by_user_id(self) -> None:
        [body] = sent(TextReply(text="hi"), Recipient(user_id="US.1349"))
        assert body["recipient"] == "US.1349"
        assert "to" not in body

    def test_both_are_sent_when_both_are_known(self) -> None:
        [body] = sent(TextReply(text="hi"), Recipient(phone="+34600111222", user_id="ES.1"))
        assert (body["to"], body["recipient"]) == ("+34600111222", "ES.1")

    def test_a_group_is_answered_as_a_group(self) -> None:
        [body] = sent(TextReply(text="hi"), Recipient(group_id="g1"))
        assert (body["recipient_type"], body["to"]) == ("group", "g1")

    def test_nobody_is_not_a_recipient(self) -> None:
        with pytest.raises(ValueError, match="phone number"):
            Recipient()


class TestText:
    def test_a_text_is_sent_as_it_is(self) -> None:
        assert only(TextReply(text="Tomorrow at ten")) == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+5511987654321",
            "type": "text",
            "text": {"body": "Tomorrow at ten", "preview_url": False},
        }

    def test_a_link_gets_its_preview(self) -> None:
        assert only(TextReply(text="see https://x.example"))["text"]["preview_url"] is True

    def test_markdown_is_read_fully_only_where_it_was_declared(self) -> None:
        assert only(TextReply(text="*a*", markdown=True))["text"]["body"] == "_a_"
        assert only(TextReply(text="*a*"))["text"]["body"] == "*a*"

    @settings(deadline=None, max_examples=50)
    @given(st.text(alphabet="abc de. \n👍", min_size=1, max_size=40))
    def test_a_long_text_is_sent_in_parts_and_nothing_is_lost(self, seed: str) -> None:
        text = seed * 500
        parts = [body["text"]["body"] for body in sent(TextReply(text=text))]
        assert all(0 < len(part) <= limits.TEXT for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())

    def test_an_empty_text_is_no_message(self) -> None:
        assert sent(TextReply(text=" \n")) == []

    def test_only_the_first_part_quotes(self) -> None:
        first, second = sent(TextReply(text="word " * 1000, quoted="wamid.Q"))
        assert first["context"] == {"message_id": "wamid.Q"}
        assert "context" not in second


class TestAttachments:
    @pytest.mark.parametrize(
        ("mime_type", "kind"),
        [
            ("image/jpeg", "image"),
            ("image/png", "image"),
            ("image/webp", "sticker"),
            ("video/mp4", "video"),
            ("audio/ogg; codecs=opus", "audio"),
            ("audio/mpeg", "audio"),
            ("application/pdf", "document"),
            ("image/heic", "document"),
            ("", "document"),
        ],
    )
    def test_a_file_is_sent_as_what_whatsapp_can_show(self, mime_type: str, kind: str) -> None:
        body = only(AttachmentReply(media_id="m1", mime_type=mime_type, filename="f.bin"))
        assert body["type"] == kind
        assert body[kind]["id"] == "m1"
        assert ("filename" in body[kind]) == (kind == "document")

    def test_a_recording_of_the_agent_is_a_voice_message(self) -> None:
        reply = AttachmentReply(media_id="m1", mime_type="audio/ogg; codecs=opus", voice=True)
        assert only(reply)["audio"] == {"id": "m1", "voice": True}

    def test_a_caption_stands_under_the_picture(self) -> None:
        reply = AttachmentReply(media_id="m1", mime_type="image/png", caption="**Look**")
        assert only(reply)["image"] == {"id": "m1", "caption": "*Look*"}

    def test_a_caption_too_long_goes_on_as_text(self) -> None:
        reply = AttachmentReply(media_id="m1", mime_type="image/png", caption="word " * 400)
        image, text = sent(reply)
        assert len(image["image"]["caption"]) <= limits.CAPTION
        both = image["image"]["caption"] + text["text"]["body"]
        assert both.replace(" ", "") == "word" * 400

    def test_audio_cannot_carry_a_caption_so_it_follows(self) -> None:
        reply = AttachmentReply(media_id="m1", mime_type="audio/mpeg", caption="listen")
        audio, text = sent(reply)
        assert audio["audio"] == {"id": "m1"}
        assert text["text"]["body"] == "listen"

    def test_a_file_name_is_made_harmless(self) -> None:
        reply = AttachmentReply(
            media_id="m1", mime_type="application/pdf", filename="../a/\u202efdp.exe"
        )
        assert only(reply)["document"]["filename"] == "fdp.exe"


def test_a_template_is_sent_with_its_values() -> None:
    values = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
    assert only(TemplateReply(name="order_update", language="es", components=(values,)))[
        "template"
    ] == {"name": "order_update", "language": {"code": "es"}, "components": [values]}
    assert "components" not in only(TemplateReply(name="hello", language="en"))["template"]


def test_a_reaction_never_quotes() -> None:
    body = only(ReactionReply(target="wamid.Q", emoji="👍"))
    assert body["reaction"] == {"message_id": "wamid.Q", "emoji": "👍"}
    assert "context" not in body


def test_a_place_is_sent_with_what_is_known_of_it() -> None:
    assert only(LocationReply(latitude=1.5, longitude=2.5))["location"] == {
        "latitude": 1.5,
        "longitude": 2.5,
    }
    assert only(LocationReply(latitude=1, longitude=2, name="Shop"))["location"]["name"] == "Shop"


def test_contact_cards_carry_everything_and_no_more_than_allowed_in_one_message() -> None:
    card = ContactCard(
        name="Shop",
        phones=("+34600111222",),
        emails=("a@x.example",),
        urls=("https://x.example",),
        addresses=("Rua A 1",),
        organization="Luz",
        birthday="1990-01-31",
    )
    [sent_card] = only(ContactsReply(cards=(card,)))["contacts"]
    assert sent_card == {
        "name": {"formatted_name": "Shop", "first_name": "Shop"},
        "phones": [{"phone": "+34600111222"}],
        "emails": [{"email": "a@x.example"}],
        "urls": [{"url": "https://x.example"}],
        "addresses": [{"street": "Rua A 1"}],
        "org": {"company": "Luz"},
        "birthday": "1990-01-31",
    }
    many = sent(ContactsReply(cards=(ContactCard(name="x"),) * 300))
    assert [len(body["contacts"]) for body in many] == [257, 43]


def test_one_button_can_open_a_page_ask_for_a_place_or_open_a_form() -> None:
    link = only(
        LinkReply(text="Pay here", label="Pay this invoice right now", url="https://x.example")
    )
    assert link["interactive"]["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Pay this invoice ri…", "url": "https://x.example"},
    }
    place = only(LocationRequestReply(text="Where are you?"))
    assert place["interactive"]["action"] == {"name": "send_location"}
    form = only(FormReply(text="Fill in", label="Open", flow_id="f1", token="t1"))
    assert form["interactive"]["action"]["parameters"]["flow_id"] == "f1"


def test_a_text_too_long_for_a_button_goes_ahead_of_it() -> None:
    ahead, button = sent(LocationRequestReply(text="word " * 300, quoted="wamid.Q"))
    assert ahead["type"] == "text"
    assert ahead["context"] == {"message_id": "wamid.Q"}
    assert len(button["interactive"]["body"]["text"]) <= limits.CTA_BODY


def test_our_own_data_rides_along_and_is_never_cut() -> None:
    body = only(TextReply(text="hi"))
    assert with_callback(body, "c1|p0|a1")["biz_opaque_callback_data"] == "c1|p0|a1"
    assert "biz_opaque_callback_data" not in body
    with pytest.raises(ValueError, match="513"):
        with_callback(body, "x" * 513)


def test_receipts_and_typing_have_metas_form() -> None:
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.Q"}
    assert read_receipt("wamid.Q") == receipt
    assert typing("wamid.Q") == {**receipt, "typing_indicator": {"type": "text"}}


def test_every_kind_of_reply_has_a_form() -> None:
    assert set(get_args(ChatReply)) == set(payloads._PARTS)
    for kind in get_args(ChatReply):
        assert dataclasses.is_dataclass(kind)
    assert InteractiveReply in payloads._PARTS
