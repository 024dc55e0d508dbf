"""`/v1/audio/transcriptions` answered by an offline engine, in OpenAI's wire format.

What OpenAI has no member for travels in one extra member, `engine`: who really spoke. What the
engine does not understand is never text:

    silence, noise                           200, "text": ""
    words that are not to be believed, or
      that cannot be in the hinted language  400 unsupported_language
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
from sandbox.offline_ai import engines
from sandbox.offline_ai.heard import Engine, Heard, Word
from sandbox.offline_ai.multipart import Part

#: From this length on a note is refused: decoding it would take minutes.
TOO_LONG_S = 15 * 60
_LEAST_PROBABILITY = 1e-9


class ApiError(Exception):
    """An error answer in OpenAI's form."""

    def __init__(self, status: int, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param


def transcription(fields: dict[str, list[Part]], engine: str = "") -> dict[str, Any]:
    """The answer to a transcription request with these form fields. Raises ApiError.

    `engine`: one of `engines.NAMES`, "" for the chosen one.
    """
    model, file = _text(fields, "model"), _file(fields)
    if not model:
        raise ApiError(400, "missing_required_parameter", "you must provide a model", "model")
    _check_parameters(fields, model)
    info, pcm = _decoded(file)
    engine = engines.chosen(engine)
    speaker, heard = engines.loaded(engine), _heard(pcm, engine)
    hints = {part.text for name in ("languages", "language") for part in fields.get(name, [])}
    is_guess = speaker.language_source == "assumed"
    if heard.words and is_guess and hints and not hints & set(speaker.languages):
        raise _unsupported(f"the offline engine does not know {', '.join(sorted(hints))}")
    if not heard.is_understood:
        raise _unsupported("not understood: unclear, or in a language the engine does not know")
    answer = _answer(heard, speaker, info.duration_s)
    if has_languages(model):
        detected = heard.words and speaker.language_source == "detected"
        answer["languages"] = [{"code": heard.language}] if detected else []
    if _wants(fields, "logprobs"):
        answer["logprobs"] = [_logprob(word) for word in heard.words]
    return answer


@lru_cache(maxsize=32)
def _heard(pcm: bytes, engine: str) -> Heard:
    """Remembered: the second model of a list, or a retry, asks about the same sound again."""
    return engines.loaded(engine).hear(pcm)


def _answer(heard: Heard, speaker: Engine, duration_s: float) -> dict[str, Any]:
    return {
        "text": heard.text,
        "usage": {"type": "duration", "seconds": round(duration_s, 3)},
        "engine": {
            "name": speaker.name,
            "speech_seconds": round(heard.speech_s, 2),
            "language": heard.language,
            "language_source": speaker.language_source,
        },
    }


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
