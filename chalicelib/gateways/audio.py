"""Audio: the only door to PyAV (the codecs are inside its wheel; no ffmpeg program is needed).

Reads everything WhatsApp sends (Ogg/Opus, AAC, AMR, MP3, M4A) from bytes and writes the two forms
we need: WAV for agents and recognisers, Ogg/Opus for voice messages to customers.
"""

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av

from chalicelib.errors import ContentError

#: 16 kHz mono 16 bit: what speech recognisers are trained on, and plays in every browser.
WAV_RATE = 16_000
#: Opus always decodes at 48 kHz (RFC 7845, 5.1); encoding at it avoids a second resampling.
OPUS_RATE = 48_000
#: Bits per second of WhatsApp's own voice notes is 16-24 thousand; below 512 KB the phone shows
#: a play icon (Meta, audio messages), which this reaches only after four minutes.
OPUS_BIT_RATE = 24_000
#: Nothing longer is decoded: 16 MB of Opus can hold hours, and memory and time are not free.
MAX_DECODED_S = 2 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo:
    """`duration_s` seconds; `codec` as FFmpeg names it ("opus"); `sample_rate` in hertz."""

    duration_s: float
    codec: str
    channels: int
    sample_rate: int


def probe(data: bytes) -> AudioInfo:
    """What the audio is, without decoding it.

    Raises:
        ContentError: empty, corrupt, or nothing with sound in it (`code` says which).
    """
    with _opened(data) as container:
        stream = _audio_stream(container)
        return AudioInfo(
            duration_s=_duration(data, container, stream),
            codec=stream.codec_context.name,
            channels=stream.codec_context.channels,
            sample_rate=stream.codec_context.sample_rate,
        )


def to_pcm(data: bytes, *, limit_s: float = MAX_DECODED_S) -> bytes:
    """Mono signed 16-bit little-endian samples at `WAV_RATE`, at most `limit_s` seconds of them.

    Raises:
        ContentError: empty, corrupt, or nothing with sound in it.
    """
    limit = int(limit_s * WAV_RATE) * 2
    pcm = bytearray()
    with _opened(data) as container:
        for piece in _resampled(container, WAV_RATE):
            pcm += bytes(piece.planes[0])[: piece.samples * 2]
            if len(pcm) >= limit:
                break
    if not pcm:
        raise _unreadable("no sound could be decoded", "no_audio")
    return bytes(pcm[:limit])


def to_wav(data: bytes) -> bytes:
    """A WAV file, 16 kHz mono 16 bit; the same bytes in give the same bytes out.

    Raises:
        ContentError: empty, corrupt, or nothing with sound in it.
    """
    return wav_file(to_pcm(data))


def wav_file(pcm: bytes, rate: int = WAV_RATE) -> bytes:
    """`pcm` (mono, signed 16 bit) with a WAV header."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def to_voice_ogg(data: bytes, *, bit_rate: int = OPUS_BIT_RATE) -> bytes:
    """An Ogg file with one mono Opus stream: the only form WhatsApp shows as a voice message.

    Raises:
        ContentError: empty, corrupt, or nothing with sound in it.
    """
    file = io.BytesIO()
    with _opened(data) as source, av.open(file, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=OPUS_RATE, options={"application": "voip"})
        stream.bit_rate = bit_rate
        stream.layout = "mono"
        heard = 0
        for piece in _resampled(source, OPUS_RATE):
            heard += piece.samples
            target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    if not heard:
        raise _unreadable("no sound could be decoded", "no_audio")
    return file.getvalue()


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    if not data:
        raise _unreadable("the file is empty", "empty")
    try:
        with av.open(io.BytesIO(data)) as container:
            yield container
    # IndexError: PyAV's answer to a container without the stream it announced.
    except (av.FFmpegError, IndexError) as error:
        raise _unreadable("the bytes cannot be read as audio", "corrupt") from error


def _audio_stream(container: Any) -> Any:
    if not container.streams.audio:
        raise _unreadable("there is no sound in the file", "no_audio")
    return container.streams.audio[0]


def _resampled(container: Any, rate: int) -> Iterator[Any]:
    stream = _audio_stream(container)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    for packet in _packets(container, stream):
        for frame in _decoded(packet):
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """The packets up to where the file stops making sense: a note cut short is still a note."""
    try:
        yield from container.demux(stream)
    except av.InvalidDataError:
        return


def _decoded(packet: Any) -> list[Any]:
    """The sound of a packet; none of a damaged one, so that the rest of the note is heard."""
    try:
        return list(packet.decode())
    except av.InvalidDataError:
        return []


def _duration(data: bytes, container: Any, stream: Any) -> float:
    """Seconds from the header; raw AAC and AMR have none, or a guess, so those are decoded."""
    if stream.duration is not None and container.format.name not in ("aac", "amr"):
        return float(stream.duration * stream.time_base)
    return len(to_pcm(data)) / 2 / WAV_RATE


def _unreadable(message: str, code: str) -> ContentError:
    return ContentError(message, code=code, tell_agent="problem.media_unreadable")
