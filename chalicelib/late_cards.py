"""Voice notes that took too long for their first worker: the card follows when it is ready.

The agent has the sound and a placeholder since the note arrived. The card is shown under the id
"<wamid>#card". While the AI services are away it waits a minute or so; then a card says that there
are no words, or no fields, for now, and `late_words.py` goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib import redrive, voice_card
from chalicelib.bundles import Owed
from chalicelib.conversation import GIVEN_UP, LATE_CARD, LATE_RUN, Member
from chalicelib.errors import Throttled
from chalicelib.follow_ups import FollowUps
from chalicelib.ports.messages import StoredNote
from chalicelib.ports.queues import Queues
from chalicelib.voice_note import BROKEN, UNUSABLE, State, Step, VoiceNote
from chalicelib.voice_notes import VoiceNotes

MAX_TRIES = 4  # the first worker's and three here, with the queue's back-off between
TOLD = MAX_TRIES + 1  # `tries` of a note whose failure the agent is told
RESERVE_SECONDS = 5.0
Remaining = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCards:
    """What both lines of tries do. `language`: the agent's."""

    notes: VoiceNotes
    follow_ups: FollowUps
    language: str

    def understood(self, stored: StoredNote, note: VoiceNote, remaining_s: Remaining) -> StoredNote:
        """One try, from `note` on; its result is not saved."""
        started = self.notes.save(replace(stored, note=note))
        return self.notes.understand(
            started, lambda: max(1.0, remaining_s() - RESERVE_SECONDS)
        ).stored

    def tried_later(self, done: StoredNote) -> Throttled:
        """Counts the try; what to raise so that the queue brings the note again."""
        self.notes.save(replace(done, tries=done.tries + 1))
        reason = done.note.failure.reason if done.note.failure else ""
        return Throttled("the voice note is tried again later", service="ai", code=reason)

    def show(
        self, stored: StoredNote, late: Owed, remaining_s: Remaining, shown_as: str = ""
    ) -> None:
        """Show the card of the note as it is, once."""

        def card() -> Member:
            return Member(
                wamid=shown_as or _shown_as(stored.note),
                sent_at=stored.sent_at,
                kind="voice",
                text=voice_card.card(stored.note, language=self.language),
            )

        self.follow_ups.show(stored.conversation, card, late, remaining_s)


class LateCards:
    """Finishes handed-over voice notes."""

    def __init__(self, cards: OwedCards, queues: Queues) -> None:
        self._cards = cards
        self._notes = cards.notes
        self._queues = queues

    def deliver(self, late: Owed, remaining_s: Remaining) -> None:
        """Understand the note and show its card.

        Raises a retryable ServiceError when the AI services need another try later.
        """
        stored = self._notes.load(late.wamid)
        if stored is None or _is_with_late_words(stored):
            return
        understood = self._understood(stored, remaining_s)
        self._cards.show(understood, late, remaining_s)
        if _is_told(understood):
            self._queues.hand_over(
                understood.conversation, late.wamid, redrive.WORDS, run=understood.note.runs + 1
            )

    def give_up(self, late: Owed, remaining_s: Remaining) -> None:
        """Our code breaks on this note: the agent reads what there is of it, under an id of its
        own, so that the card may still come when an operator sends the note again."""
        stored = self._notes.load(late.wamid)
        if stored is None:
            return
        told = self._notes.save(replace(stored, note=broken(stored.note)), working=False)
        self._cards.show(told, late, remaining_s, f"{late.wamid}{GIVEN_UP}{LATE_CARD}")

    def _understood(self, stored: StoredNote, remaining_s: Remaining) -> StoredNote:
        if is_done(stored.note) or _is_told(stored):
            return stored
        done = self._cards.understood(stored, resumable(stored.note), remaining_s)
        if not done.note.may_be_retried:
            return self._notes.save(done)
        if done.tries < MAX_TRIES:
            raise self._cards.tried_later(done)
        if done.note.failure and done.note.failure.reason in UNUSABLE:
            return self._notes.save(replace(done, note=done.note.given_up()))
        return self._notes.save(replace(done, tries=TOLD))


def is_done(note: VoiceNote) -> bool:
    """Whether there is nothing left to understand."""
    return note.state in (State.STRUCTURED, State.DELIVERED)


def resumable(note: VoiceNote) -> VoiceNote:
    """The note, ready for its next try."""
    return note.retried() if note.may_be_retried else note


def broken(note: VoiceNote) -> VoiceNote:
    """Failed where it stands; it may be tried again, once somebody has mended what broke."""
    if note.state in (State.FAILED, State.DELIVERED):
        return note
    return note.failed(note.next_step or Step.DELIVER, BROKEN, retryable=True)


def _is_told(stored: StoredNote) -> bool:
    """A crash after the card, before the hand-over: the words must not come under its id."""
    return stored.tries >= TOLD and stored.note.may_be_retried


def _is_with_late_words(stored: StoredNote) -> bool:
    unfinished = stored.note.next_step in (Step.TRANSCRIBE, Step.STRUCTURE)
    return stored.tries > TOLD and (unfinished or stored.note.may_be_retried)


def _shown_as(note: VoiceNote) -> str:
    """A note that is understood once more has a card of its own each time."""
    again = f"{LATE_RUN}{note.runs}" if note.runs > 1 else ""
    return f"{note.wamid}{again}{LATE_CARD}"
