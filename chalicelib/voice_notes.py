"""Voice notes: store first, then understand, resuming from whatever is done already.

Nothing here raises because an AI service is down: that is a state of the note, which the agent
sees and which can be tried again from the stored audio.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from chalicelib.breaker import Breaker
from chalicelib.errors import ContentError, PuenteError, Rejected
from chalicelib.log import count
from chalicelib.media_types import WAV, MediaType, needs_conversion, sniff
from chalicelib.ports.ai import Ai
from chalicelib.ports.files import Audio, Media
from chalicelib.ports.messages import Messages, StoredNote
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_note import REFUSAL, State, Step, VoiceNote

if TYPE_CHECKING:
    from chalicelib.prompt import StructuringContext

# A worker that has not written for this long is gone: inbound's function timeout (20 s) and one
# flow wait. Until then a flow is told "pending" and nobody transcribes twice.
LEASE_SECONDS = 30
# Voice notes longer than this are kept, not transcribed (VN bad input: 15 minutes).
MAX_SECONDS = 15 * 60 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What came of one try: the note, and the audio bytes when they were at hand."""

    stored: StoredNote
    audio: bytes = b""


class VoiceNotes:
    """The steps of a voice note, each safe to repeat."""

    def __init__(
        self,
        *,
        notes: Messages,
        whatsapp: WhatsApp,
        media: Media,
        ai: Ai,
        audio: Audio,
        clock: Callable[[], int],
        breaker: Breaker,
    ) -> None:
        self._breaker = breaker
        self._notes = notes
        self._whatsapp = whatsapp
        self._media = media
        self._ai = ai
        self._audio = audio
        self._clock = clock

    def store(self, note: StoredNote, key: str) -> StoredNote:
        """Bring the audio into the bucket under `key`.

        Raises Rejected when WhatsApp does not have it any more, other ServiceErrors to try again.
        """
        if note.note.state is not State.RECEIVED:
            return note
        self._whatsapp.fetch(note.origination_id, note.note.media_id, key)
        return replace(note, note=note.note.stored(key), working_since=self._clock())

    def understand(self, stored: StoredNote, budget_s: Callable[[], float]) -> Understanding:
        """Transcribe and structure as far as the time allows; saves nothing."""
        audio = self._media.read(stored.note.object_key)
        note = self._measured(stored.note, audio)
        if note.next_step is Step.TRANSCRIBE:
            note = self._transcribe(note, audio, stored.languages, budget_s())
        if note.next_step is Step.STRUCTURE:
            note = self._structure(note, budget_s())
        return Understanding(stored=replace(stored, note=note), audio=audio)

    def transcribe_only(self, stored: StoredNote, budget_s: float) -> StoredNote:
        """The transcript alone, for a contact flow that asks before the worker is ready."""
        audio = self._media.read(stored.note.object_key)
        note = self._measured(stored.note, audio)
        return replace(stored, note=self._transcribe(note, audio, stored.languages, budget_s))

    def structure_only(self, stored: StoredNote, budget_s: float) -> StoredNote:
        """The facts alone, from the transcript that is there."""
        return replace(stored, note=self._structure(stored.note, budget_s))

    def save(self, stored: StoredNote, *, working: bool = True) -> StoredNote:
        """Make what was reached durable, and renew the worker's lease, or end it."""
        kept = replace(stored, working_since=self._clock() if working else 0)
        self._notes.save_voice_note(kept)
        return kept

    def load(self, wamid: str) -> StoredNote | None:
        return self._notes.load_voice_note(wamid)

    def is_being_worked_on(self, stored: StoredNote) -> bool:
        """True while another worker is surely still at it."""
        return self._clock() - stored.working_since < LEASE_SECONDS

    def read(self, note: VoiceNote) -> bytes:
        """The audio as it arrived."""
        return self._media.read(note.object_key)

    def wav(self, audio: bytes) -> bytes:
        """The rendition agents can play in any browser. Raises ContentError when it is no sound."""
        return self._audio.to_wav(audio)

    def _measured(self, note: VoiceNote, audio: bytes) -> VoiceNote:
        if note.duration_s:
            return note
        try:
            return replace(note, duration_s=self._audio.probe(audio).duration_s)
        except ContentError:
            return note

    def _transcribe(
        self, note: VoiceNote, audio: bytes, languages: tuple[str, ...], budget_s: float
    ) -> VoiceNote:
        if note.duration_s > MAX_SECONDS:
            return note.transcribed(_unheard(note, TranscriptStatus.TOO_LONG))
        try:
            with self._breaker.passing():
                transcript = self._ai.transcribe(
                    *self._uploadable(audio),
                    budget_s=budget_s,
                    language_hints=languages,
                    duration_s=note.duration_s,
                )
        except PuenteError as problem:
            return _failed(note, Step.TRANSCRIBE, problem)
        note = _paid(note, transcript.cost_usd)
        if not transcript.is_final:
            return note.failed(Step.TRANSCRIBE, transcript.error or "failed", retryable=True)
        if not transcript.duration_s:
            transcript = replace(transcript, duration_s=note.duration_s)
        return note.transcribed(transcript)

    def _structure(self, note: VoiceNote, budget_s: float) -> VoiceNote:
        from chalicelib import voice_note_facts  # pydantic, and only notes with words need it

        transcript = note.transcript
        if transcript is None:
            return note
        try:
            with self._breaker.passing():
                answer = self._ai.structure(
                    transcript, self._context(transcript), budget_s=budget_s
                )
        except PuenteError as problem:
            return _failed(note, Step.STRUCTURE, problem)
        return _paid(note, answer.cost_usd).structured(
            voice_note_facts.to_plain(answer.facts),
            engine=answer.engine,
            schema=voice_note_facts.SCHEMA_VERSION,
        )

    def _uploadable(self, audio: bytes) -> tuple[bytes, MediaType]:
        """Audio in a container that speech services take; the original whenever they do."""
        kind = sniff(audio)
        return (self._audio.to_wav(audio), WAV) if needs_conversion(kind) else (audio, kind)

    def _context(self, transcript: Transcript) -> "StructuringContext":
        from chalicelib.prompt import StructuringContext

        return StructuringContext(
            received_at=datetime.fromtimestamp(self._clock(), UTC),
            language=transcript.language,
            transcript_status=transcript.status.value,
        )


def _paid(note: VoiceNote, cost_usd: Decimal | None) -> VoiceNote:
    """The note with what it cost. The service's bill comes days later; an alarm watches this
    (docs/operations.md)."""
    if not cost_usd:
        return note
    count("AiCostUsd", float(cost_usd))
    return replace(note, ai_usd=note.ai_usd + cost_usd)


def _failed(note: VoiceNote, step: Step, problem: PuenteError) -> VoiceNote:
    """The failed state; what makes no sense to repeat is a final transcript status instead.

    A refused request is tried again, too: mostly it is the settings that are refused, a model that
    is gone, a key without a right, and these are mended while the note waits. It is not billed.
    """
    reason = problem.code or type(problem).__name__
    if step is Step.TRANSCRIBE and isinstance(problem, ContentError):
        return note.transcribed(_unheard(note, TranscriptStatus.UNSUPPORTED_FORMAT, reason))
    refused = isinstance(problem, Rejected) and reason != REFUSAL
    retryable = problem.retryable or refused
    return note.failed(step, reason, retryable=retryable)


def _unheard(note: VoiceNote, status: TranscriptStatus, error: str = "") -> Transcript:
    return Transcript(status=status, duration_s=note.duration_s, error=error or status.value)
