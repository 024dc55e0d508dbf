"""The traces of the protocol's section 8: take one rule away and the model finds what breaks.

Each twin is the product with exactly one rule missing. If a twin passed, the model would prove
nothing about the rule.
"""

from dataclasses import replace

import pytest

from chalicelib import showing
from chalicelib.errors import Throttled, Unsure
from chalicelib.introductions import Introductions
from chalicelib.live_chat import LiveChat
from chalicelib.ports.conversations import Claimed, Existing, Refused
from chalicelib.ring import Ring
from chalicelib.to_agent import ToAgent
from chalicelib.to_customer import ToCustomer
from tests.model import inbound, outbound
from tests.model.inbound import InboundModel, KillingModel, Sent
from tests.model.outbound import OutboundModel, Said
from tests.model.surroundings import (
    SEVEN_DAYS,
    FakeChat,
    FakeConversations,
    FakeWhatsApp,
)

M1 = Sent("m1", 1_800_000_000)
M2 = Sent("m2", 1_800_000_010)
PHONE_ONLY = Sent("m2", 1_800_000_010, keys=("phone",))
BOTH = Sent("m1", 1_800_000_000, keys=("bsuid", "phone"))


def problems(make, run_all=inbound.run_all):
    """The kinds of promise that some path of this twin breaks, e.g. {"I1", "I2"}."""
    _, broken = run_all(make)
    return {line.split()[0] for line in broken}


def test_trace_1_a_token_alone_shows_a_repeat_twice(monkeypatch):
    """Without `done`, a repeat goes through SendMessage, another token space than the opening."""
    monkeypatch.setattr(Ring, "add", lambda self, new: self)
    assert "I2" in problems(lambda c: InboundModel(c, messages=(M1,), repeats=1))


def test_trace_2_marked_done_before_the_effect_loses_a_refused_message(monkeypatch):
    original = showing.Showing.show

    def record_first(self, work):
        self.record_unshown(work)
        original(self, work)

    monkeypatch.setattr(showing.Showing, "show", record_first)
    assert "I1" in problems(lambda c: InboundModel(c, messages=(M1,), faults=1))


def test_trace_3_without_readback_a_late_redelivery_is_shown_twice(monkeypatch):
    """SendMessage tokens live five minutes; the worker comes back after that."""
    monkeypatch.setattr(LiveChat, "texts_of_ours", lambda self, after: [])
    monkeypatch.setattr(inbound, "VISIBILITY", 6 * 3600)
    assert "I2" in problems(lambda c: InboundModel(c, messages=(M1, M2), faults=1))


def test_counting_one_part_too_few_shows_a_part_twice_and_one_too_many_loses_it(monkeypatch):
    """4.4: as many parts as stand beyond our last recorded item were shown, no more, no less."""
    parts = Sent("p1", 1_800_000_005, parts=3)
    monkeypatch.setattr(inbound, "VISIBILITY", 6 * 3600)  # longer than SendMessage tokens live
    original = LiveChat.texts_of_ours
    for wrong in (lambda texts: texts[1:], lambda texts: [*texts, ""]):
        monkeypatch.setattr(
            LiveChat, "texts_of_ours", lambda self, after, wrong=wrong: wrong(original(self, after))
        )
        assert problems(lambda c: InboundModel(c, messages=(M1, parts), faults=1)) & {"I1", "I2"}


def test_attempts_that_are_never_counted_let_a_killer_block_its_customer_for_ever(monkeypatch):
    """Law 9."""
    from chalicelib import to_agent

    monkeypatch.setattr(to_agent, "must_park", lambda pending: False)
    with pytest.raises(AssertionError, match="never empties"):
        problems(lambda c: KillingModel(c, messages=(M1, M2)))


class ClaimsAnew(ToAgent):
    """Law 2 away: a found claim is thrown away, and what waits now is claimed instead."""

    def _finish_found(self, conversation, found, bodies, remaining_s):
        self._conversations.drop_claim(conversation.key, found)


def test_trace_4_a_merge_not_fixed_by_a_claim_doubles_or_loses():
    class Twin(InboundModel):
        def to_agent(self, **parts):
            return ClaimsAnew(**parts)

    assert problems(lambda c: Twin(c, messages=(M1, M2), faults=1)) & {"I1", "I2", "I3"}


class SavesWholeItems(FakeConversations):
    """Law 3 away: `chat.ended` saves the row it had read before."""

    def __init__(self, world):
        super().__init__(world)
        self.read = {}

    def claim(self, key, pending):
        if key in self.world.conversations:
            self.read[key] = self.world.conversations[key]
        return super().claim(key, pending)

    def end(self, key, contact, at):
        stale = self.read.get(key) or self.world.conversations[key]
        chat = self.world.conversations[key].chat
        self.world.conversations[key] = replace(stale, ended=contact, pending=None, chat=chat)


def test_trace_5_saving_a_whole_item_forgets_what_was_done():
    class Twin(InboundModel):
        def conversations(self):
            if not hasattr(self, "_table"):
                self._table = SavesWholeItems(self.world)
            return self._table

    broken = problems(lambda c: Twin(c, messages=(M1, M2), ends=1, repeats=1))
    assert "I2" in broken


class OneKeyOnly(FakeConversations):
    """The creation is conditional on one key instead of all of the event's keys."""

    def _create(self, new):
        if new.key in self.world.conversations:
            return Existing(new.key, "")
        self.world.conversations[new.key] = new
        for alias in new.aliases:
            self.world.conversations.setdefault(alias, new.key)
        return None


def test_trace_6_creation_by_one_key_opens_two_chats_for_one_person():
    class Twin(InboundModel):
        def conversations(self):
            return OneKeyOnly(self.world)

    broken = problems(lambda c: Twin(c, messages=(BOTH, PHONE_ONLY), overlaps=1))
    assert "I3" in broken


def test_trace_7_dropping_an_unknown_contact_loses_the_greeting(monkeypatch):
    monkeypatch.setattr(Introductions, "of", lambda self, event: None)
    greeting = Said("greeting", 1_800_000_000)
    broken = problems(lambda c: OutboundModel(c, said=(greeting,), known=False), outbound.run_all)
    assert "O1" in broken


class RefusesSuccessors(ToAgent):
    """Law 8 away: only the message that made a claim may finish it."""

    def _finish_found(self, conversation, found, bodies, remaining_s):
        mine = set(bodies)
        if not mine & {member.wamid for member in found.members}:
            raise Throttled("somebody else's claim", service="conversation")
        super()._finish_found(conversation, found, bodies, remaining_s)


def test_trace_8_a_killer_in_the_dead_letters_must_not_block_its_successor():
    """With a low maxReceiveCount SQS takes the killer away, its claim stays."""

    class Twin(KillingModel):
        def to_agent(self, **parts):
            return RefusesSuccessors(**parts)

    broken = problems(lambda c: Twin(c, messages=(M1, M2), max_receives=2))
    assert "I1" in broken


class RetriesInside(FakeWhatsApp):
    """Law 7 away: the SDK sends again when it got no answer."""

    def send(self, origination_id, body):
        try:
            return super().send(origination_id, body)
        except Unsure:
            return super().send(origination_id, body)


def test_trace_10_retries_inside_the_client_reach_the_customer_twice():
    class Twin(OutboundModel):
        def whatsapp(self):
            return RetriesInside(self.world)

    said = (Said("a1", 1_800_000_000),)
    broken = problems(lambda c: Twin(c, said=said, faults=1), outbound.run_all)
    assert "O2" in broken


def test_trace_11_moving_past_a_proven_part_without_writing_it_doubles_a_later_one(monkeypatch):
    original = ToCustomer._progress

    def forgets(self, sending, now_at):
        if now_at.next > sending.pending.next and sending.pending.attempts > 1:
            sending.pending = now_at
        else:
            original(self, sending, now_at)

    monkeypatch.setattr(ToCustomer, "_progress", forgets)
    said = (Said("a1", 1_800_000_000, parts=3),)
    broken = problems(lambda c: OutboundModel(c, said=said, faults=2), outbound.run_all)
    assert "O2" in broken


def test_law_6_taking_over_from_a_living_worker_breaks_promises(monkeypatch):
    """Without the lease two workers show the same claim at once, when tokens do not help."""
    from chalicelib import to_agent

    monkeypatch.setattr(to_agent, "may_take_over", lambda since, now: True)

    class Twin(InboundModel):
        def __post_init__(self):
            super().__post_init__()
            self.world.send_tokens_live = 0
            self.world.start_tokens_live = 0

    broken = problems(lambda c: Twin(c, messages=(BOTH, PHONE_ONLY), overlaps=1))
    assert broken & {"I2", "I3"}


def test_law_4_a_ring_that_forgot_must_ask_the_history(monkeypatch):
    """A repeat older than the ring is not new."""
    monkeypatch.setattr("chalicelib.ring.RING_SIZE", 1)

    class Trusting(ToAgent):
        def _not_in_history(self, conversation, members):
            return members

    class Twin(InboundModel):
        def to_agent(self, **parts):
            return Trusting(**parts)

    later = Sent("m2", 1_800_000_010, keys=("bsuid",))
    assert "I2" in problems(lambda c: Twin(c, messages=(M1, later), repeats=1))
    assert not problems(lambda c: InboundModel(c, messages=(M1, later), repeats=1))


def test_law_1_an_unconditional_claim_lets_two_workers_open_a_chat_each():
    class Unconditional(FakeConversations):
        def _claim(self, key, pending):
            answer = super()._claim(key, pending)
            if isinstance(answer, Refused) and answer.conversation is not None:
                item = replace(answer.conversation, pending=pending)
                self.world.conversations[item.key] = item
                return Claimed(item)
            return answer

    class Twin(InboundModel):
        def conversations(self):
            return Unconditional(self.world)

    assert problems(lambda c: Twin(c, messages=(BOTH, PHONE_ONLY), overlaps=1, faults=1)) & {
        "I1",
        "I2",
        "I3",
    }


def test_a_refused_renewal_taken_for_the_end_opens_a_second_chat(monkeypatch):
    """AccessDenied alone does not tell that a chat has ended; Connect is asked (4.3)."""
    monkeypatch.setattr(FakeChat, "over", lambda self, contact: True)
    assert "I3" in problems(lambda c: InboundModel(c, messages=(M1, M2), denials=2))


@pytest.mark.deep
@pytest.mark.parametrize("live", [0, SEVEN_DAYS], ids=["no token memory", "seven days"])
def test_the_safe_protocol_needs_no_memory_of_send_message_tokens(live):
    """Claim and readback hold even when Connect forgets every SendMessage token at once."""

    class Forgetful(InboundModel):
        def __post_init__(self):
            super().__post_init__()
            self.world.send_tokens_live = live

    assert not problems(lambda c: Forgetful(c, messages=(M1, M2), faults=2))
