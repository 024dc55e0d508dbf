"""`/v1/audio/transcriptions` answered by the offline recogniser, in OpenAI's wire format.

What OpenAI has no member for travels in one extra member, `engine`: who really spoke. What the
recogniser does not understand is never text:

    silence, noise, fewer than two words     200, "text": ""
    a language hint without English          400 unsupported_language (speech present)
    words that are not to be believed        400 unsupported_language
    15 minutes or more                       400 audio_too_long
    not audio, or a file name that lies      400 unsupported_format
"""

import math
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from chalicelib.ai_answers import has_languages, has_logprobs
from chalicelib.errors import ContentError
from chalicelib.gateways import audio
from chalicelib.media_types import TRANSCRIBABLE, sniff
from sandbox.offline_ai.multipart import Part
from sandbox.offline_ai.recogniser import (
    ENGINE,
    LEAST_SPEECH_S,
    Heard,
    Word,
    recogniser,
    speech_seconds,
)

LANGUAGE = "en"
#: From this length on a note is refused: decoding it would take minutes.
TOO_LONG_S = 15 * 60
_LEAST_PROBABILITY = 1e-9


class ApiError(Exception):
    """An error answer in OpenAI's form."""

    def __init__(self, status: int, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param


def transcription(fields: dict[str, list[Part]]) -> dict[str, Any]:
    """The answer to a transcription request with these form fields. Raises ApiError."""
    model, file = _text(fields, "model"), _file(fields)
    if not model:
        raise ApiError(400, "missing_required_parameter", "you must provide a model", "model")
    _check_parameters(fields, model)
    info, pcm = _decoded(file)
    languages = [part.text for name in ("languages", "language") for part in fields.get(name, [])]
    if languages and LANGUAGE not in languages and speech_seconds(pcm) >= LEAST_SPEECH_S:
        raise _unsupported(f"the offline engine knows English, not {', '.join(languages)}")
    heard = _heard(pcm)
    if heard.has_words and not heard.is_understood:
        raise _unsupported("not understood: unclear, or not English")
    return _answer(heard, model, info.duration_s, _wants(fields, "logprobs"))


@lru_cache(maxsize=8)
def _heard(pcm: bytes) -> Heard:
    """Remembered: the second model of a list, or a retry, asks about the same sound again."""
    return recogniser().hear(pcm)


def _answer(heard: Heard, model: str, duration_s: float, with_logprobs: bool) -> dict[str, Any]:
    words = heard.words if heard.has_words else ()
    answer: dict[str, Any] = {
        "text": heard.text if words else "",
        "usage": {"type": "duration", "seconds": round(duration_s, 3)},
        "engine": {
            "name": ENGINE,
            "speech_seconds": round(heard.speech_s, 2),
            "language": LANGUAGE if words else "",
            "language_source": "assumed",
        },
    }
    if has_languages(model):
        answer["languages"] = []  # the engine detects none: it knows a single one
    if with_logprobs:
        answer["logprobs"] = [_logprob(word) for word in words]
    return answer


def _logprob(word: Word) -> dict[str, Any]:
    value = min(0.0, math.log(max(word.probability, _LEAST_PROBABILITY)))
    return {"token": word.text, "logprob": value, "bytes": list(word.text.encode())}


def _check_parameters(fields: dict[str, list[Part]], model: str) -> None:
    """Refuse what the real service refuses, so that a wrong request shows on a laptop."""
    if _text(fields, "response_format") not in ("", "json"):
        raise ApiError(400, "unsupported_value", "only json is played here", "response_format")
    if _text(fields, "stream") in ("true", "True"):
        raise ApiError(400, "unsupported_value", "streaming is not played here", "stream")
    if _wants(fields, "logprobs") and not has_logprobs(model):
        raise ApiError(400, "unsupported_value", f"{model} has no logprobs", "include")
    for name in ("languages", "keywords"):
        if name in fields and not has_languages(model):
            raise ApiError(400, "unsupported_parameter", f"{model} takes no {name}", name)


def _decoded(file: Part) -> tuple[audio.AudioInfo, bytes]:
    extension = PurePath(file.filename).suffix.removeprefix(".").lower()
    if extension not in TRANSCRIBABLE:
        raise _bad_format(f"Unsupported file format {extension or '(none)'}")
    media = sniff(file.content)
    if media.extension != extension and media.kind == "audio":
        raise _bad_format(f"Invalid file format: {extension} by name, {media.extension} inside")
    try:
        info = audio.probe(file.content)
        if info.duration_s >= TOO_LONG_S:
            message = f"audio is longer than {TOO_LONG_S} seconds"
            raise ApiError(400, "audio_too_long", message, "file")
        return info, audio.to_pcm(file.content, limit_s=TOO_LONG_S)
    except ContentError as error:
        raise _bad_format("Audio file might be corrupted or unsupported") from error


def _bad_format(message: str) -> ApiError:
    return ApiError(400, "unsupported_format", message, "file")


def _unsupported(message: str) -> ApiError:
    return ApiError(400, "unsupported_language", message, "languages")


def _wants(fields: dict[str, list[Part]], what: str) -> bool:
    return any(part.text == what for part in fields.get("include", []))


def _text(fields: dict[str, list[Part]], name: str) -> str:
    return fields[name][0].text if name in fields else ""


def _file(fields: dict[str, list[Part]]) -> Part:
    file = fields.get("file", [None])[0]
    if file is None or not file.filename:
        raise ApiError(400, "missing_required_parameter", "you must provide a file", "file")
    return file
