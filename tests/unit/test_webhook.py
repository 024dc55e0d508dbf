"""Whatever shape WhatsApp's events have, nothing in them is lost and nothing raises."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.customer import Identifiers
from chalicelib.errors import UnreadableEvent
from chalicelib.texts import Texts
from chalicelib.whatsapp.account_events import account_event_of
from chalicelib.whatsapp.kinds import READERS
from chalicelib.whatsapp.messages import AccountEvent, DeliveryStatus, InboundMessage
from chalicelib.whatsapp.to_chat import to_chat
from chalicelib.whatsapp.webhook import api_id, parse, read_envelopes, split
from tests import whatsapp_samples as samples

BSUID = "US.70418832619450273315"
SENT = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "envelope",
        "envelope_without_message_id",
        "envelope_with_entry_list",
        "envelope_with_full_webhook",
        "envelope_with_object_inside",
        "envelope_sns_wrapped",
        "envelope_lambda_sns_event",
        "bare_entry",
        "entry_list_without_object",
        "bare_change",
        "bare_value",
    ],
)
def test_the_same_message_is_read_from_every_outer_shape(name: str) -> None:
    said = samples.message(name)
    assert said.content.body == "Through EUM"
    assert said.phone_number_id == "440011223344556"


def test_the_number_to_answer_from_is_the_one_written_to_not_the_first_of_the_list() -> None:
    said = samples.message("envelope")
    assert said.origination_id == "phone-number-id-5a1b2c3d4e5f60718293a4b5c6d7e8f9"


def test_without_an_envelope_the_answering_number_is_unknown_and_nothing_breaks() -> None:
    assert samples.message("bare_entry").origination_id == ""


def test_an_arn_becomes_the_api_id_and_an_id_stays() -> None:
    assert (
        api_id("arn:aws:social-messaging:eu-west-1:1:phone-number-id/ab12")
        == "phone-number-id-ab12"
    )
    assert api_id("phone-number-id-ab12") == "phone-number-id-ab12"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "not_json"),
        ("hello", "not_json"),
        ("[" * 100_000, "not_json"),
        ("9" * 5000, "not_json"),
        ("[]", "empty_event"),
        ("null", "unknown_shape"),
        ('{"surprise": 1}', "unknown_shape"),
        ('{"whatsAppWebhookEntry": "{broken"}', "not_json"),
        ('{"whatsAppWebhookEntry": "[]"}', "unknown_shape"),
        (
            json.dumps(
                {
                    "Message": json.dumps(
                        {"Message": json.dumps({"Message": json.dumps({"Message": "{}"})})}
                    )
                }
            ),
            "unknown_shape",
        ),
        (
            '{"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe"}',
            "not_json",
        ),
    ],
)
def test_an_event_nobody_can_read_is_named_for_the_dead_letter_queue(body: str, code: str) -> None:
    with pytest.raises(UnreadableEvent) as caught:
        read_envelopes(body)
    assert caught.value.code == code


def test_everything_in_one_event_becomes_its_own_piece() -> None:
    found = samples.pieces(samples.body("many_things_in_one_event"))
    assert [piece.kind for piece in found] == ["message"] * 3 + [
        "status",
        "account",
        "account",
        "message",
    ]
    first, _, other = (parse(piece.payload) for piece in found[:3])
    assert (first.sender.name, other.sender.name) == ("Lucía Prado", "Pau")
    assert found[2].identity == "34600111222"
    assert len({piece.id for piece in found}) == len(found)


def test_a_piece_tells_only_about_its_own_message() -> None:
    for piece in samples.pieces(samples.body("many_things_in_one_event"))[:3]:
        assert len(piece.payload["value"]["messages"]) == 1
        assert len(piece.payload["value"]["contacts"]) == 1
        assert "statuses" not in piece.payload["value"]


def test_three_statuses_of_one_message_are_three_pieces_that_no_queue_takes_for_one() -> None:
    found = samples.pieces(samples.body("status_three_of_one_message"))
    assert len({piece.id for piece in found}) == 3
    assert {piece.wamid for piece in found} == {"wamid.OURS0001AA=="}
    assert {piece.callback_data for piece in found} == {"c1|p0|a1"}


@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_a_repeated_event_has_the_same_piece_ids(name: str) -> None:
    again = json.dumps(samples.load(name), sort_keys=True)
    assert [p.id for p in samples.pieces(again)] == [
        p.id for p in samples.pieces(samples.body(name))
    ]


@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_every_event_yields_at_least_one_piece_with_an_id(name: str) -> None:
    found = samples.pieces(samples.body(name))
    assert found
    assert all(piece.id for piece in found)


def test_a_message_without_id_gets_the_same_id_in_the_piece_and_when_parsed() -> None:
    [piece] = samples.pieces(samples.body("message_without_id"))
    assert piece.id == piece.wamid == parse(piece.payload).wamid
    assert len(piece.id) == 64


@pytest.mark.parametrize(
    ("name", "sent_at"),
    [
        ("text", datetime.fromtimestamp(1795212000, UTC)),
        ("timestamp_integer", datetime.fromtimestamp(1795212000, UTC)),
        ("timestamp_milliseconds", datetime.fromtimestamp(1795212000.123, UTC)),
        ("timestamp_iso", SENT.replace(microsecond=271279)),
        ("timestamp_missing", None),
        ("timestamp_nonsense", None),
        ("timestamp_before_whatsapp", None),
    ],
)
def test_odd_times_are_read_or_left_open(name: str, sent_at: datetime | None) -> None:
    assert samples.message(name).sent_at == sent_at


class TestIdentity:
    def test_the_user_id_comes_before_the_phone_number(self) -> None:
        said = samples.message("text")
        assert said.sender.identifiers() == (BSUID, "15550107788")
        assert samples.pieces(samples.body("text"))[0].identity == BSUID

    def test_a_customer_without_phone_number_has_a_name_and_both_user_ids(self) -> None:
        said = samples.message("sender_bsuid_only")
        assert said.sender.phone is None
        assert said.sender.identifiers() == (BSUID, "US.ENT.88123004417725906118")
        assert (said.sender.name, said.sender.username) == ("Lucía Prado", "@lucia.p")

    def test_a_user_id_in_the_place_of_a_number_is_no_phone_number(self) -> None:
        sender = samples.message("sender_bsuid_in_from").sender
        assert (sender.user_id, sender.phone) == (BSUID, None)

    def test_a_number_spelled_two_ways_is_one_person_and_answered_as_it_wrote(self) -> None:
        sender = samples.message("sender_differs_from_contact").sender
        assert sender.phone == "5491122334455"
        assert sender.user_id == "AR.11122233344455566677"

    def test_a_contact_that_is_somebody_else_lends_a_name_but_no_identity(self) -> None:
        sender = samples.message("sender_is_not_the_contact").sender
        assert sender.identifiers() == ("34600111222",)
        assert sender.name == "Marta"

    def test_a_message_without_sender_takes_the_only_contact(self) -> None:
        assert samples.message("sender_only_in_contact").sender.user_id == BSUID

    def test_a_message_without_contacts_keeps_its_number(self) -> None:
        assert samples.message("sender_without_contacts").sender.identifiers() == ("34600111222",)

    def test_a_message_of_nobody_is_kept_with_an_empty_identity(self) -> None:
        [piece] = samples.pieces(samples.body("sender_missing"))
        assert (piece.kind, piece.identity) == ("message", "")

    def test_a_group_is_one_conversation_whoever_writes(self) -> None:
        [piece] = samples.pieces(samples.body("text_in_group"))
        assert piece.identity == "Y2FwaS1ncm91cC0x"
        assert parse(piece.payload).identity.strongest_first() == ("Y2FwaS1ncm91cC0x",)

    @pytest.mark.parametrize("name", ["system_number_changed", "system_number_changed_old_form"])
    def test_a_new_number_tells_the_old_and_the_new_one(self, name: str) -> None:
        change = samples.message(name).identity_change
        assert change is not None
        assert change.previous.phone == "15550107788"
        assert change.current == Identifiers(phone="15550109999")

    def test_a_new_user_id_is_filed_under_the_old_one(self) -> None:
        [piece] = samples.pieces(samples.body("system_user_id_changed"))
        change = parse(piece.payload).identity_change
        assert change.previous == Identifiers(user_id=BSUID)
        assert change.current == Identifiers(user_id="US.99900011122233344455")
        assert piece.identity == BSUID

    @pytest.mark.parametrize("name", ["user_id_update", "user_id_update_bare"])
    def test_the_update_field_is_no_chat_but_moves_the_same_customer(self, name: str) -> None:
        [piece] = samples.pieces(samples.body(name))
        change = parse(piece.payload).identity_change
        assert piece.kind == "account"
        assert piece.identity == BSUID == change.previous.user_id
        assert change.current.user_id == "US.99900011122233344455"

    @pytest.mark.parametrize("name", ["system_identity_changed", "system_unheard_of", "text"])
    def test_what_changes_no_identifier_changes_no_identity(self, name: str) -> None:
        assert samples.message(name).identity_change is None


class TestStatuses:
    def test_a_status_tells_whose_message_and_our_own_data(self) -> None:
        said = samples.status("status_sent")
        assert (said.status, said.callback_data, said.wamid) == (
            "sent",
            "c1|p0|a1",
            "wamid.OURS0001AA==",
        )
        assert said.recipient.strongest == BSUID
        assert said.pricing == {
            "billable": False,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        }

    def test_a_failure_keeps_code_and_details(self) -> None:
        [error] = samples.status("status_failed_window").errors
        assert (error.code, error.details) == (131047, "More than 24 hours have passed")

    def test_a_ringing_call_is_a_status_of_a_call(self) -> None:
        said = samples.status("status_call_ringing")
        assert (said.status, said.type) == ("ringing", "call")

    def test_an_empty_status_is_unknown_and_not_fatal(self) -> None:
        said = samples.status("status_empty")
        assert (said.status, said.wamid, said.at, said.callback_data) == ("unknown", "", None, None)

    def test_a_group_status_concerns_the_group(self) -> None:
        assert samples.status("status_group").recipient.strongest == "Y2FwaS1ncm91cC0x"

    @pytest.mark.parametrize("name", ["status_parent_id", "status_parent_id_other_name"])
    def test_the_parent_id_is_read_under_both_of_its_names(self, name: str) -> None:
        assert samples.status(name).recipient.parent_user_id == "US.ENT.88123004417725906118"


class TestAccountEvents:
    @pytest.mark.parametrize(
        ("name", "summary"),
        [
            ("account_update", "account_update: ACCOUNT_RESTRICTION"),
            ("phone_number_quality_update", "phone_number_quality_update: FLAGGED, TIER_10K"),
            (
                "message_template_status_update",
                "message_template_status_update: PAUSED, LOW_QUALITY, order_update, es",
            ),
            ("user_preferences", "user_preferences: marketing_messages, stop"),
            ("value_errors_alone", "errors: 130429"),
            ("calls", "calls: connect"),
            ("echo_of_business_app", "smb_message_echoes"),
            ("history", "history"),
            ("field_of_tomorrow", "lunar_update"),
            ("messages_empty", "messages"),
            ("entry_without_changes", "unknown"),
        ],
    )
    def test_operators_read_what_happened_without_personal_data(
        self, name: str, summary: str
    ) -> None:
        assert samples.account(name).summary == summary

    @pytest.mark.parametrize(
        "told", ["call Mia at noon", "+15550177123", "15550177123", "mia@example.com", "caf\u00e9"]
    )
    def test_an_event_of_tomorrow_may_say_more_than_a_word_and_then_it_is_left_out(
        self, told: str
    ) -> None:
        event = account_event_of({"field": "lunar_update", "value": {"reason": told}})
        assert (event.field, event.summary) == ("lunar_update", "lunar_update")
        named = account_event_of({"field": told, "value": {"reason": "FULL_MOON"}})
        assert (named.field, named.summary) == ("unknown", "unknown: FULL_MOON")

    def test_errors_without_message_keep_their_code(self) -> None:
        assert samples.account("value_errors_alone").errors[0].code == 130429

    def test_a_missing_field_does_not_hide_a_message(self) -> None:
        assert samples.message("field_missing").content.body == "no field"


def test_what_is_no_message_among_messages_is_shown_as_an_unknown_one() -> None:
    odd, real = (
        parse(piece.payload) for piece in samples.pieces(samples.body("messages_of_other_types"))
    )
    assert "a word without a message" in to_chat(odd, samples.ENGLISH).text
    assert to_chat(real, samples.ENGLISH).text == "The real one"


def test_one_unreadable_event_does_not_hide_its_neighbours() -> None:
    readable = json.loads(samples.body("text"))
    found = read_envelopes(json.dumps([readable, "no event", {"surprise": 1}]))
    assert len(found) == 1
    assert found[0].odd
    assert not read_envelopes(json.dumps([readable]))[0].odd


def test_a_part_that_cannot_be_read_is_pointed_out() -> None:
    [envelope] = read_envelopes(samples.body("entry_partly_unreadable"))
    assert envelope.odd
    shown = [parse(piece.payload) for piece in split(envelope) if piece.kind == "message"]
    assert [to_chat(message, samples.ENGLISH).text for message in shown] == ["Whole"]


TELLING_KEYS = [
    *("entry", "changes", "value", "field", "messages", "statuses", "contacts", "errors"),
    *("type", "id", "from", "text", "body", "image", "audio", "voice", "context", "referral"),
    *("system", "interactive", "button_reply", "nfm_reply", "order", "product_items", "message"),
    *("reaction", "location", "timestamp", "wa_id", "user_id", "user_id_update", "previous"),
    *("unsupported", "latitude", "item_price", "quantity", "currency", "response_json", "edit"),
    *("current", "filename", "metadata", "name", "phones", "emoji", "title"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(TELLING_KEYS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=40,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_json_makes_the_parser_raise(document: object) -> None:
    """LA-03."""
    found = parse(document)
    assert isinstance(found, InboundMessage | DeliveryStatus | AccountEvent)
    if isinstance(found, InboundMessage):
        assert to_chat(found, Texts("en")).text.strip()


KINDS = st.sampled_from([*sorted(READERS), "unknown", "invented"])


@settings(max_examples=400, deadline=None)
@given(
    kind=KINDS,
    inside=JSON,
    around=st.dictionaries(
        st.sampled_from(["context", "referral", "errors", "from", "group_id", "timestamp"]), JSON
    ),
)
def test_whatever_stands_in_a_message_the_agent_reads_something(
    kind: str, inside: object, around: dict[str, object]
) -> None:
    message = {**around, "type": kind, kind: inside}
    body = json.dumps({"changes": [{"value": {"messages": [message]}}]})
    [piece] = [p for envelope in read_envelopes(body) for p in split(envelope)]
    line = to_chat(parse(piece.payload), Texts("en"))
    assert line.text.strip()
    line.text.encode("utf-8")
    assert all(name and value for name, value in line.attributes.items())


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_body_is_split_or_refused_by_name(document: object) -> None:
    try:
        envelopes = read_envelopes(json.dumps(document))
    except UnreadableEvent:
        return
    for piece in [piece for envelope in envelopes for piece in split(envelope)]:
        assert piece.id
        json.dumps(piece.payload)


@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=5), st.sampled_from(["messages", "", "tomorrow"]))
@example([float("inf"), "word", None], "messages")
def test_each_thing_among_the_messages_becomes_one_message(
    things: list[object], field: str
) -> None:
    body = json.dumps({"changes": [{"field": field, "value": {"messages": things}}]})
    found = [piece for envelope in read_envelopes(body) for piece in split(envelope)]
    messages = [piece for piece in found if piece.kind == "message"]
    # Infinity is no JSON: what Python writes so is read as nothing, like null.
    read = json.loads(json.dumps(things), parse_constant=lambda _: None)
    empty = sum(not thing and not isinstance(thing, dict) for thing in read)
    assert len(messages) == len(things) - empty
    assert len({piece.id for piece in messages}) == len(
        {json.dumps(p.payload["value"]["messages"]) for p in messages}
    )


def test_what_no_queue_would_carry_is_replaced_when_it_comes_in() -> None:
    for name in ("text_hostile", "text_4096_emoji"):
        [piece] = samples.pieces(samples.body(name))
        written = json.dumps(piece.payload, ensure_ascii=False)
        written.encode("utf-8")
        assert ("\ufffd" in written) == (name == "text_hostile")


def test_json_nested_beyond_reason_is_refused_where_it_comes_in() -> None:
    deep = '{"changes": [{"value": ' + '{"a": ' * 200 + "1" + "}" * 200 + "}]}"
    with pytest.raises(UnreadableEvent):
        read_envelopes(deep)


def test_the_same_fields_are_read_from_json_that_never_was_text() -> None:
    said = parse({"value": {"messages": [{"type": "text", "text": {"body": "a\ud800b"}}]}})
    assert said.content.body == "a\ufffdb"
