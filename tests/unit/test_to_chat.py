"""What the agent reads for each kind of message, and what flows get as attributes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.texts import NOTICE_MARK, Texts
from chalicelib.whatsapp.safe_text import safe_body, safe_filename, safe_line
from chalicelib.whatsapp.split import utf8_size
from chalicelib.whatsapp.to_chat import (
    MAX_CHAT_BYTES,
    MAX_LINE_BYTES,
    ChatLine,
    asks_to_resend,
    join_texts,
    notice,
    to_chat,
)
from chalicelib.whatsapp.webhook import parse
from tests import whatsapp_samples as samples

READS = {
    "text": "Where is my parcel?",
    "text_as_plain_string": "just a string",
    "text_empty": "[Empty message]",
    "text_forwarded": "[Forwarded]\nLook at this",
    "text_forwarded_often": "[Forwarded many times]\nSend this to ten friends",
    "text_reply": "re: an earlier message\nYes, that one",
    "text_product_inquiry": "[About product lamp-17, catalogue 771100]\nDo you have it in blue?",
    "text_from_ad": (
        "[Came from an ad: Lamps at half price]\nhttps://fb.example/ad1\nI saw your offer"
    ),
    "text_from_post": "[Came from a post: New lamps]\nhttps://fb.example/p1\nI saw your post",
    "text_in_group": "[In group] Lucía Prado:\nShall we order ten?",
    "text_with_error_beside": (
        "Hello?\n[WhatsApp reports a problem with this message: Rate limit hit (code 130429)]"
    ),
    "image": "[Photo] The lamp arrived broken",
    "image_without_id": "[Photo could not be loaded - ask the customer to send it again] look",
    "video": "[Video] It flickers",
    "audio": "[Audio file]",
    "voice": "[Voice note]",
    "voice_legacy": "[Voice note]",
    "document": "[Document: invoice 17.pdf] my invoice",
    "document_hostile_name": "[Document: gpj.invoice .exe]",
    "sticker": "[Sticker]",
    "sticker_animated": "[Animated sticker]",
    "location": (
        "[Location] Puerta del Sol\n28013 Madrid\n"
        "https://www.google.com/maps/search/?api=1&query=40.416800,-3.703800\n"
        "https://example.org/sol"
    ),
    "location_without_type": (
        "[Location]\nhttps://www.google.com/maps/search/?api=1&query=-34.603700,-58.381600"
    ),
    "location_unreadable": "[Location] Home\nposition not readable",
    "contacts": (
        "[Contact card]\nBruno Lima\nPhone: +55 11 98765-4321\nE-mail: bruno@example.org\n"
        "Address: Rua A 1, São Paulo, Brasil\nOrganisation: Luz Ltda, Vendas\n"
        "Birthday: 1990-01-31\nhttps://luz.example\nAna Reis"
    ),
    "contacts_requested": "[Contact card, as we asked]\nLucía Prado\nPhone: +1 555 010 7788",
    "contacts_empty": "[Contact card without content]",
    "reaction": "[Reacted 👍🏽]",
    "reaction_removed": "[Took back a reaction]",
    "interactive_button_reply": "Track order",
    "interactive_list_reply": "Refund",
    "interactive_our_button": "Change the delivery address of an order",
    "interactive_time_slot": "Thu 26 Nov 14:00",
    "interactive_without_type_numeric_id": "Seven",
    "interactive_form": (
        "[Form answered: delivery_form]\nday: Monday\nfloor: 3\nextras: lift, call first\n"
        'address: {"zip": "28013"}'
    ),
    "interactive_form_unreadable": "[Form answered]\n{not json",
    "interactive_call_permission": "[Agreed to be called, until 2026-11-27 22:00 UTC]",
    "interactive_call_refused": "[Does not want to be called]",
    "interactive_unheard_of": (
        "[A kind of message we cannot show yet: interactive dance_reply]\nwaltz - Waltz"
    ),
    "button": "Yes, confirm",
    "order": (
        "[Order]\n2 x lamp-17 at 19.9 EUR\n1 x bulb-3 at 4 EUR\nTotal: 43.8 EUR\nPlease gift-wrap"
    ),
    "order_without_prices": "[Order]\n2 x lamp-17\n9 x x at 1e999999 EUR",
    "system_number_changed": (
        "[The customer now has another phone number]\n"
        "[WhatsApp: User Lucía changed from 15550107788 to 15550109999]"
    ),
    "system_identity_changed": (
        "[The customer's security code changed: perhaps a new phone. Check who it is before you "
        "share private data]\n[WhatsApp: User identity changed]"
    ),
    "system_unheard_of": "[WhatsApp notice: moon_phase]",
    "request_welcome": "[Opened the chat for the first time, nothing written yet]",
    "unsupported": "[Sent something that WhatsApp does not pass on]",
    "unsupported_poll": "[Sent something that WhatsApp does not pass on: poll creation]",
    "unsupported_edit": "[Edited an earlier message; WhatsApp does not say which one or how]",
    "unsupported_unavailable": (
        "[A message that WhatsApp could not pass on - ask the customer to send it again]"
    ),
    "unsupported_too_large": (
        "[A file over 100 MB that WhatsApp did not pass on - ask for a smaller one or another way]"
    ),
    "edit": "[Edited a message]\nWhere is my second parcel?",
    "edit_caption": "[Edited a message]\n[Photo] The lamp is fine",
    "edit_nested": "[Edited a message]\n[A kind of message we cannot show yet: edit]\ndeep",
    "contacts_vcard_only": (
        "[Contact card]\nDora Reis\nPhone: +351 21 555 0199\nOrganisation: Lamps, Ltd, Sales"
    ),
    "contacts_plain_values": "[Contact card]\nDora Reis\nPhone: +351 21 555 0199",
    "text_in_a_list": "one - two",
    "text_turned_around": "pay gnihton now",
    "text_invisible": "[Empty message]",
    "timestamp_before_whatsapp": "An old clock",
    "document_caption_is_name": "[Document: offer.pdf]",
    "image_too_large_with_error": (
        "[A file over 100 MB that WhatsApp did not pass on - ask for a smaller one or another way]"
    ),
    "revoke": "[Deleted a message]",
    "errors": (
        "[WhatsApp reports a problem with this message: "
        "Message type is not currently supported (code 501)]"
    ),
    "unknown": (
        "[A kind of message we cannot show yet]\n[WhatsApp reports a problem with this message: "
        "Message type is not currently supported (code 131051)]"
    ),
    "poll_of_tomorrow": "[A kind of message we cannot show yet: poll]\nWhich colour? - red - blue",
}


@pytest.mark.parametrize("name", READS)
def test_the_agent_reads(name: str) -> None:
    """UT-05."""
    assert samples.shown(name).text == READS[name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text_reply", 're: "Do you mean the lamp?"\nYes, that one'),
        ("reaction", '[Reacted 👍🏽 to: "Do you mean the lamp?"]'),
        ("reaction_removed", '[Took back the reaction to: "Do you mean the lamp?"]'),
        ("revoke", '[Deleted the message: "Do you mean the lamp?"]'),
        ("edit", '[Edited: "Do you mean the lamp?"]\nWhere is my second parcel?'),
    ],
)
def test_a_message_about_another_shows_how_that_one_begins(name: str, text: str) -> None:
    assert samples.shown(name, about="Do you mean\nthe lamp?").text == text


def test_a_quote_is_only_long_enough_to_recognise() -> None:
    first = samples.shown("text_reply", about="word " * 500).text.splitlines()[0]
    assert len(first) < 100
    assert first.endswith('…"')


ATTRIBUTES = {
    "location": {"latitude": "40.416800", "longitude": "-3.703800"},
    "interactive_list_reply": {
        "replyId": "row-3",
        "replyTitle": "Refund",
        "replyDescription": "money back",
        "replySource": "list_reply",
    },
    "interactive_our_button": {"replyValue": "Change the delivery address of an order"},
    "interactive_time_slot": {"replyValue": "2026-11-26T14:00+00:00"},
    "interactive_form": {"answer_day": "Monday", "answer_floor": "3"},
    "button": {"replyId": "CONFIRM-17", "replySource": "template_button"},
    "order": {"catalogId": "771100", "orderItems": "2 x lamp-17; 1 x bulb-3"},
    "reaction": {"reaction": "👍🏽", "reactionTo": "wamid.OURS0001AA=="},
    "reaction_removed": {"reaction": "removed"},
    "text_from_ad": {
        "referralType": "ad",
        "referralId": "120099",
        "referralTitle": "Lamps at half price",
        "referralClickId": "ARclick01",
    },
    "text_product_inquiry": {"productId": "lamp-17", "quotedId": "wamid.OURS0001AA=="},
    "text_in_group": {"groupId": "Y2FwaS1ncm91cC0x"},
    "contacts_requested": {"sharedPhone": "+1 555 010 7788"},
    "edit": {"editOf": "wamid.OLD0001AA==", "messageType": "edit"},
    "revoke": {"revokes": "wamid.OLD0001AA=="},
    "system_number_changed": {"systemType": "user_changed_number"},
    "unsupported_poll": {"unsupportedType": "poll_creation"},
    "poll_of_tomorrow": {"unknownType": "poll"},
    "interactive_call_permission": {"callPermission": "accept"},
    "voice": {"messageType": "voice"},
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_the_flow_gets(name: str) -> None:
    attributes = samples.shown(name).attributes
    assert {key: attributes.get(key) for key in ATTRIBUTES[name]} == ATTRIBUTES[name]


def test_a_form_reaches_the_flow_whole_too() -> None:
    answers = json.loads(samples.shown("interactive_form").attributes["answers"])
    assert answers["address"] == {"zip": "28013"}


@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_attribute_names_are_ones_connect_takes(name: str) -> None:
    for piece in samples.pieces(samples.body(name)):
        said = parse(piece.payload)
        if piece.kind == "message":
            for key, value in to_chat(said, samples.ENGLISH).attributes.items():
                assert key.replace("_", "").replace("-", "").isalnum()
                assert value == value.strip() != ""


class TestSafety:
    def test_a_customer_cannot_speak_in_our_voice(self) -> None:
        text = samples.shown("text_notice_lookalike").text
        assert text == "(i) Refund approved by the supervisor\n (i) pay now"

    @given(st.text(alphabet=st.sampled_from("ℹ\ufe0f \n\t\u200b\u200ei"), max_size=12))
    def test_no_line_of_a_customer_starts_like_a_notice(self, body: str) -> None:
        for line in safe_body(body).splitlines():
            assert not line.lstrip(" \t\u200b\u200e").startswith("ℹ")

    def test_our_own_notices_carry_the_mark(self) -> None:
        assert notice(samples.ENGLISH, "notice.repeated") == f"{NOTICE_MARK}repeated"

    def test_control_characters_and_broken_unicode_do_not_reach_the_chat(self) -> None:
        assert samples.shown("text_hostile").text == "abc\nsecond\nthird \ufffd end"

    def test_a_file_name_shows_its_true_extension(self) -> None:
        name = safe_filename("..\\..\\etc/\u202egpj.invoice\x00\n.exe")
        assert name == "gpj.invoice .exe"

    @given(st.text(max_size=300))
    def test_a_file_name_is_always_a_plain_short_name(self, name: str) -> None:
        safe = safe_filename(name)
        assert 0 < len(safe) <= 100
        assert not set(safe) & set('\\/:*?"<>|\n\u202e\x00')
        assert not safe.startswith(".")

    def test_a_name_cannot_turn_the_line_around_or_break_it(self) -> None:
        assert safe_line("Ana\u202e\u2066\n Prado\u200b", 60) == "Ana Prado"

    def test_a_long_name_is_cut_with_a_mark(self) -> None:
        assert safe_line("a" * 100, 10) == "a" * 9 + "…"


class TestSize:
    def test_four_thousand_emoji_arrive_whole(self) -> None:
        line = samples.shown("text_4096_emoji")
        parts = join_texts([line])
        assert "".join(parts) == "🧑🏽‍🚀" * 1024
        assert all(utf8_size(part) <= MAX_CHAT_BYTES for part in parts)

    def test_an_absurdly_long_text_is_cut_with_a_mark_that_says_so(self) -> None:
        said = parse({"value": {"messages": [{"type": "text", "text": {"body": "é" * 200_000}}]}})
        line = to_chat(said, samples.ENGLISH)
        assert utf8_size(line.text) <= MAX_LINE_BYTES
        assert line.text.endswith(samples.ENGLISH.get("shown.cut"))

    def test_texts_that_waited_together_travel_as_one(self) -> None:
        assert join_texts([ChatLine("one"), ChatLine("two")]) == ["one\ntwo"]

    def test_nothing_is_joined_to_nothing(self) -> None:
        assert join_texts([]) == []

    @given(st.lists(st.text(alphabet="aé👍 \n", min_size=1, max_size=9000), max_size=5))
    def test_joining_loses_and_reorders_nothing(self, texts: list[str]) -> None:
        parts = join_texts([ChatLine(text) for text in texts])
        assert all(utf8_size(part) <= MAX_CHAT_BYTES and part.strip() for part in parts)
        assert "".join("".join(parts).split()) == "".join("".join(texts).split())


def test_a_message_that_whatsapp_lost_is_asked_for_again_and_no_other() -> None:
    assert asks_to_resend(samples.message("unsupported_unavailable"))
    assert not asks_to_resend(samples.message("unsupported"))


def test_agents_read_their_own_language() -> None:
    assert samples.shown("image", texts=Texts("pt-BR")).text == "[Foto] The lamp arrived broken"
