"""Forgetting a customer, exhaustively: nothing of before stays or comes back, nothing new is lost.

Each weakened twin is the product with one rule of protocol 4.8 missing.
"""

from dataclasses import replace

import pytest

from chalicelib import erasure
from chalicelib.erase import Erase
from tests.model.erasing import EraseModel, FakeLetters, FakePersonal, Wish
from tests.model.inbound import Sent, run_all
from tests.model.surroundings import FakeConversations

pytestmark = pytest.mark.deep

T = 1_800_000_000
OLD = Sent("m1", T - 60)
OLD_BOTH = Sent("m1", T - 60, keys=("bsuid", "phone"))
LATE = Sent("m0", T - 90)
LATE_PHONE = Sent("m0", T - 90, keys=("phone",))
LETTER = Sent("m9", T - 99)
WISH = Wish(at=T)
PHONE_WISH = Wish("phone wish", at=T, keys=("phone",))
NEW = Sent("m2", T + 1)
NEW_PHONE = Sent("m2", T + 1, keys=("phone",))
NEWER = Sent("m3", T + 9)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """The second look comes after a minute: waiting longer only repeats the same path."""
    monkeypatch.setattr(erasure, "SWEEP_AFTER_SECONDS", 60)


def problems(make):
    _, broken = run_all(make)
    return broken


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        ((OLD, WISH), {"faults": 1}),
        ((OLD, WISH), {"faults": 1, "ends": 1, "letter": LETTER}),
        ((OLD, WISH, NEW), {"faults": 1}),
        ((OLD, WISH), {"faults": 1, "late": (LATE,)}),
        ((OLD, WISH, NEW), {"faults": 1, "late": (LATE,)}),
        ((OLD, WISH), {"faults": 1, "repeats": 1}),
        ((OLD, WISH), {"faults": 1, "stragglers": 1}),
        ((WISH, NEW_PHONE), {"known": (OLD_BOTH,), "overlaps": 2}),
        ((WISH, NEW_PHONE), {"known": (OLD_BOTH,), "faults": 1}),
        ((WISH,), {"known": (OLD_BOTH,), "faults": 1, "late": (LATE_PHONE, NEWER)}),
        (
            (WISH, PHONE_WISH),
            {"known": (OLD_BOTH,), "overlaps": 1, "late": (LATE_PHONE,)},
        ),
        ((WISH,), {"faults": 1, "late": (LATE,), "letter": LETTER}),
    ],
    ids=[
        "a chat and a wish",
        "the agent leaves, a letter is parked",
        "the customer writes again at once",
        "a message from before comes late",
        "a message from before comes late into the new conversation",
        "a message from before comes again hours later",
        "somebody still had something in hand",
        "a second identifier at the same time",
        "a second identifier, something fails",
        "the late one names the other identifier",
        "two wishes under two identifiers",
        "nothing is known but a letter",
    ],
)
def test_nothing_of_before_stays_and_nothing_new_is_lost(messages, more):
    count, broken = run_all(lambda chooser: EraseModel(chooser, messages=messages, **more))
    assert not broken, "\n".join(broken[:5])
    assert count > 10


def test_without_a_tombstone_a_late_message_brings_the_customer_back():
    class Forgets(FakeConversations):
        def _create(self, new):
            tombstones, self.world.tombstones = self.world.tombstones, {}
            answer = super()._create(new)
            self.world.tombstones = tombstones
            return answer

    class Twin(EraseModel):
        def conversations(self):
            return Forgets(self.world)

    assert problems(lambda c: Twin(c, messages=(OLD, WISH), late=(LATE,)))


def test_a_new_conversation_must_know_what_was_erased_before_it():
    """The tombstone is met at creation only: that is why it costs no call."""

    class Ignorant(FakeConversations):
        def _create(self, new):
            answer = super()._create(new)
            if answer is None:
                self.world.conversations[new.key] = replace(new, erased_before=0)
            return answer

    class Twin(EraseModel):
        def conversations(self):
            return Ignorant(self.world)

    assert problems(lambda c: Twin(c, messages=(OLD, WISH, NEW), late=(LATE,)))


def test_one_look_leaves_what_a_straggler_writes():
    class OneLook(Erase):
        def _sweep(self, traces):
            pass

    class Twin(EraseModel):
        def erase(self, **parts):
            return OneLook(**parts)

    assert problems(lambda c: Twin(c, messages=(OLD, WISH), stragglers=1))


def test_a_second_look_that_is_queued_last_is_lost_in_a_crash():
    """After a crash the conversation is gone, and with it the way to the rest."""

    class QueuesLast(Erase):
        def _erase(self, command, remaining_s):
            found = self._found(command, remaining_s)
            traces = self._traces(command, found)
            if self._personal.detach(traces.keys, found, command.at):
                self._delete(traces)
                self._outbox.send([erasure.sweep_entry(traces)])

    class Twin(EraseModel):
        def erase(self, **parts):
            return QueuesLast(**parts)

    assert problems(lambda c: Twin(c, messages=(OLD, WISH), faults=1))


class TwoSteps(FakePersonal):
    """The conversation first, then the tombstone, in two calls."""

    def detach(self, keys, conversation, before):
        if conversation and not self.world.call("delete", lambda: self._gone(conversation)):
            return False
        return super().detach(keys, None, before)


def test_a_tombstone_written_after_the_deletion_is_too_late():
    class Twin(EraseModel):
        def personal(self):
            return TwoSteps(self.world)

    story = {"known": (OLD_BOTH,), "messages": (WISH, LATE_PHONE), "overlaps": 1}
    assert problems(lambda c: Twin(c, **story))
    assert not problems(lambda c: EraseModel(c, **story))


def test_a_claim_that_is_thrown_away_leaves_an_open_chat_behind():
    """A worker died after StartChatContact: nobody knows the chat but the claim's own token."""

    class Careless(FakePersonal):
        def _gone(self, conversation):
            self.world.conversations.pop(conversation.key, None)
            return True

    class Hasty(Erase):
        def _found(self, command, remaining_s):
            found = self._conversations.load(command.key)
            return None if found is None or found.erased_before >= command.at else found

    class Twin(EraseModel):
        def personal(self):
            return Careless(self.world)

        def erase(self, **parts):
            return Hasty(**parts)

    made = problems(lambda c: Twin(c, messages=(OLD, WISH), faults=1))
    assert any("live chat" in line for line in made)


def test_letters_that_stay_hold_what_the_customer_wrote():
    class Blind(FakeLetters):
        def forget(self, theirs):
            pass

    class Twin(EraseModel):
        def letters(self):
            return Blind(self.world)

    assert problems(lambda c: Twin(c, messages=(OLD, WISH), letter=LETTER))


def test_a_repeated_wish_must_not_erase_what_was_written_since():
    """The command comes again after a crash; by then the customer may have a new conversation."""

    class Eager(Erase):
        def _found(self, command, remaining_s):
            found = self._conversations.load(command.key)
            if found is not None and found.pending is not None:
                self._to_agent.finish(found, remaining_s)
                found = self._conversations.load(command.key)
            return found

    class Twin(EraseModel):
        def erase(self, **parts):
            return Eager(**parts)

        def _left(self):
            kept = any(not chat.ended for chat in self.world.chats.values())
            return super()._left() or ("" if kept else "N1 the new chat was stopped")

    story = {"known": (OLD_BOTH,), "messages": (WISH, NEW_PHONE)}
    assert problems(lambda c: Twin(c, **story, faults=1))
