"""Voice notes that took too long for their first worker: the card follows when it is ready.

The agent has the sound and a placeholder since the note arrived. The card is shown under the id
"<wamid>#card".
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib import voice_card
from chalicelib.bundles import Owed
from chalicelib.conversation import GIVEN_UP, LATE_CARD, LATE_RUN, Member
from chalicelib.errors import Throttled
from chalicelib.follow_ups import FollowUps
from chalicelib.ports.messages import StoredNote
from chalicelib.voice_note import BROKEN, State, Step, VoiceNote
from chalicelib.voice_notes import VoiceNotes

MAX_TRIES = 4  # the first worker's and three here, with the queue's back-off between
RESERVE_SECONDS = 5.0


class LateCards:
    """Finishes handed-over voice notes."""

    def __init__(
        self,
        *,
        notes: VoiceNotes,
        follow_ups: FollowUps,
        language: str,
    ) -> None:
        self._language = language
        self._notes = notes
        self._follow_ups = follow_ups

    def deliver(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Understand the note and show its card.

        Raises a retryable ServiceError when the AI services need another try later.
        """
        stored = self._notes.load(late.wamid)
        if stored is None:
            return
        understood = self._understood(stored, remaining_s)
        self._show(understood, _shown_as(understood.note), late, remaining_s)

    def give_up(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Our code breaks on this note: the agent reads what there is of it, under an id of its
        own, so that the card may still come when an operator sends the note again."""
        stored = self._notes.load(late.wamid)
        if stored is None:
            return
        told = self._notes.save(replace(stored, note=_broken(stored.note)), working=False)
        self._show(told, f"{late.wamid}{GIVEN_UP}{LATE_CARD}", late, remaining_s)

    def _show(
        self, stored: StoredNote, shown_as: str, late: Owed, remaining_s: Callable[[], float]
    ) -> None:
        def card() -> Member:
            text = voice_card.card(stored.note, language=self._language)
            return Member(wamid=shown_as, sent_at=stored.sent_at, kind="voice", text=text)

        self._follow_ups.show(stored.conversation, card, late, remaining_s)

    def _understood(self, stored: StoredNote, remaining_s: Callable[[], float]) -> StoredNote:
        if stored.note.state in (State.STRUCTURED, State.DELIVERED):
            return stored

        def budget_s() -> float:
            return max(1.0, remaining_s() - RESERVE_SECONDS)

        started = self._notes.save(replace(stored, note=_resumable(stored)))
        done = self._notes.understand(started, budget_s).stored
        failure = done.note.failure
        if failure and failure.retryable and done.tries < MAX_TRIES:
            self._notes.save(replace(done, tries=done.tries + 1))
            raise Throttled(
                "the voice note is tried again later", service="ai", code=failure.reason
            )
        return self._notes.save(done)


def _shown_as(note: VoiceNote) -> str:
    """A note that is reprocessed has a card of its own each time."""
    again = f"{LATE_RUN}{note.runs}" if note.runs > 1 else ""
    return f"{note.wamid}{again}{LATE_CARD}"


def _broken(note: VoiceNote) -> VoiceNote:
    """Failed where it stands; it may be tried again, once somebody has mended what broke."""
    if note.state in (State.FAILED, State.DELIVERED):
        return note
    return note.failed(note.next_step or Step.DELIVER, BROKEN, retryable=True)


def _resumable(stored: StoredNote) -> VoiceNote:
    failure = stored.note.failure
    return stored.note.retried() if failure and failure.retryable else stored.note
