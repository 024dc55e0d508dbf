"""What an AI service answered, read into our terms. Pure: plain dicts in, dataclasses out.

Beyond OpenAI's own members an answer may carry `engine`, an object by which a server says who
really spoke: {"name": "offline-pocketsphinx-en-us", "speech_seconds": 5.1, "language": "en",
"language_source": "assumed"}. OpenAI never sends it; the sandbox always does.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from chalicelib import ai_prices
from chalicelib.errors import Garbled, Rejected
from chalicelib.transcript import LanguageSource, Transcript, TranscriptStatus
from chalicelib.voice_note_facts import VoiceNoteFacts

SERVICE = "openai"
_TOKEN_COUNTS = ("prompt_tokens", "completion_tokens")
#: `logprobs` and nothing else by which to judge: openai 3.52, transcription_create_params.
_HAS_LOGPROBS = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
#: `keywords` and `languages`: gpt-transcribe only (same source).
_HAS_LANGUAGES = ("gpt-transcribe",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Structuring:
    """Facts and where they come from. `cost_usd` is None when the price is not known."""

    facts: VoiceNoteFacts
    engine: str
    model: str
    tokens_in: int
    tokens_out: int
    attempts: int
    cost_usd: Decimal | None


def has_logprobs(model: str) -> bool:
    """Whether the model tells how sure it is (the diarizing one does not)."""
    return model.startswith(_HAS_LOGPROBS) and "diarize" not in model


def has_languages(model: str) -> bool:
    """Whether the model takes a list of likely languages and of keywords."""
    return model.startswith(_HAS_LANGUAGES)


def transcript(
    answer: Mapping[str, Any],
    *,
    model: str,
    engine: str,
    attempts: int,
    duration_s: float,
    hints: Sequence[str],
) -> Transcript:
    """The transcript in a `/v1/audio/transcriptions` answer, not yet vetted.

    Raises:
        KeyError, TypeError, ValueError: not such an answer.
    """
    text = answer["text"]
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    said = _engine(answer)
    seconds = _seconds(answer) or duration_s
    speaker = str(said.get("name") or engine)
    used = speaker if speaker.startswith("offline-") else model
    language, source = _language(answer, said, hints)
    return Transcript(
        text=text.strip(),
        status=TranscriptStatus.OK,
        language=language,
        language_source=source,
        confidence=confidence(answer.get("logprobs")),
        engine=speaker,
        model=used,
        duration_s=seconds,
        speech_s=_number(said.get("speech_seconds")),
        attempts=attempts,
        cost_usd=ai_prices.of_audio(used, seconds),
    )


def confidence(logprobs: Sequence[Mapping[str, Any]] | None) -> float | None:
    """Mean probability of the tokens, 0 to 1; None when the answer has none."""
    values = [item.get("logprob") for item in logprobs or ()]
    known = [math.exp(min(0.0, value)) for value in values if isinstance(value, int | float)]
    return round(sum(known) / len(known), 4) if known else None


_NAMES = {"english": "en", "spanish": "es", "portuguese": "pt"}


def _language(
    answer: Mapping[str, Any], said: Mapping[str, Any], hints: Sequence[str]
) -> tuple[str, LanguageSource]:
    detected = [item.get("code") for item in answer.get("languages") or ()]
    if detected and detected[0]:
        return str(detected[0])[:2].lower(), "detected"
    if said.get("language"):
        source: LanguageSource = (
            "detected" if said.get("language_source") == "detected" else "assumed"
        )
        return str(said["language"])[:2].lower(), source
    named = str(answer.get("language") or "").lower()
    if named:
        return _NAMES.get(named, named[:2]), "detected"
    return (hints[0], "hinted") if len(hints) == 1 else ("", "unknown")


def _engine(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    said = answer.get("engine")
    return said if isinstance(said, Mapping) else {}


def _seconds(answer: Mapping[str, Any]) -> float | None:
    usage = answer.get("usage")
    billed = usage.get("seconds") if isinstance(usage, Mapping) else None
    return _number(billed) or _number(answer.get("duration"))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


#: Refusals that are a verdict about the note, told by a server's error code or, where it sends
#: none, by its sentence (OpenAI's sentences: DictateKeyboard#322, chatwoot PR 13487).
_VERDICTS: tuple[tuple[re.Pattern[str], TranscriptStatus], ...] = (
    (re.compile(r"unsupported.language"), TranscriptStatus.UNSUPPORTED_LANGUAGE),
    (
        re.compile(r"too.long|longer than \d|too.large|maximum content size"),
        TranscriptStatus.TOO_LONG,
    ),
    (re.compile(r"too.short|no.speech"), TranscriptStatus.NO_SPEECH),
    (
        re.compile(
            r"(unsupported|unrecognized|invalid) file format|unsupported.format"
            r"|corrupted or unsupported|could not be decoded"
        ),
        TranscriptStatus.UNSUPPORTED_FORMAT,
    ),
)


def verdict(code: str, message: str = "") -> TranscriptStatus | None:
    """The final status a 4xx refusal of a recording means; None when it is not about the note."""
    said = f"{code} {message}".lower()
    return next((status for pattern, status in _VERDICTS if pattern.search(said)), None)


def complaints(error: ValidationError) -> list[str]:
    """What is wrong with an answer, field by field, without quoting any of its values."""
    return [
        f"{'.'.join(str(part) for part in item['loc']) or 'answer'}: {item['type']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def garbled(code: str) -> Garbled:
    """An answer nobody can use; `code` says why."""
    return Garbled(f"unusable answer: {code}", service=SERVICE, code=code)


def content_of(answer: Mapping[str, Any]) -> str:
    """The text of a chat answer's first choice.

    Raises:
        Rejected: the model refused ("refusal").
        Garbled: cut off ("truncated"), or without text ("no_content").
    """
    choice = (answer.get("choices") or [{}])[0]
    message = choice.get("message") or {}
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        raise Rejected("the model refused", service=SERVICE, code="refusal")
    if choice.get("finish_reason") == "length":
        raise garbled("truncated")
    content = message.get("content")
    if not isinstance(content, str):
        raise garbled("no_content")
    return content


def facts_of(content: str) -> VoiceNoteFacts:
    """The facts in an answer's text.

    Raises:
        Garbled: it does not fit the schema ("misfit").
    """
    try:
        return VoiceNoteFacts.model_validate_json(content)
    except ValidationError as error:
        raise garbled("misfit") from error


def joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
    """The second answer with the tokens of both: the repair is paid for, too."""
    usage = {key: _tokens(first, key) + _tokens(second, key) for key in _TOKEN_COUNTS}
    return {**second, "usage": usage}


def _tokens(answer: Mapping[str, Any], key: str) -> int:
    return int((answer.get("usage") or {}).get(key) or 0)


def structuring(
    answer: Mapping[str, Any], facts: VoiceNoteFacts, *, model: str, engine: str, attempts: int
) -> Structuring:
    """`facts` with the engine, tokens and price of the answer they came in."""
    said = str(answer.get("model") or model)
    tokens_in, tokens_out = (_tokens(answer, key) for key in _TOKEN_COUNTS)
    return Structuring(
        facts=facts,
        engine=said if said.startswith("offline-") else engine,
        model=said,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        attempts=attempts,
        cost_usd=ai_prices.of_text(said, tokens_in, tokens_out),
    )
