"""Every kind of audio WhatsApp delivers becomes WAV; what is no audio is said to be none."""

import av
import pytest

from chalicelib.errors import ContentError
from chalicelib.gateways import audio
from chalicelib.media_types import OGG_OPUS, WAV, sniff
from tests.gateways import voice_samples as samples

#: How WhatsApp clients and other phones send sound; the AMR encoder is not in every PyAV.
FORMATS = [
    ("ogg", "libopus", 48_000, "ogg"),
    ("mp3", "libmp3lame", 44_100, "mp3"),
    ("adts", "aac", 44_100, "aac"),
    ("mp4", "aac", 44_100, "m4a"),
    ("amr", "libopencore_amrnb", 8_000, "amr"),
    ("flac", "flac", 16_000, "flac"),
    ("webm", "libopus", 48_000, "webm"),
    ("3gp", "aac", 16_000, "3gp"),
]


def has_encoder(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


@pytest.mark.parametrize(("container", "codec", "rate", "extension"), FORMATS)
def test_every_audio_type_is_named_measured_and_converted(
    container: str, codec: str, rate: int, extension: str
) -> None:
    if not has_encoder(codec):
        pytest.skip(f"this PyAV cannot write {codec}")
    data = samples.encoded(samples.tone(1.5), container, codec, rate)
    assert sniff(data).extension == extension
    assert audio.probe(data).duration_s == pytest.approx(1.5, abs=0.2)
    info = audio.probe(audio.to_wav(data))
    assert (info.codec, info.channels, info.sample_rate) == ("pcm_s16le", 1, 16_000)
    assert info.duration_s == pytest.approx(1.5, abs=0.2)


def test_a_voice_note_is_measured() -> None:
    info = audio.probe(samples.CLAIM_EN.read_bytes())
    assert (info.codec, info.channels, info.sample_rate) == ("opus", 1, 48_000)
    assert info.duration_s == pytest.approx(12.1, abs=0.1)


def test_the_same_note_always_gives_the_same_wav() -> None:
    """Retried deliveries must not look like another file."""
    data = samples.CLAIM_EN.read_bytes()
    assert audio.to_wav(data) == audio.to_wav(data)
    assert sniff(audio.to_wav(data)) == WAV


def test_an_agents_recording_becomes_a_voice_message() -> None:
    """WhatsApp shows a voice message only for Ogg with one mono Opus stream."""
    stereo = samples.encoded(samples.tone(1.0), "mp3", "libmp3lame", 44_100)
    voice = audio.to_voice_ogg(stereo)
    assert sniff(voice) == OGG_OPUS
    info = audio.probe(voice)
    assert (info.codec, info.channels) == ("opus", 1)
    assert info.duration_s == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"this is a text, not a voice note " * 40, "corrupt"),
        (b"OggS" + bytes(500), "corrupt"),
        (bytes(5000), "corrupt"),
    ],
)
def test_what_is_no_audio_is_refused_with_a_reason(data: bytes, code: str) -> None:
    for read in (audio.probe, audio.to_wav, audio.to_voice_ogg):
        with pytest.raises(ContentError) as caught:
            read(data)
        assert caught.value.code == code
        assert caught.value.blame == "customer"
        assert not caught.value.retryable


def test_a_video_without_sound_is_no_voice_note() -> None:
    for read in (audio.probe, audio.to_wav, audio.to_voice_ogg):
        with pytest.raises(ContentError) as caught:
            read(samples.silent_video())
        assert caught.value.code == "no_audio"


def test_a_file_of_no_length_is_no_voice_note() -> None:
    for read in (audio.to_wav, audio.to_voice_ogg):
        with pytest.raises(ContentError):
            read(samples.wav_without_samples())


def test_a_note_cut_off_in_transit_keeps_its_beginning() -> None:
    data = samples.CLAIM_EN.read_bytes()
    seconds = len(audio.to_pcm(data[: len(data) // 2])) / 2 / audio.WAV_RATE
    assert 3 < seconds < 9


def test_a_note_damaged_in_the_middle_keeps_the_rest() -> None:
    data = samples.CLAIM_EN.read_bytes()
    damaged = data[:8000] + bytes(2000) + data[10_000:]
    seconds = len(audio.to_pcm(damaged)) / 2 / audio.WAV_RATE
    assert 6 < seconds < 12.2


def test_a_long_file_is_read_only_as_far_as_asked() -> None:
    pcm = audio.to_pcm(samples.CLAIM_EN.read_bytes(), limit_s=2.0)
    assert len(pcm) == 2 * audio.WAV_RATE * 2


def test_a_mislabelled_file_is_read_by_its_bytes() -> None:
    """An m4a that came as voice.ogg is still heard."""
    m4a = samples.encoded(samples.tone(1.0), "mp4", "aac", 44_100)
    assert sniff(m4a).upload_name("voice") == "voice.m4a"
    assert audio.probe(audio.to_wav(m4a)).duration_s == pytest.approx(1.0, abs=0.2)


def test_no_ffmpeg_program_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert audio.to_wav(samples.CLAIM_EN.read_bytes()).startswith(b"RIFF")
