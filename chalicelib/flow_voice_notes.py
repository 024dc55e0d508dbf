"""What a contact flow is told about a voice note: ready, pending or failed, in flat strings.

The worker that received the note is normally faster than the flow; a flow's function does the
work itself only when that worker is gone. Its answer must be there within Connect's eight seconds.
"""

from collections.abc import Callable
from typing import Any, Literal

from chalicelib import log
from chalicelib.errors import ServiceError
from chalicelib.ports.messages import StoredNote
from chalicelib.voice_note import Step, VoiceNote
from chalicelib.voice_notes import VoiceNotes
from chalicelib.whatsapp.safe_text import clip

Answer = dict[str, str]
# Connect gives a flow's Lambda 8 s at the most (admin guide, invoke-lambda-function-block); what
# is left after start-up, reading and saving.
BUDGET_SECONDS = 5.5
NOTHING = "none"  # Connect refuses empty attribute values
MAX_TRANSCRIPT = 1000  # characters: attributes share 32 KB (StartChatContact), fields read better


class FlowVoiceNotes:
    """Answers the flow's two questions. `link`: makes a link for a person, from a key of ours."""

    def __init__(self, notes: VoiceNotes, link: Callable[[str], str]) -> None:
        self._notes = notes
        self._link = link

    def transcript(self, wamid: str, *, audio_link: bool = False) -> Answer:
        """The transcript, or how far it is. `ready` = any final transcript status.

        With `audio_link` also `audioUrl`, "none" when there is nothing to hear: a guide asks for it
        when it opens, because a link lives for hours.
        """
        told, note = self._answer(
            wamid, Step.TRANSCRIBE, lambda note: self._notes.transcribe_only(note, BUDGET_SECONDS)
        )
        return {**told, "audioUrl": self._audio(note)} if audio_link else told

    def facts(self, wamid: str) -> Answer:
        """The facts read from the transcript, or how far they are."""
        told, _ = self._answer(
            wamid, Step.STRUCTURE, lambda note: self._notes.structure_only(note, BUDGET_SECONDS)
        )
        return told

    def _audio(self, note: VoiceNote | None) -> str:
        """A link to what the customer said; without one the agent still has the words."""
        key = (note.wav_key or note.object_key) if note else ""
        try:
            return self._link(key) if key else NOTHING
        except ServiceError as problem:
            log.failure("no link to a voice note could be made", problem)
            return NOTHING

    def _answer(
        self,
        wamid: str,
        step: Literal[Step.TRANSCRIBE, Step.STRUCTURE],
        work: Callable[[StoredNote], StoredNote],
    ) -> tuple[Answer, VoiceNote | None]:
        stored = self._notes.load(wamid)
        if stored is None:
            unknown = {"status": "failed", "voiceNoteId": wamid, "reason": "unknown_voice_note"}
            return unknown, None
        readiness = stored.note.readiness(step)
        if readiness == "pending" and not self._notes.is_being_worked_on(stored):
            stored = self._worked(stored, step, work)
            readiness = stored.note.readiness(step)
        return {"status": readiness, **told(stored.note)}, stored.note

    def _worked(
        self,
        stored: StoredNote,
        step: Literal[Step.TRANSCRIBE, Step.STRUCTURE],
        work: Callable[[StoredNote], StoredNote],
    ) -> StoredNote:
        if stored.note.next_step is not step:
            return stored
        done = work(self._notes.save(stored))
        failure = done.note.failure
        # What may go better next time stays pending: the flow's own loop bounds the tries. The
        # lease ends either way, else the flow's next question would wait for ourselves.
        kept = stored if failure and failure.retryable else done
        return self._notes.save(kept, working=False)


def told(note: VoiceNote) -> Answer:
    """Every field a flow may read."""
    transcript, facts = note.transcript, note.facts or {}
    entities: dict[str, Any] = facts.get("entities") or {}
    failure = note.failure
    fields = {
        "voiceNoteId": note.wamid,
        "transcriptStatus": transcript.status.value if transcript else "",
        "transcript": clip(transcript.text, MAX_TRANSCRIPT) if transcript else "",
        "confidence": _number(transcript.confidence if transcript else None),
        "language": transcript.language if transcript else "",
        "intent": facts.get("intent"),
        "urgency": facts.get("urgency"),
        "sentiment": facts.get("sentiment"),
        "summary": facts.get("summary"),
        "orderNumber": entities.get("order_number"),
        "nextStep": facts.get("next_step"),
        "reason": failure.reason if failure else (transcript.error if transcript else ""),
    }
    return {name: str(value) if value else NOTHING for name, value in fields.items()}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
