"""A voice note understood once more, from its stored audio, because an operator asked (VN-14).

After an outage that outlasted the retries, or with another model or prompt. What was made of it
before is replaced; a chat that is still live gets a new card.
"""

from dataclasses import replace

from chalicelib.ports.messages import StoredNote
from chalicelib.ports.queues import Queues
from chalicelib.voice_note import WrongStateError
from chalicelib.voice_notes import VoiceNotes


def reprocess(notes: VoiceNotes, queues: Queues, wamid: str) -> StoredNote | None:
    """Give the note to the slow queue again; None when there is no such note.

    Durable first, then queued: a crash between them is repaired by asking again.

    Raises:
        WrongStateError: somebody is at it, or its audio was never stored.
    """
    stored = notes.load(wamid)
    if stored is None:
        return None
    if notes.is_being_worked_on(stored):
        raise WrongStateError("it is being worked on; ask again in half a minute")
    note = stored.note if stored.note.waits_again else stored.note.reprocessed()
    kept = notes.save(replace(stored, note=note, handed_over=True, tries=1), working=False)
    queues.hand_over(kept.conversation, wamid, run=note.runs)
    return kept
