"""The tables: one call a method, conditions that let one worker win, nothing saved whole."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from pynamodb.models import Model

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import Conversation, Member, MessageRecord, OpenChat, Pending, Reply
from chalicelib.gateways.contact_table import contact_key
from chalicelib.gateways.items import ContactRow, ConversationItem, MessageItem, WholeNumber
from chalicelib.ports.conversations import Claimed, Existing, Refused
from chalicelib.ports.messages import StoredNote
from chalicelib.voice_note import State, VoiceNote
from sandbox.faults import Action

NUMBERS = {
    model: [name for name, kind in model.get_attributes().items() if isinstance(kind, WholeNumber)]
    for model in (ConversationItem, ContactRow)
}
M1 = Member(wamid="wamid.1", sent_at=1_795_017_600, text="Hello", attributes=(("a", "b"),))
M2 = Member(wamid="wamid.2", sent_at=1_795_017_700, text="More")
REPLY = Reply(origination_id="phone-number-id-1", to="15550100001", recipient="US.1")
CHAT = OpenChat(
    contact="c1", participant_token="pt", connection_token="ct", connected_until=1_795_100_000
)


def pending(name: str, *members: Member, since: int = 1_795_017_600) -> Pending:
    return Pending(id=name, members=members or (M1,), since=since, claimed_at=since)


def new(claim: Pending | None, key: str = "k1", aliases: tuple[str, ...] = ()) -> Conversation:
    return Conversation(
        key=key,
        customer="cust",
        reply=REPLY,
        name="Mia",
        language="es",
        aliases=aliases,
        pending=claim,
    )


def line(record: str, direction: str = "in") -> MessageRecord:
    return MessageRecord(
        id=record,
        conversation="k1",
        customer="cust",
        direction=direction,  # type: ignore[arg-type]
        kind="text",
        text="Hello",
        sent_at=M1.sent_at,
        fate="delivered",
    )


@pytest.fixture
def conversations(world):
    return world.app.conversations


@pytest.fixture
def contacts(world):
    return world.app.contacts


def recorded(conversations, claim: Pending) -> Conversation:
    before = new(claim)
    after = replace(
        before,
        chat=CHAT,
        opened=1,
        last="item-1",
        beyond=2,
        wrote_at=M1.sent_at,
        done=before.done.add([M1.ring_entry]),
        pending=None,
    )
    assert conversations.record(before, claim, after, [line("wamid.1")])
    return after


# --- conversations --------------------------------------------------------------------------


def test_a_conversation_that_does_not_exist_refuses_the_claim(conversations):
    assert conversations.claim("k1", pending("p1")) == Refused()


def test_what_was_created_comes_back_with_its_claim(conversations):
    assert conversations.create(new(pending("p1", M1, M2))) is None
    assert conversations.load("k1").pending == pending("p1", M1, M2)
    assert conversations.load("k1").reply == REPLY
    assert conversations.load("nobody") is None


def test_of_two_who_create_one_wins_and_both_learn_the_key(conversations):
    """Trace 6: the transaction covers the aliases, so two names of a person meet."""
    assert conversations.create(new(pending("p1"), "bsuid", ("phone",))) is None
    assert conversations.create(new(pending("p2"), "phone")) == Existing("bsuid", "cust")
    assert conversations.create(new(pending("p3"), "bsuid")) == Existing("bsuid", "cust")
    assert conversations.claim("phone", pending("p4")) == Refused(pointer="bsuid")
    assert conversations.load("phone").key == "bsuid"


def test_creating_again_after_a_lost_answer_is_recognised(conversations):
    conversations.create(new(pending("p1"), "bsuid", ("phone",)))
    assert conversations.create(new(pending("p1"), "bsuid", ("phone",))) is None


def test_a_claim_is_exclusive_and_shows_who_has_it(conversations):
    conversations.create(new(pending("p1")))
    answer = conversations.claim("k1", pending("p2", M2))
    assert isinstance(answer, Refused)
    assert answer.conversation.pending.id == "p1"


def test_a_repeated_claim_of_one_worker_is_still_its_own(conversations):
    """The SDK may send the update twice when the first answer was lost."""
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    assert isinstance(conversations.claim("k1", pending("p2", M2)), Claimed)
    assert isinstance(conversations.claim("k1", pending("p2", M2)), Claimed)


def test_what_is_done_cannot_be_claimed_again(conversations):
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    answer = conversations.claim("k1", pending("p2", M1))
    assert isinstance(answer, Refused)
    assert M1.ring_entry in answer.conversation.done
    assert conversations.load("k1").pending is None


def with_fractions(model: type[Model], key: str) -> None:
    """Every number of an item gets a fraction, as another program or a hand might write it."""
    [item] = [one for one in model.scan() if one.key == key]
    names = [name for name in NUMBERS[model] if getattr(item, name) is not None]
    boto3.client("dynamodb").update_item(
        TableName=model.Meta.table_name,
        Key={"key": {"S": key}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
        ExpressionAttributeNames={f"#{name}": name for name in names},
        ExpressionAttributeValues={
            f":{name}": {"N": f"{getattr(item, name)}.75"} for name in names
        },
    )


def test_numbers_with_fractions_are_read_rounded_down_and_block_nobody(conversations):
    """A token seems to end a little earlier, never later; see `WholeNumber`."""
    claim = pending("p1", M1)
    conversations.create(new(claim))
    known = recorded(conversations, claim)
    left = pending("p2", M2)
    conversations.claim("k1", left)
    with_fractions(ConversationItem, "k1")
    read = conversations.load("k1")
    assert read.chat == CHAT
    assert (read.opened, read.wrote_at) == (known.opened, known.wrote_at)
    assert read.pending == left
    mine = replace(left, id="p3")
    assert conversations.take_over("k1", read.pending, mine)
    conversations.drop_claim("k1", mine)
    assert isinstance(conversations.claim("k1", pending("p4", M2)), Claimed)


def test_a_contact_whose_numbers_have_fractions_is_read(contacts):
    contacts.create(contact())
    contacts.claim("c1", sending("o1"))
    with_fractions(ContactRow, contact_key("c1"))
    assert contacts.load("c1") == replace(contact(), pending=sending("o1"))


def test_the_record_ends_the_claim_and_keeps_chat_and_place(conversations):
    """LA-06."""
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    kept = conversations.load("k1")
    assert (kept.chat, kept.last, kept.beyond, kept.opened) == (CHAT, "item-1", 2, 1)
    assert kept.live
    assert MessageItem.get("wamid.1").fate == "delivered"
    assert ContactRow.get("contact#c1").conversation == "k1"


def test_a_claim_tells_what_is_known_of_the_conversation_and_itself(conversations):
    """Law 1: it replaces the read."""
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    claimed = conversations.claim("k1", pending("p2", M2))
    assert claimed == Claimed(conversations.load("k1"))
    assert claimed.conversation.pending == pending("p2", M2)


def test_a_record_writes_only_what_it_changed(conversations):
    """Law 3: here another writer gave the chat a new token meanwhile."""
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    claim = pending("p2", M2)
    before = conversations.claim("k1", claim).conversation
    ConversationItem("k1").update(actions=[ConversationItem.connection_token.set("renewed")])
    assert conversations.record(before, claim, replace(before, last="item-2"), [line("wamid.2")])
    kept = conversations.load("k1")
    assert kept == replace(
        before, chat=replace(CHAT, connection_token="renewed"), last="item-2", pending=None
    )


def test_an_opening_that_was_counted_before_its_record_is_kept(conversations):
    conversations.create(new(pending("p1")))
    counted = replace(new(pending("p1")), opened=1)
    assert conversations.record(counted, pending("p1"), replace(counted, chat=CHAT), [])
    assert conversations.load("k1").opened == 1


def chat_again(conversations, known: Conversation) -> None:
    """The customer writes once more after the chat is over, months later."""
    claim = pending("p2", M2)
    assert isinstance(conversations.claim(known.key, claim), Claimed)
    chat = replace(CHAT, contact="c2")
    assert conversations.record(known, claim, replace(known, chat=chat), [line("wamid.2")])


def test_a_number_leads_to_the_conversation_as_long_as_there_is_one(conversations, world):
    """Otherwise an event with only the number, 90 days on, would open a second conversation."""
    conversations.create(new(pending("p1"), aliases=("phone", "name")))
    before = ConversationItem.get("phone").expires
    known = replace(recorded(conversations, pending("p1")), aliases=("phone", "name"))
    world.clock.advance(timedelta(days=60).total_seconds())
    chat_again(conversations, known)
    assert ConversationItem.get("phone").expires == ConversationItem.get("k1").expires
    assert ConversationItem.get("phone").expires > before


def test_a_number_that_is_somebody_elses_by_now_stays_theirs(conversations):
    conversations.create(new(pending("p1"), aliases=("phone",)))
    known = replace(recorded(conversations, pending("p1")), aliases=("phone",))
    conversations.move("phone", "k9", "another customer")
    chat_again(conversations, known)
    assert ConversationItem.get("phone").points_to == "k9"
    assert ContactRow.get("contact#c2").conversation == "k1"


def test_a_record_under_a_lost_claim_changes_nothing(conversations):
    conversations.create(new(pending("p1")))
    mine = pending("p1")
    assert conversations.take_over("k1", mine, pending("p2"))
    before = new(mine)
    assert not conversations.record(before, mine, replace(before, opened=9), [line("wamid.1")])
    assert conversations.load("k1").opened == 0
    assert conversations.load("k1").pending.id == "p2"


def test_only_one_takes_over(conversations):
    conversations.create(new(pending("p1")))
    assert conversations.take_over("k1", pending("p1"), pending("p2"))
    assert not conversations.take_over("k1", pending("p1"), pending("p3"))
    assert conversations.take_over("k1", pending("p1"), pending("p2"))  # a repeat of the winner


def test_a_claim_given_back_is_free_and_its_attempts_are_kept(conversations):
    conversations.create(new(pending("p1")))
    conversations.release("k1", replace(pending("p1"), attempts=2))
    found = conversations.load("k1").pending
    assert (found.since, found.attempts, found.members) == (0, 2, (M1,))


def test_a_dropped_claim_is_gone(conversations):
    conversations.create(new(pending("p1")))
    conversations.drop_claim("k1", pending("p1"))
    assert conversations.load("k1").pending is None


def test_one_more_opening_is_durable_before_it_is_tried(conversations):
    conversations.create(new(pending("p1")))
    conversations.opened_again("k1", replace(pending("p1"), repeat=True), 3)
    kept = conversations.load("k1")
    assert (kept.opened, kept.pending.repeat) == (3, True)


def test_the_end_of_a_chat_touches_nothing_else(conversations):
    """Law 3, trace 5: whoever writes the end must not bring back an older ring."""
    conversations.create(new(pending("p1")))
    recorded(conversations, pending("p1"))
    conversations.end("k1", "c1", 1_795_017_999)
    kept = conversations.load("k1")
    assert not kept.live
    assert (kept.ended_at, M1.ring_entry in kept.done) == (1_795_017_999, True)


def test_the_end_of_an_unknown_conversation_creates_nothing(conversations):
    conversations.end("k9", "c1", 1)
    assert conversations.load("k9") is None


def test_every_item_expires(conversations, world):
    conversations.create(new(pending("p1"), "bsuid", ("phone",)))
    recorded_at = world.clock.now().timestamp()
    assert all(int(item.expires) > recorded_at for item in ConversationItem.scan())


# --- contacts -------------------------------------------------------------------------------


def sending(name: str, event: str = "e1", since: int = 1_795_017_600) -> OutboundPending:
    return OutboundPending(id=name, event=event, sent_at=since, since=since)


def contact(chat: OpenChat = CHAT) -> ContactItem:
    return ContactItem(
        chat=chat, conversation="k1", customer="cust", reply=REPLY, language="es", wrote_at=5
    )


def test_an_unknown_contact_cannot_be_claimed_and_nothing_is_left_behind(contacts):
    assert contacts.claim("c1", sending("p1")) is None
    assert contacts.load("c1") is None


def test_a_contact_comes_back_as_it_was_created(contacts):
    contacts.create(contact())
    assert contacts.load("c1") == contact()


def test_creating_a_contact_keeps_what_another_writer_knew(contacts):
    contacts.create(contact())
    contacts.create(replace(contact(OpenChat(contact="c1")), conversation="other"))
    assert contacts.load("c1") == contact()


def test_an_event_is_claimed_once(contacts):
    contacts.create(contact())
    assert contacts.claim("c1", sending("p1")).pending == sending("p1")
    assert contacts.claim("c1", sending("p2")).pending.id == "p1"


def test_progress_is_durable_and_only_of_the_holder(contacts):
    contacts.create(contact())
    contacts.claim("c1", sending("p1"))
    contacts.progress("c1", replace(sending("p1"), next=2, attempt=3))
    assert contacts.load("c1").pending == replace(sending("p1"), next=2, attempt=3)
    assert contacts.take_over("c1", sending("p1"), sending("p2"))
    assert not contacts.take_over("c1", sending("p1"), sending("p3"))
    contacts.progress("c1", replace(sending("p1"), next=9))
    assert contacts.load("c1").pending.next == 0


def test_a_sent_event_is_done_and_its_message_id_leads_back(contacts, world):
    contacts.create(contact())
    item = contacts.claim("c1", sending("p1"))
    record = "out#e1#0"
    assert contacts.record(item, sending("p1"), [line(record, "out")], {record: "msg-1"})
    again = contacts.claim("c1", sending("p2"))
    assert sending("p2").ring_entry in again.done
    assert again.pending is None
    assert world.app.history.record_of("msg-1") == record
    assert not contacts.record(item, sending("p1"), [], {})


def test_renewed_tokens_are_kept(contacts):
    contacts.create(contact())
    fresh = replace(CHAT, connection_token="new", connected_until=1_795_200_000)
    contacts.renew(fresh)
    assert contacts.load("c1").chat == fresh


def test_renewing_an_unknown_contact_creates_nothing(contacts):
    contacts.renew(CHAT)
    assert contacts.load("c1") is None


# --- voice notes ----------------------------------------------------------------------------


def test_a_voice_note_lives_on_its_message_item(world):
    """VN-11."""
    history = world.app.history
    note = StoredNote(
        note=VoiceNote(wamid="wamid.1", media_id="m1").stored("inbound/k1/x", duration_s=3.5),
        conversation="k1",
        customer="cust",
        origination_id="phone-number-id-1",
        languages=("es",),
        working_since=7,
        tries=2,
    )
    assert history.load_voice_note("wamid.1") is None
    history.save_voice_note(note)
    loaded = history.load_voice_note("wamid.1")
    assert loaded.note == note.note
    assert (loaded.languages, loaded.working_since, loaded.tries) == (("es",), 7, 2)
    assert loaded.note.state is State.STORED
    assert history.fate("wamid.1") == ""


def test_a_message_nobody_recorded_has_no_fate(world):
    assert world.app.history.fate("wamid.none") == ""
    assert world.app.history.status_of("out#e#0") == ("", 0)
    assert world.app.history.record_of("msg-none") == ""


@pytest.mark.parametrize("action", [Action.TIMEOUT_AFTER, Action.THROTTLE, Action.SERVER_ERROR])
def test_one_failure_of_the_table_is_the_sdks_business(world, action):
    """A second attempt that meets the first one's work is not a refusal."""
    conversations = world.app.conversations
    for index, operation in enumerate(("TransactWriteItems", "UpdateItem")):
        world.router.faults.clear()
        world.router.faults.on("dynamodb", operation, action)
        world.router.faults.arm()
        key = f"k{index}"
        assert conversations.create(new(pending("p1"), key)) is None
        assert conversations.take_over(key, pending("p1"), pending("p2"))
