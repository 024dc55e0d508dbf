"""Transcript: what a speech engine made of a voice note, and how far it may be believed.

Pure. `vet` is the only place where a transcript loses its text or its "ok".
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from chalicelib.words import words


class TranscriptStatus(StrEnum):
    """Every end a transcription can have; all of them are final but `FAILED`."""

    OK = "ok"
    DRAFT = "draft"
    NO_SPEECH = "no_speech"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    TOO_LONG = "too_long"
    UNSUPPORTED_FORMAT = "unsupported_format"
    FAILED = "failed"


LanguageSource = Literal["detected", "hinted", "assumed", "unknown"]
Band = Literal["good", "draft", "withheld", "unknown"]

#: Mean word probability; bands measured over 21 English and 8 other notes: word error rate up to
#: 0.18 gave 0.54-0.89, every note in another language 0.18-0.52 (docs/voice-notes.md, voice).
GOOD = 0.70
DRAFT = 0.45
#: Words per second of speech outside of which something was lost or invented.
SLOWEST, FASTEST = 0.7, 5.5
#: A pause before or after one sentence must not look like lost words.
SLOW_NEEDS_S = 5.0
#: The longest note that may consist of a single word ("yes").
ONE_WORD_S = 4.0
#: A phrase of three words said this often in one note is a decoder going round in circles.
LOOPS = 4
#: Subtitle phrases speech models write over silence, whole and alone (known Whisper behaviour:
#: LlamaEdge/whisper-api-server#4, ha-openai-whisper-stt-api#10).
PHANTOMS = frozenset(
    {
        "thank you",
        "thanks for watching",
        "thank you for watching",
        "thank you very much for watching",
        "please subscribe",
        "please subscribe to my channel",
        "like and subscribe",
        "thanks for watching and please subscribe",
        "subtitles by the amara org community",
        "see you in the next video",
        "you",
        "bye",
        "gracias por ver el video",
        "gracias por ver",
        "suscríbete al canal",
        "suscribete",
        "subtítulos realizados por la comunidad de amara org",
        "subtítulos por la comunidad de amara org",
        "obrigado por assistir",
        "inscreva se no canal",
        "legendas pela comunidade amara org",
        "legenda por sônia ruberti",
        "e aí",
    }
)
#: Phantoms a customer may really say; only suspicious when nothing measured supports them.
_SAYABLE = frozenset({"thank you", "you", "bye", "e aí"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """`text` is verbatim; empty unless `status` is ok or draft.

    `confidence` is 0 to 1, None where the engine gives none. `engine` is who spoke, e.g. "openai"
    or "offline-pocketsphinx-en-us"; `model` as the engine names it. `error` is a machine word that
    says why the status is not plainly ok. `cost_usd` is None when the price is not known.
    """

    text: str = ""
    status: TranscriptStatus
    language: str = ""
    language_source: LanguageSource = "unknown"
    confidence: float | None = None
    engine: str = ""
    model: str = ""
    duration_s: float = 0.0
    speech_s: float | None = None
    error: str = ""
    attempts: int = 0
    cost_usd: Decimal | None = None

    @property
    def band(self) -> Band:
        """How far the confidence goes: good, draft, withheld; unknown without one."""
        return band(self.confidence)

    @property
    def is_final(self) -> bool:
        """False only when trying again could change something."""
        return self.status is not TranscriptStatus.FAILED

    @property
    def is_offline(self) -> bool:
        """Made by the laptop's own recogniser, not by a service."""
        return self.engine.startswith("offline-")


def band(confidence: float | None) -> Band:
    """The confidence band; bounds belong to the better band."""
    if confidence is None:
        return "unknown"
    if confidence >= GOOD:
        return "good"
    return "draft" if confidence >= DRAFT else "withheld"


def vet(transcript: Transcript, likely_languages: Sequence[str] = ()) -> Transcript:
    """`transcript` with the status its text deserves; text that is not to be trusted is removed.

    `likely_languages`: ISO 639-1 codes the customer is expected to speak; empty = anything.
    Only ok and draft are examined, every other status is already a verdict.
    """
    if transcript.status not in (TranscriptStatus.OK, TranscriptStatus.DRAFT):
        return replace(transcript, text="")
    spoken = words(transcript.text)
    if _is_nothing(transcript, spoken):
        return _without_text(transcript, TranscriptStatus.NO_SPEECH, "nothing_understood")
    if transcript.band == "withheld":
        return _without_text(transcript, TranscriptStatus.UNSUPPORTED_LANGUAGE, "low_confidence")
    doubt = _doubt(transcript, spoken, likely_languages)
    if doubt or transcript.band == "draft":
        reason = doubt or transcript.error or "unclear"
        return replace(transcript, status=TranscriptStatus.DRAFT, error=reason)
    return transcript


def _without_text(transcript: Transcript, status: TranscriptStatus, error: str) -> Transcript:
    return replace(transcript, text="", status=status, error=error)


def _is_nothing(transcript: Transcript, spoken: list[str]) -> bool:
    if not spoken:
        return True
    if len(spoken) == 1 and transcript.duration_s > ONE_WORD_S:
        return True
    phrase = " ".join(spoken)
    if phrase in _SAYABLE:
        return transcript.band == "unknown" and transcript.duration_s > ONE_WORD_S
    return phrase in PHANTOMS


def _doubt(transcript: Transcript, spoken: list[str], likely: Sequence[str]) -> str:
    """The first reason not to call this transcript simply ok; "" when there is none."""
    seconds = transcript.duration_s if transcript.speech_s is None else transcript.speech_s
    rate = len(spoken) / seconds if seconds > 0 else None
    if rate is not None and rate > FASTEST:
        return "more_words_than_time"
    if rate is not None and rate < SLOWEST and seconds >= SLOW_NEEDS_S:
        return "words_missing"
    if _goes_in_circles(spoken):
        return "repeats_itself"
    if len(spoken) == 1 and transcript.band == "unknown":
        return "one_word"
    if likely and transcript.language and transcript.language not in likely:
        return "unexpected_language"
    return ""


def _goes_in_circles(spoken: list[str]) -> bool:
    triples = Counter(zip(spoken, spoken[1:], spoken[2:], strict=False))
    # Runs of digits repeat for good reasons: "zero zero zero zero zero".
    return any(count >= LOOPS and len(set(three)) > 1 for three, count in triples.items())


def to_plain(transcript: Transcript) -> dict[str, Any]:
    """A flat dict for DynamoDB: numbers as decimal strings, absent values left out."""
    plain = {name: value for name, value in asdict(transcript).items() if value not in (None, "")}
    return {
        name: str(value) if isinstance(value, float | Decimal | StrEnum) else value
        for name, value in plain.items()
    }


_FLOATS = frozenset({"confidence", "duration_s", "speech_s"})


def from_plain(plain: dict[str, Any]) -> Transcript:
    """The inverse of `to_plain`; unknown keys (of a later version) are ignored.

    Raises:
        KeyError: no status.
        ValueError: a status or number nobody knows.
    """
    known = {field.name for field in fields(Transcript)}
    values = {name: value for name, value in plain.items() if name in known}
    values["status"] = TranscriptStatus(plain["status"])
    for name in _FLOATS & values.keys():
        values[name] = float(values[name])
    if "cost_usd" in values:
        values["cost_usd"] = Decimal(values["cost_usd"])
    if "attempts" in values:
        values["attempts"] = int(values["attempts"])
    return Transcript(**values)
