"""Events find their queue, messages their sender, flow calls their parameters."""

import json

import pytest

from chalicelib import flow_call, routing
from chalicelib.arrivals import PORTUGUESE_COUNTRIES, SPANISH_COUNTRIES, arrive, language_of
from chalicelib.content import flow_attributes, parked_content, text_content
from chalicelib.conversation import Conversation, Member, OpenChat, Pending, Reply
from chalicelib.customer import Identifiers
from chalicelib.errors import Denied, UnreadableEvent
from chalicelib.live_chat import RENEW_BEFORE_SECONDS, ChatOver, LiveChat
from chalicelib.ports.chat import ShownItem
from chalicelib.texts import NOTICE_MARK, Texts
from tests import whatsapp_samples as samples

T = 1_795_017_600

# --- routing --------------------------------------------------------------------------------


def routed(name, folder=samples.WHATSAPP):
    return routing.route(samples.body(name, folder))


def test_a_message_waits_in_its_customers_group():
    [entry] = routed("envelope").entries
    [piece] = samples.pieces(samples.body("envelope"))
    assert entry.queue == "inbound"
    assert routing.read(entry.body) == ("whatsapp", piece.payload)


def test_a_status_never_waits_behind_its_customer():
    """A blocked chat must not hide the very status that outbound waits for."""
    [status] = routed("status_delivered").entries
    [message] = routed("envelope").entries
    assert status.queue == "outbound"
    assert status.group != message.group


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (folder, name)
        for folder in (samples.WHATSAPP, samples.CONNECT)
        for name in samples.names(folder)
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_sample_is_routed_the_same_way_again_in_ids_that_sqs_takes(folder, name):
    first, again = routed(name, folder), routed(name, folder)
    assert first == again
    for entry in first.entries:
        assert 1 <= len(entry.group) <= 128
        assert 1 <= len(entry.dedup) <= 128
        assert "wamid" not in entry.group + entry.dedup
        assert routing.read(entry.body)[0] in ("whatsapp", "chat")
    assert len({entry.dedup for entry in first.entries}) == len(first.entries)


@pytest.mark.parametrize(
    "name", ["agent_text", "agent_attachment", "bot_list_picker", "chat_ended"]
)
def test_what_concerns_the_customer_waits_in_the_chats_group(name):
    [entry] = routed(name, samples.CONNECT).entries
    [other] = routed("agent_text", samples.CONNECT).entries
    assert entry.queue == "outbound"
    assert entry.group == other.group


@pytest.mark.parametrize(
    ("found", "entries"), [("APPROVED", 1), ("REJECTED", 1), ("IN_PROGRESS", 0)]
)
def test_files_wait_until_the_last_of_them_is_scanned(found, entries):
    """The event that follows names all of them, and under the same id it would count as done."""
    scanning = samples.body("agent_attachments_scanning", samples.CONNECT)
    told = scanning.replace("IN_PROGRESS", found)
    assert len(routing.route(told).entries) == entries


@pytest.mark.parametrize("name", ["agent_only", "customer_text", "agent_typing"])
def test_what_does_not_concern_the_customer_goes_nowhere(name):
    assert routed(name, samples.CONNECT).entries == []


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", '{"a": 1}', "null", "3"])
def test_what_is_neither_is_unreadable(body):
    with pytest.raises(UnreadableEvent):
        routing.route(body)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"type": "x"}', '"text"', "null"])
def test_what_we_did_not_write_is_not_read_from_our_queues(body):
    with pytest.raises(UnreadableEvent):
        routing.read(body)


# --- arrivals -------------------------------------------------------------------------------


def arrived(name, **more):
    return arrive(
        samples.message(name),
        receipt="r1",
        body="{}",
        texts=Texts("en"),
        default_origination_id="phone-number-id-default",
        **more,
    )


def test_a_text_arrives_with_its_sender_and_its_words():
    found = arrived("envelope")
    message = samples.message("envelope")
    assert found.receipt == "r1"
    assert found.member.wamid == message.wamid
    assert found.member.sent_at == int(message.sent_at.timestamp())
    assert found.arrival.name == message.sender.name
    assert found.arrival.reply.origination_id == message.origination_id


def test_a_number_the_event_does_not_name_is_the_configured_one():
    found = arrived("bare_entry")
    assert found.arrival.reply.origination_id == "phone-number-id-default"


def test_a_sender_known_by_user_id_only_is_answered_by_user_id():
    reply = arrived("sender_bsuid_only").arrival.reply
    assert reply.to == ""
    assert reply.recipient


def test_a_message_of_nobody_still_has_a_conversation():
    assert len(arrived("sender_missing").arrival.keys) == 1


def test_a_changed_number_is_found_under_the_old_and_the_new_one():
    found = arrived("system_number_changed").arrival
    assert len(found.keys) >= 2


@pytest.mark.parametrize("name", ["image", "document", "audio", "sticker"])
def test_a_file_keeps_its_id_and_no_label_beside_it(name):
    member = arrived(name).member
    assert member.media_id
    assert "[Photo]" not in member.text or samples.message(name).media.caption


@pytest.mark.parametrize(
    ("identifiers", "language"),
    [
        (Identifiers(phone="34600100001"), "es"),
        (Identifiers(phone="+525512345678"), "es"),
        (Identifiers(phone="5511912345678"), "pt"),
        (Identifiers(phone="15550100001"), ""),
        (Identifiers(phone="17875550100"), "es"),
        (Identifiers(user_id="MX.123456"), "es"),
        (Identifiers(user_id="BR.123456", phone="34600100001"), "pt"),
        (Identifiers(parent_user_id="PT.ENT.1"), "pt"),
        (Identifiers(), ""),
    ],
)
def test_the_country_is_a_first_guess_at_the_language(identifiers, language):
    assert language_of(identifiers) == language


def test_no_country_speaks_two_languages():
    assert not SPANISH_COUNTRIES & PORTUGUESE_COUNTRIES


# --- calls of flows -------------------------------------------------------------------------

FLOW = {
    "Details": {
        "ContactData": {
            "ContactId": "c2",
            "InitialContactId": "c1",
            "Attributes": {"voiceNoteId": "wamid.attribute"},
        },
        "Parameters": {"voiceNoteId": "wamid.parameter"},
    }
}


def test_a_flows_call_is_read_with_its_parameters_first():
    call = flow_call.read(FLOW)
    assert (call.contact, call.initial_contact) == ("c2", "c1")
    assert call.parameter("voiceNoteId") == "wamid.parameter"


def test_a_parameter_left_out_is_taken_from_the_contact():
    details = {**FLOW["Details"], "Parameters": None}
    assert flow_call.read({"Details": details}).parameter("voiceNoteId") == "wamid.attribute"


def test_a_parameter_nobody_gave_is_named():
    with pytest.raises(UnreadableEvent, match="orderId"):
        flow_call.read(FLOW).parameter("orderId")


@pytest.mark.parametrize("event", [{}, {"Details": None}, {"Details": {}}, {"Details": {"x": 1}}])
def test_a_call_of_something_else_is_refused(event):
    with pytest.raises(UnreadableEvent):
        flow_call.read(event)


def test_an_answer_stays_under_connects_32_kilobytes():
    told = flow_call.answer({"status": "ready", "transcript": "é" * 40_000, "summary": "short"})
    assert len(json.dumps(told, ensure_ascii=False).encode()) < 32_768
    assert (told["status"], told["summary"]) == ("ready", "short")


# --- what the agent reads -------------------------------------------------------------------


def conversation(**more):
    return Conversation(key="k", customer="c", reply=Reply(origination_id="o"), **more)


def claim(*members):
    return Pending(id="p", members=members, since=T, claimed_at=T)


def test_attributes_of_a_chat_are_never_empty():
    """Connect refuses empty attribute values."""
    member = Member(wamid="w", sent_at=T, attributes=(("referral", ""), ("messageType", "x")))
    told = flow_attributes(conversation(), claim(member))
    assert all(told.values())
    assert (
        told.items()
        >= {
            "channel": "whatsapp",
            "messageType": "text",
            "voiceNoteId": "none",
            "language": "unknown",
            "customerName": "unknown",
        }.items()
    )
    voice = Member(wamid="w", sent_at=T, kind="voice", attributes=(("adId", "7"),))
    told = flow_attributes(conversation(name="Mia", language="es"), claim(voice))
    assert (told["voiceNoteId"], told["customerName"], told["adId"]) == ("w", "Mia", "7")


def pending(*texts):
    members = tuple(Member(wamid=f"w{n}", sent_at=T, text=text) for n, text in enumerate(texts))
    return Pending(id="p", members=members, since=T, claimed_at=T)


def test_several_texts_are_one_part_and_a_huge_one_several():
    assert [part.text for part in text_content(pending("a", "b")).parts(print)] == ["a\nb"]
    parts = text_content(pending("word " * 8000)).parts(print)
    assert len(parts) > 1
    assert all(len(part.text.encode()) <= 16_384 for part in parts)


def test_a_mark_stands_before_the_first_words():
    content = text_content(pending("a"))
    assert content.opening == "a"
    assert content.marked("(repeated)").opening == "(repeated) a"


def test_the_placeholder_of_a_parked_message_says_when_it_was_sent():
    content = parked_content(pending("secret"), Texts("en"))
    assert "16:00 UTC" in content.opening
    assert "secret" not in content.opening
    assert content.fate == "parked"


# --- a chat whose connection is renewed -----------------------------------------------------


class Line:
    """A chat that takes only the newest connection token; `denies`: not even that one."""

    def __init__(self, good="fresh", *, ended=False, denies=False):
        self.good, self.ended, self.denies = good, ended, denies or ended
        self.renewals = self.asked = 0

    def send_text(self, chat, text, token):
        if self.denies or chat.connection_token != self.good:
            raise Denied("not this token")
        return "item"

    def over(self, contact):
        self.asked += 1
        return self.ended

    def reconnect(self, chat):
        self.renewals += 1
        if self.denies:
            raise Denied("not now")
        return OpenChat(
            contact=chat.contact,
            participant_token=chat.participant_token,
            connection_token="fresh",
            connected_until=T + 86_400,
        )

    def shown(self, chat, after):
        return [
            ShownItem("1", "CUSTOMER", "mine", attachment=False),
            ShownItem("2", "CUSTOMER", NOTICE_MARK + "a notice", attachment=False),
            ShownItem("3", "AGENT", "not mine", attachment=False),
            ShownItem("4", "CUSTOMER", "", attachment=True),
        ]


def chat(connection_token, until=T + 86_400):
    return OpenChat(
        contact="c",
        participant_token="p",
        connection_token=connection_token,
        connected_until=until,
    )


@pytest.mark.parametrize(
    ("held", "renewals"),
    [
        (chat("fresh"), 0),
        (chat("stale"), 1),
        (chat(""), 1),
        (chat("fresh", T + RENEW_BEFORE_SECONDS - 1), 1),
        (chat("fresh", 0), 0),
    ],
    ids=["good", "refused", "none", "about to expire", "expiry unknown"],
)
def test_a_connection_is_renewed_when_it_must_be(held, renewals):
    gateway = Line()
    live = LiveChat(gateway, held, T)
    assert live.send_text("hello", "t") == "item"
    assert (gateway.renewals, live.renewed) == (renewals, renewals == 1)
    assert not gateway.asked


@pytest.mark.parametrize("refuses", ["a renewal", "a fresh connection"])
@pytest.mark.parametrize(("ended", "what"), [(True, ChatOver), (False, Denied)])
def test_a_chat_is_over_only_when_connect_says_so(ended, what, refuses):
    """Issue 4, item 5: AccessDenied never tears a live chat; what was to be shown comes again."""
    gateway = Line(ended=ended, denies=True)
    if refuses == "a fresh connection":
        gateway = Line(good="never given")
        gateway.ended = ended
    live = LiveChat(gateway, chat("stale"), T)
    for _ in range(2):
        with pytest.raises(what):
            live.send_text("hello", "t")
    assert gateway.asked == 2
    assert gateway.renewals == (1 if refuses == "a fresh connection" else 2)


def test_readback_counts_what_is_ours_and_no_notices():
    assert LiveChat(Line(), chat("fresh"), T).texts_of_ours("") == ["mine", ""]
