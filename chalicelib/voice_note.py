"""A voice note on its way to the agent: its states and what may follow what. Pure.

    received -> stored -> transcribed -> structured -> delivered
        \\________\\___________\\____________\\
                                            failed(step, reason, retryable)

Every step starts from what the step before left (the audio from S3 on), so a step that is done
twice does the same thing twice. `transcribed -> delivered` is the note with nothing to
structure; `failed -> delivered` the agent's card that says so; `delivered -> stored` a
reprocessing somebody asked for.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from chalicelib import transcript as transcripts
from chalicelib.errors import PuenteError
from chalicelib.transcript import Transcript, TranscriptStatus

__all__ = ["Failure", "State", "Step", "Transcript", "VoiceNote", "WrongStateError"]


class State(StrEnum):
    """How far a voice note has come."""

    RECEIVED = "received"
    STORED = "stored"
    TRANSCRIBED = "transcribed"
    STRUCTURED = "structured"
    DELIVERED = "delivered"
    FAILED = "failed"


class Step(StrEnum):
    """The work that leads from one state to the next."""

    STORE = "store"
    TRANSCRIBE = "transcribe"
    STRUCTURE = "structure"
    DELIVER = "deliver"


class WrongStateError(PuenteError):
    """A step was recorded that cannot follow the state the note is in."""


_MAY_FOLLOW: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.STORED, State.FAILED}),
    State.STORED: frozenset({State.TRANSCRIBED, State.FAILED}),
    State.TRANSCRIBED: frozenset({State.STRUCTURED, State.DELIVERED, State.FAILED}),
    State.STRUCTURED: frozenset({State.DELIVERED, State.FAILED}),
    State.DELIVERED: frozenset({State.STORED}),
    State.FAILED: frozenset({State.DELIVERED}),
}
_BEFORE = {
    Step.STORE: State.RECEIVED,
    Step.TRANSCRIBE: State.STORED,
    Step.STRUCTURE: State.TRANSCRIBED,
    Step.DELIVER: State.STRUCTURED,
}
BROKEN = "broken"  # reason of a failure that our own code is to blame for
REFUSAL = "refusal"  # the model will not speak of it: that is its answer
# Reasons that tell of an answer, paid for and of no use: no outage, so asking for long is in vain.
UNUSABLE = frozenset({"misfit", "truncated", "no_content", "not_a_transcript"})
Readiness = Literal["ready", "pending", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Which step failed, why (a machine word such as "insufficient_quota"), and if to try again."""

    step: Step
    reason: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceNote:
    """One voice note. `facts` is `voice_note_facts.to_plain`, kept plain so that reading a note
    does not import pydantic; `object_key` and `wav_key` are S3 keys, "" until they exist; `ai_usd`:
    what its answers cost at list price, of every run; `words_told`: an earlier card holds the
    words, only the fields are still owed."""

    wamid: str
    state: State = State.RECEIVED
    media_id: str = ""
    object_key: str = ""
    wav_key: str = ""
    duration_s: float = 0.0
    transcript: Transcript | None = None
    facts: dict[str, Any] | None = None
    facts_engine: str = ""
    facts_schema: str = ""
    failure: Failure | None = None
    runs: int = field(default=1)
    words_told: bool = False
    ai_usd: Decimal = Decimal(0)

    def stored(self, object_key: str, *, duration_s: float = 0.0, wav_key: str = "") -> "VoiceNote":
        """The audio lies in S3: from here on nothing can lose it."""
        return self._to(State.STORED, object_key=object_key, duration_s=duration_s, wav_key=wav_key)

    def transcribed(self, transcript: Transcript) -> "VoiceNote":
        """A final transcript exists, whether it holds words or says why it does not."""
        if not transcript.is_final:
            raise WrongStateError("a failed transcription is recorded with failed()")
        return self._to(State.TRANSCRIBED, transcript=transcript)

    def structured(self, facts: dict[str, Any], *, engine: str, schema: str) -> "VoiceNote":
        """Facts were read from the transcript under schema version `schema`."""
        return self._to(State.STRUCTURED, facts=facts, facts_engine=engine, facts_schema=schema)

    def delivered(self) -> "VoiceNote":
        """The agent has the card. A failure stays on record: the card told of it."""
        return self._to(State.DELIVERED)

    def failed(self, step: Step, reason: str, *, retryable: bool) -> "VoiceNote":
        """`step` failed; `retried` goes back to where it started."""
        failure = Failure(step=step, reason=reason, retryable=retryable)
        return self._to(State.FAILED, failure=failure)

    def retried(self) -> "VoiceNote":
        """Back to the state before the failed step.

        Raises:
            WrongStateError: it did not fail, or trying again changes nothing.
        """
        if self.state is not State.FAILED or self.failure is None or not self.may_be_retried:
            raise WrongStateError(f"a {self.state} note cannot be retried")
        return replace(self, state=self._resumes_at(self.failure.step), failure=None)

    def given_up(self) -> "VoiceNote":
        """The same failure, and no try follows by itself."""
        if self.failure is None:
            raise WrongStateError(f"a {self.state} note did not fail")
        return replace(self, failure=replace(self.failure, retryable=False))

    def tried_once_more(self) -> "VoiceNote":
        """Retried although the agent was told that it failed: what comes now has its own card."""
        return replace(self.retried(), runs=self.runs + 1, words_told=self._has_words)

    def reprocessed(self) -> "VoiceNote":
        """A note nothing more is done about, to be understood once more from its stored audio.

        Raises:
            WrongStateError: it is under way, or its audio was never stored.
        """
        if self.next_step not in (None, Step.DELIVER) or not self.object_key:
            raise WrongStateError(f"a {self.state} note cannot be reprocessed")
        return replace(
            self,
            state=State.STORED,
            transcript=None,
            facts=None,
            facts_engine="",
            facts_schema="",
            failure=None,
            runs=self.runs + 1,
            words_told=False,
        )

    @property
    def may_be_retried(self) -> bool:
        """Whether its last step failed and may go better another time."""
        return self.failure is not None and self.failure.retryable

    @property
    def waits_again(self) -> bool:
        """Whether it was already put back to be understood once more."""
        return self.runs > 1 and self.state is State.STORED

    @property
    def next_step(self) -> Step | None:
        """What to do now; None when it is delivered, or failed for good and told."""
        if self.state is State.TRANSCRIBED:
            return Step.STRUCTURE if self._has_words else Step.DELIVER
        steps = {
            State.RECEIVED: Step.STORE,
            State.STORED: Step.TRANSCRIBE,
            State.STRUCTURED: Step.DELIVER,
            State.FAILED: Step.DELIVER,
        }
        return steps.get(self.state)

    def readiness(self, step: Literal[Step.TRANSCRIBE, Step.STRUCTURE]) -> Readiness:
        """What a contact flow is told about `step`: ready, pending or failed."""
        if step is Step.TRANSCRIBE and self.transcript is not None:
            return "ready"
        if step is Step.STRUCTURE and self.facts is not None:
            return "ready"
        if step is Step.STRUCTURE and self.transcript is not None and not self._has_words:
            return "ready"
        return "failed" if self.failure is not None else "pending"

    @property
    def _has_words(self) -> bool:
        return self.transcript is not None and self.transcript.status in (
            TranscriptStatus.OK,
            TranscriptStatus.DRAFT,
        )

    def _resumes_at(self, step: Step) -> State:
        if step is Step.DELIVER and self.facts is None:
            return State.TRANSCRIBED
        return _BEFORE[step]

    def _to(self, state: State, **changes: Any) -> "VoiceNote":
        if state not in _MAY_FOLLOW[self.state]:
            raise WrongStateError(f"{state} cannot follow {self.state}")
        return replace(self, state=state, **changes)


_PLAIN = ("wamid", "media_id", "object_key", "wav_key", "facts_engine", "facts_schema")


def to_plain(note: VoiceNote) -> dict[str, Any]:
    """A dict for DynamoDB: no floats, nothing absent."""
    plain: dict[str, Any] = {name: getattr(note, name) for name in _PLAIN if getattr(note, name)}
    plain |= {"state": note.state.value, "duration_s": str(note.duration_s), "runs": note.runs}
    if note.words_told:
        plain["words_told"] = True
    if note.ai_usd:
        plain["ai_usd"] = str(note.ai_usd)
    if note.transcript is not None:
        plain["transcript"] = transcripts.to_plain(note.transcript)
    if note.facts is not None:
        plain["facts"] = note.facts
    if note.failure is not None:
        plain["failure"] = {
            "step": note.failure.step.value,
            "reason": note.failure.reason,
            "retryable": note.failure.retryable,
        }
    return plain


def from_plain(plain: dict[str, Any]) -> VoiceNote:
    """The inverse of `to_plain`; unknown keys (of a later version) are ignored.

    Raises:
        KeyError: no wamid or state.
        ValueError: a state, step or number nobody knows.
    """
    failure, transcript = plain.get("failure"), plain.get("transcript")
    return VoiceNote(
        **{name: plain[name] for name in _PLAIN if name in plain},
        state=State(plain["state"]),
        duration_s=float(plain.get("duration_s", 0)),
        runs=int(plain.get("runs", 1)),
        words_told=bool(plain.get("words_told")),
        ai_usd=Decimal(plain.get("ai_usd", 0)),
        transcript=None if transcript is None else transcripts.from_plain(transcript),
        facts=plain.get("facts"),
        failure=None if failure is None else _failure(failure),
    )


def _failure(plain: dict[str, Any]) -> Failure:
    return Failure(
        step=Step(plain["step"]), reason=plain["reason"], retryable=bool(plain["retryable"])
    )
