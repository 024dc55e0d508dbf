"""The default offline speech engine: pocketsphinx with the English model in its wheel.

It understands clear English and nothing else,
so its main virtue must be to know when it did not understand. Two things are measured: the mean
word posterior, and how much worse the best words explain the sound than a free sequence of
English phones does (`phone_gap`). Speech of another language is explained badly by English words,
whatever words come out. `python -m benchmarks.eval_voice --engine pocketsphinx` measures it.
"""

import array
import math
import random
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pocketsphinx import Decoder, Vad, get_model_path

from chalicelib.gateways.audio import WAV_RATE
from chalicelib.transcript import DRAFT
from sandbox.offline_ai.digit_words import repaired
from sandbox.offline_ai.heard import LEAST_SPEECH_S, Heard, Word

#: Digital silence upsets the features; a trace of noise, always the same, removes it
#: (20.5 % -> 17-20 % word error rate on the shared notes).
_NOISE_LSB, _NOISE_SEED = 8, 2
#: Language weight; the default 6.5 is no better, 8 and 9.5 are worse.
_LANGUAGE_WEIGHT = 6
#: Longer sound is heard in pieces cut at a quiet place, or memory grows past 300 MB.
_PIECE_S, _CUT_WITHIN_S, _QUIET_S = 60, 15, 0.2
#: A steady tone gives one word with full confidence, so one is none.
_LEAST_WORDS = 2
#: The worse English phones fit the sound, the surer the words must be: a line between 65 English
#: and 44 other notes (synthetic and human), drawn so that no other language passes; of English it
#: costs the least clear robot voices.
_SURE_AT, _GAP_AT, _SLOPE = 0.40, -1.4, 0.25
_BYTES_PER_S = WAV_RATE * 2
_FRAMES_PER_S = 100


class PocketsphinxEngine:
    """One loaded model. Threads take turns: the decoder has a single state."""

    name: str = "offline-pocketsphinx-en-us"
    languages: tuple[str, ...] = ("en",)
    language_source: Literal["detected", "assumed"] = "assumed"

    def __init__(self) -> None:
        model = Path(get_model_path()) / "en-us"
        self._decoder = Decoder(lw=_LANGUAGE_WEIGHT, loglevel="FATAL")
        # The dictionary's own pronunciation ends in -op; customers also say -app.
        self._decoder.add_word("whatsapp(2)", "W AA T S AE P")
        self._decoder.add_allphone_file("phones", str(model / "en-us-phone.lm.bin"))
        self._words_search = self._decoder.current_search()
        self._turn = threading.Lock()

    def hear(self, pcm: bytes) -> Heard:
        """See `Engine.hear`."""
        duration_s, speech_s = len(pcm) / _BYTES_PER_S, speech_seconds(pcm)
        if speech_s < LEAST_SPEECH_S:
            return Heard(duration_s=duration_s, speech_s=speech_s)
        words: list[Word] = []
        lost = 0.0
        with self._turn:
            for piece in _pieces(pcm):
                found, loss = self._hear_piece(_with_noise(piece))
                words += found
                lost += loss
        gap = 1000 * lost / (duration_s * _FRAMES_PER_S)
        if len(words) < _LEAST_WORDS:
            return Heard(duration_s=duration_s, speech_s=speech_s)
        return Heard(
            words=_with_digits(words),
            duration_s=duration_s,
            speech_s=speech_s,
            language="en",
            is_understood=is_understood([word.probability for word in words], gap),
        )

    def _hear_piece(self, pcm: bytes) -> tuple[list[Word], float]:
        self._decode(pcm, self._words_search)
        # The segment objects are reused by the iterator: take what is needed at once.
        words = [Word(_plain(seg.word), seg.prob) for seg in self._decoder.seg() if _is_word(seg)]
        best = self._log_score()
        self._decode(pcm, "phones")
        return words, best - self._log_score()

    def _decode(self, pcm: bytes, search: str) -> None:
        # The front end remembers the notes before this one; a note has to sound the same always.
        self._decoder.reinit_feat()
        self._decoder.activate_search(search)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()

    def _log_score(self) -> float:
        hypothesis = self._decoder.hyp()
        score = hypothesis.score if hypothesis else 0.0
        return math.log(score) if score > 0 else 0.0


@cache
def engine() -> PocketsphinxEngine:
    """The process's engine; loading the model takes about 0.4 s and 150 MB, once."""
    return PocketsphinxEngine()


def is_understood(probabilities: Sequence[float], phone_gap: float) -> bool:
    """Whether words so sure, with so bad an acoustic fit, may be shown at all.

    The sureness counts less one standard error: few words prove little.
    """
    mean = sum(probabilities) / len(probabilities)
    if mean < DRAFT:
        return False
    variance = sum((value - mean) ** 2 for value in probabilities) / len(probabilities)
    at_least = mean - math.sqrt(variance / len(probabilities))
    return at_least >= _SURE_AT + _SLOPE * (_GAP_AT - phone_gap)


def speech_seconds(pcm: bytes) -> float:
    """Seconds a voice activity detector takes for speech (0 for silence; loud noise counts)."""
    vad = Vad(mode=2, sample_rate=WAV_RATE, frame_length=0.03)
    size = vad.frame_bytes
    frames = range(0, len(pcm) - size + 1, size)
    return float(sum(vad.is_speech(pcm[at : at + size]) for at in frames) * vad.frame_length)


def _with_noise(pcm: bytes) -> bytes:
    samples = array.array("h", pcm)
    noise = random.Random(_NOISE_SEED).randbytes(len(samples))
    span = 2 * _NOISE_LSB + 1
    return array.array(
        "h",
        (
            max(-32768, min(32767, sample + byte % span - _NOISE_LSB))
            for sample, byte in zip(samples, noise, strict=True)
        ),
    ).tobytes()


def _pieces(pcm: bytes) -> Iterator[bytes]:
    whole = int(_PIECE_S * _BYTES_PER_S)
    while len(pcm) > whole:
        cut = _quietest(pcm, whole - int(_CUT_WITHIN_S * _BYTES_PER_S), whole)
        yield pcm[:cut]
        pcm = pcm[cut:]
    yield pcm


def _quietest(pcm: bytes, start: int, end: int) -> int:
    """The middle of the quietest stretch between two byte positions."""
    step = int(_QUIET_S * _BYTES_PER_S) // 2 * 2
    places = range(start, end - step, step)
    best = min(places, key=lambda at: sum(map(abs, array.array("h", pcm[at : at + step]))))
    return best + step // 4 * 2


def _with_digits(words: Sequence[Word]) -> tuple[Word, ...]:
    texts = repaired([word.text for word in words])
    return tuple(Word(text, w.probability) for text, w in zip(texts, words, strict=True))


def _is_word(segment: Any) -> bool:
    return segment.word[0] not in "<[+"


def _plain(word: str) -> str:
    """Without the number of the pronunciation: "hello(2)" -> "hello"."""
    return word.split("(", 1)[0]
