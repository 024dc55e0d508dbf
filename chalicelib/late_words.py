"""The words of a voice note after an outage: the agent was told that there are none for now.

The AI services are asked for another hour, less and less often. What comes is shown as a card of
its own, "<wamid>#run2#card"; what does not come is a dead letter, which an operator sends again.
"""

from dataclasses import replace

from chalicelib.bundles import Owed
from chalicelib.errors import OutageOutlasted
from chalicelib.late_cards import TOLD, OwedCards, Remaining, broken, is_done, resumable
from chalicelib.ports.messages import StoredNote
from chalicelib.voice_note import VoiceNote

MAX_TRIES = TOLD + 35  # with the queue's back-off more than an hour


class LateWords:
    """Goes on with notes whose card says that they could not be understood for now."""

    def __init__(self, cards: OwedCards) -> None:
        self._cards = cards
        self._notes = cards.notes

    def deliver(self, late: Owed, remaining_s: Remaining) -> None:
        """Understand the note and show what came of it.

        Raises a retryable ServiceError to be asked again later, OutageOutlasted in the end.
        """
        stored = self._notes.load(late.wamid)
        if stored is not None:
            self._cards.show(self._understood(stored, remaining_s), late, remaining_s)

    def give_up(self, late: Owed, remaining_s: Remaining) -> None:  # noqa: ARG002  (as `Late` has it)
        """Our code breaks on it: the agent's card said already that there are no words."""
        stored = self._notes.load(late.wamid)
        if stored is not None:
            self._notes.save(replace(stored, note=broken(stored.note), tries=TOLD), working=False)

    def _understood(self, stored: StoredNote, remaining_s: Remaining) -> StoredNote:
        if is_done(stored.note):
            return stored
        done = self._cards.understood(*_next_try(stored), remaining_s)
        if not done.note.may_be_retried:
            return self._notes.save(done)
        if done.tries < MAX_TRIES:
            raise self._cards.tried_later(done)
        self._notes.save(replace(done, tries=TOLD), working=False)
        raise OutageOutlasted("the AI services stayed away too long", service="ai")


def _next_try(stored: StoredNote) -> tuple[StoredNote, VoiceNote]:
    """A first try after the agent was told, also of a redriven letter, begins another run."""
    if stored.tries == TOLD and stored.note.may_be_retried:
        return replace(stored, tries=TOLD + 1), stored.note.tried_once_more()
    return stored, resumable(stored.note)
