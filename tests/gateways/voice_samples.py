"""Sound for tests, made when needed: tones, silence, and the voice notes shipped with the demo."""

import array
import io
import math
import random
import struct
from pathlib import Path

import av

from chalicelib.gateways import audio

ROOT = Path(__file__).resolve().parents[2]
CLAIM_EN = ROOT / "sandbox" / "voice_notes" / "claim_en.ogg"
CLAIM_ES = ROOT / "sandbox" / "voice_notes" / "claim_es.ogg"


def tone(seconds: float, hertz: float = 440.0, loudness: int = 8000) -> bytes:
    """A WAV file with one steady tone."""
    count = int(seconds * audio.WAV_RATE)
    step = 2 * math.pi * hertz / audio.WAV_RATE
    samples = array.array("h", (int(loudness * math.sin(step * at)) for at in range(count)))
    return audio.wav_file(samples.tobytes())


def noise(seconds: float, loudness: int) -> bytes:
    """A WAV file of white noise, always the same."""
    source = random.Random(7)
    count = int(seconds * audio.WAV_RATE)
    samples = array.array("h", (source.randint(-loudness, loudness) for _ in range(count)))
    return audio.wav_file(samples.tobytes())


def silence(seconds: float) -> bytes:
    """A WAV file of digital silence."""
    return audio.wav_file(bytes(int(seconds * audio.WAV_RATE) * 2))


def quarter_of_an_hour() -> bytes:
    """15 minutes of silence, packed small."""
    return encoded(silence(15 * 60 + 1), "flac", "flac", audio.WAV_RATE)


def encoded(wav: bytes, container: str, codec: str, rate: int) -> bytes:
    """The sound of a WAV file in another container and codec."""
    file = io.BytesIO()
    with av.open(io.BytesIO(wav)) as source, av.open(file, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate)
        stream.layout = "mono"
        resampler = av.AudioResampler(stream.codec_context.format or "s16", "mono", rate)
        for frame in source.decode(audio=0):
            for piece in resampler.resample(frame):
                target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return file.getvalue()


def silent_video() -> bytes:
    """An MP4 file with a picture and no sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as target:
        stream = target.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            target.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        target.mux(stream.encode(None))
    return file.getvalue()


def wav_without_samples() -> bytes:
    """A WAV header that promises nothing and keeps the promise."""
    return b"RIFF" + struct.pack("<I", 36) + audio.wav_file(b"")[8:]
