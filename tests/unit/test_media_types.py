"""A file is what its bytes say, whatever its name or declared type."""

import io
import zipfile

import pytest

from chalicelib import media_types as mt


def ogg(first_packet: bytes) -> bytes:
    return b"OggS\x00\x02" + bytes(20) + b"\x01\x13" + first_packet + bytes(40)


def mp4(brand: bytes, *handlers: bytes) -> bytes:
    boxes = b"".join(
        b"\x00\x00\x00\x20hdlr" + bytes(8) + handler + bytes(12) for handler in handlers
    )
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(12) + boxes


def office(part: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<x/>")
    return file.getvalue()


def plain_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", "x")
    return file.getvalue()


def open_document() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return file.getvalue()


SAMPLES = {
    "a WhatsApp voice note": (ogg(b"OpusHead\x01\x01"), mt.OGG_OPUS),
    "Ogg Vorbis": (ogg(b"\x01vorbis"), mt.OGG_VORBIS),
    "Ogg FLAC": (ogg(b"\x7fFLAC\x01"), mt.OGG_FLAC),
    "Ogg Speex": (ogg(b"Speex   1.2"), mt.OGG_SPEEX),
    "Ogg with an unknown codec": (ogg(b"whatever"), mt.OGG_AUDIO),
    "Ogg video": (ogg(b"\x80theora"), mt.OGG_VIDEO),
    "WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt ", mt.WAV),
    "WebP": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", mt.WEBP),
    "AVI": (b"RIFF\x24\x00\x00\x00AVI LIST", mt.AVI),
    "AIFF": (b"FORM\x00\x00\x00\x24AIFFCOMM", mt.AIFF),
    "a RIFF of no known form": (b"RIFF\x24\x00\x00\x00\x00\x01\x02\x03", mt.UNKNOWN),
    "MP3 with tags": (b"ID3\x04\x00" + bytes(20), mt.MP3),
    "MP3 without tags": (b"\xff\xfb\x90\x64" + bytes(40), mt.MP3),
    "bare AAC": (b"\xff\xf1\x50\x80\x2e\x7f\xfc" + bytes(40), mt.AAC),
    "M4A": (mp4(b"M4A ", b"soun"), mt.M4A),
    "MP4 with sound only": (mp4(b"isom", b"soun"), mt.M4A),
    "MP4 with picture": (mp4(b"mp42", b"vide", b"soun"), mt.MP4),
    "MP4 with its tracks at the far end": (mp4(b"isom"), mt.MP4),
    "QuickTime": (mp4(b"qt  ", b"vide"), mt.QUICKTIME),
    "3GP video": (mp4(b"3gp4", b"vide", b"soun"), mt.THREEGPP),
    "3GP with sound only": (mp4(b"3gp5", b"soun"), mt.THREEGPP_AUDIO),
    "HEIC": (mp4(b"heic"), mt.HEIC),
    "AVIF": (mp4(b"avif"), mt.AVIF),
    "AMR": (b"#!AMR\n\x0c\x91", mt.AMR),
    "AMR wideband": (b"#!AMR-WB\n\x0c", mt.AMR_WB),
    "FLAC": (b"fLaC\x00\x00\x00\x22", mt.FLAC),
    "WebM with sound": (
        b"\x1a\x45\xdf\xa3" + b"\x42\x82\x84webm" + b"\x86\x86A_OPUS",
        mt.WEBM_AUDIO,
    ),
    "WebM with picture": (b"\x1a\x45\xdf\xa3" + b"\x42\x82\x84webm" + b"V_VP8 A_OPUS", mt.WEBM),
    "Matroska": (b"\x1a\x45\xdf\xa3" + b"\x42\x82\x88matroska", mt.MATROSKA),
    "JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF", mt.JPEG),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(8), mt.PNG),
    "GIF": (b"GIF89a" + bytes(8), mt.GIF),
    "TIFF": (b"II*\x00" + bytes(8), mt.TIFF),
    "BMP": (b"BM" + bytes([70, 0, 0, 0, 0, 0, 0, 0]) + bytes(30), mt.BMP),
    "PDF": (b"%PDF-1.7\n", mt.PDF),
    "DOCX": (office("word/document.xml"), mt.DOCX),
    "XLSX": (office("xl/workbook.xml"), mt.XLSX),
    "PPTX": (office("ppt/presentation.xml"), mt.PPTX),
    "an office file of another kind": (office("visio/x.xml"), mt.ZIP),
    "ODT": (open_document(), mt.ODT),
    "ZIP": (plain_zip(), mt.ZIP),
    "an empty ZIP": (b"PK\x05\x06" + bytes(18), mt.ZIP),
    "an old Word file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), mt.OLE),
    "RTF": (b"{\\rtf1 hello}", mt.RTF),
    "GZIP": (b"\x1f\x8b\x08\x00", mt.GZIP),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", mt.SEVEN_ZIP),
    "RAR": (b"Rar!\x1a\x07\x01\x00", mt.RAR),
    "text": ("Hola, ¿qué tal?\n".encode(), mt.TEXT),
    "text with a byte order mark": (b"\xef\xbb\xbfhello", mt.TEXT),
    "a text that begins like a bitmap": (b"BMW invoice number 7, please pay soon.", mt.TEXT),
    "JSON": (b'{"a": 1}', mt.JSON),
    "a web page": (b"  <!DOCTYPE html><html>", mt.HTML),
    "nothing": (b"", mt.UNKNOWN),
    "binary nobody knows": (bytes(range(32)) * 4, mt.UNKNOWN),
    "Latin-1 text": ("año".encode("latin-1"), mt.UNKNOWN),
    "an MPEG sync with impossible fields": (b"\xff\xfb\xf0\x00" + bytes(20), mt.UNKNOWN),
    "an MPEG sync of no layer": (b"\xff\xe8\x90\x00" + bytes(20), mt.UNKNOWN),
    "an ADTS sync with a reserved rate": (b"\xff\xf1\x7c\x00" + bytes(20), mt.UNKNOWN),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bytes_tell_what_a_file_is(name: str) -> None:
    data, expected = SAMPLES[name]
    assert mt.sniff(data) == expected


def test_a_long_text_cut_inside_a_letter_is_still_text() -> None:
    assert mt.sniff(("a" * 4095 + "ñ" * 10).encode()) == mt.TEXT


def test_every_type_has_a_sample() -> None:
    """Adding a type without showing its bytes fails here."""
    declared = {value for value in vars(mt).values() if isinstance(value, mt.MediaType)}
    assert declared == {expected for _, expected in SAMPLES.values()}


def test_a_voice_note_is_uploaded_under_a_name_openai_accepts() -> None:
    assert mt.OGG_OPUS.upload_name("voice") == "voice.ogg"
    assert mt.OGG_OPUS.extension in mt.TRANSCRIBABLE


@pytest.mark.parametrize(
    ("media", "expected"),
    [(mt.OGG_OPUS, False), (mt.M4A, False), (mt.AMR, True), (mt.AAC, True), (mt.MP4, False)],
)
def test_amr_and_bare_aac_are_converted_before_transcription(
    media: mt.MediaType, expected: bool
) -> None:
    assert mt.needs_conversion(media) is expected


@pytest.mark.parametrize(
    ("mime", "extension"),
    [
        ("audio/ogg; codecs=opus", "ogg"),
        ("Audio/Opus", "ogg"),
        ("audio/x-m4a", "m4a"),
        ("image/jpg", "jpg"),
        ("application/pdf", "pdf"),
        ("application/x-nobody-knows", "bin"),
        ("", "bin"),
    ],
)
def test_a_declared_type_gives_an_extension(mime: str, extension: str) -> None:
    assert mt.from_mime(mime).extension == extension
