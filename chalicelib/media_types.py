"""What a file really is, read from its first bytes; never from its name or declared type.

WhatsApp, browsers and Connect all believe names and types that are often wrong (`.opus`, `.oga`,
an m4a called ogg). OpenAI decides by the *file name* alone: the same bytes are accepted as
`voice.ogg` and refused as `PTT-1.opus` (DevEmperor/DictateKeyboard#322). So every upload is named
by `MediaType.upload_name`, from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["audio", "image", "video", "document", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """`mime` as sent in Content-Type, `extension` without the dot, `codec` where it is known."""

    mime: str
    extension: str
    kind: Kind
    codec: str = ""

    def upload_name(self, stem: str = "voice") -> str:
        """A file name that tells the truth, e.g. "voice.ogg"."""
        return f"{stem}.{self.extension}"


def _audio(mime: str, extension: str, codec: str = "") -> MediaType:
    return MediaType(mime=mime, extension=extension, kind="audio", codec=codec)


def _image(mime: str, extension: str) -> MediaType:
    return MediaType(mime=mime, extension=extension, kind="image")


def _video(mime: str, extension: str) -> MediaType:
    return MediaType(mime=mime, extension=extension, kind="video")


def _document(mime: str, extension: str) -> MediaType:
    return MediaType(mime=mime, extension=extension, kind="document")


OGG_OPUS = _audio("audio/ogg; codecs=opus", "ogg", "opus")
OGG_VORBIS = _audio("audio/ogg; codecs=vorbis", "ogg", "vorbis")
OGG_FLAC = _audio("audio/ogg; codecs=flac", "ogg", "flac")
OGG_SPEEX = _audio("audio/ogg; codecs=speex", "ogg", "speex")
OGG_AUDIO = _audio("audio/ogg", "ogg")
OGG_VIDEO = _video("video/ogg", "ogv")
WAV = _audio("audio/wav", "wav", "pcm")
MP3 = _audio("audio/mpeg", "mp3", "mp3")
AAC = _audio("audio/aac", "aac", "aac")
M4A = _audio("audio/mp4", "m4a", "aac")
AMR = _audio("audio/amr", "amr", "amr_nb")
AMR_WB = _audio("audio/amr-wb", "awb", "amr_wb")
FLAC = _audio("audio/flac", "flac", "flac")
AIFF = _audio("audio/aiff", "aiff", "pcm")
WEBM_AUDIO = _audio("audio/webm", "webm")
THREEGPP_AUDIO = _audio("audio/3gpp", "3gp")
JPEG = _image("image/jpeg", "jpg")
PNG = _image("image/png", "png")
GIF = _image("image/gif", "gif")
WEBP = _image("image/webp", "webp")
BMP = _image("image/bmp", "bmp")
TIFF = _image("image/tiff", "tiff")
HEIC = _image("image/heic", "heic")
AVIF = _image("image/avif", "avif")
MP4 = _video("video/mp4", "mp4")
THREEGPP = _video("video/3gpp", "3gp")
QUICKTIME = _video("video/quicktime", "mov")
WEBM = _video("video/webm", "webm")
MATROSKA = _video("video/x-matroska", "mkv")
AVI = _video("video/x-msvideo", "avi")
PDF = _document("application/pdf", "pdf")
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = _document(_OFFICE + "wordprocessingml.document", "docx")
XLSX = _document(_OFFICE + "spreadsheetml.sheet", "xlsx")
PPTX = _document(_OFFICE + "presentationml.presentation", "pptx")
ODT = _document("application/vnd.oasis.opendocument.text", "odt")
ZIP = _document("application/zip", "zip")
GZIP = _document("application/gzip", "gz")
RAR = _document("application/vnd.rar", "rar")
SEVEN_ZIP = _document("application/x-7z-compressed", "7z")
OLE = _document("application/x-ole-storage", "doc")
RTF = _document("application/rtf", "rtf")
HTML = _document("text/html", "html")
JSON = _document("application/json", "json")
TEXT = _document("text/plain", "txt")
UNKNOWN = MediaType(mime="application/octet-stream", extension="bin", kind="unknown")

#: Extensions OpenAI's transcription endpoint accepts (openai 3.52, transcription_create_params).
TRANSCRIBABLE = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})

_PREFIXES: tuple[tuple[bytes, MediaType], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"fLaC", FLAC),
    (b"#!AMR-WB\n", AMR_WB),
    (b"#!AMR\n", AMR),
    (b"ID3", MP3),
    (b"%PDF-", PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"{\\rtf", RTF),
    (b"\x1f\x8b\x08", GZIP),
    (b"Rar!\x1a\x07", RAR),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
)
_HEAD = 4096  # enough for every marker below that sits near the start of a file


def sniff(data: bytes) -> MediaType:
    """The media type the bytes themselves show; `UNKNOWN` when they show none (or are empty)."""
    for prefix, found in _PREFIXES:
        if data.startswith(prefix):
            return found
    for look in _LOOKS:
        found_by = look(data)
        if found_by is not None:
            return found_by
    return UNKNOWN


def needs_conversion(media: MediaType) -> bool:
    """True for audio (AMR, bare AAC, ...) the transcription API takes only after conversion."""
    return media.kind == "audio" and media.extension not in TRANSCRIBABLE


def from_mime(mime: str) -> MediaType:
    """The known type of a declared MIME type, parameters ignored; `UNKNOWN` for others.

    For a file that is not at hand; when it is, `sniff` knows better.
    """
    base = mime.split(";", 1)[0].strip().lower()
    return _BY_MIME.get(_MIME_ALIASES.get(base, base), UNKNOWN)


def _ogg(data: bytes) -> MediaType | None:
    if not data.startswith(b"OggS"):
        return None
    head = data[:_HEAD]
    marks = (
        (b"\x80theora", OGG_VIDEO),
        (b"OpusHead", OGG_OPUS),
        (b"\x01vorbis", OGG_VORBIS),
        (b"\x7fFLAC", OGG_FLAC),
        (b"Speex   ", OGG_SPEEX),
    )
    return next((found for mark, found in marks if mark in head), OGG_AUDIO)


def _riff(data: bytes) -> MediaType | None:
    if data[:4] not in (b"RIFF", b"RF64", b"FORM"):
        return None
    forms = {b"WAVE": WAV, b"WEBP": WEBP, b"AVI ": AVI, b"AIFF": AIFF, b"AIFC": AIFF}
    return forms.get(data[8:12])


_HEIF_BRANDS = {b"heic": HEIC, b"heix": HEIC, b"hevc": HEIC, b"mif1": HEIC, b"msf1": HEIC}


def _iso_base_media(data: bytes) -> MediaType | None:
    """MP4 and its relatives: brand first, then which tracks it has ("hdlr" boxes, ISO 14496-12)."""
    if data[4:8] != b"ftyp":
        return None
    brand = data[8:12]
    if brand in (b"avif", b"avis"):
        return AVIF
    if brand in _HEIF_BRANDS:
        return _HEIF_BRANDS[brand]
    sound_only = brand in (b"M4A ", b"M4B ") or _only_sound(data)
    if brand.startswith((b"3gp", b"3g2")):
        return THREEGPP_AUDIO if sound_only else THREEGPP
    if sound_only:
        return M4A
    return QUICKTIME if brand == b"qt  " else MP4


def _only_sound(data: bytes) -> bool:
    handlers = set()
    at = data.find(b"hdlr")
    while at >= 0:
        handlers.add(data[at + 12 : at + 16])
        at = data.find(b"hdlr", at + 4)
    return b"soun" in handlers and b"vide" not in handlers


def _matroska(data: bytes) -> MediaType | None:
    if not data.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    head = data[:_HEAD]
    if b"webm" not in head[:64]:
        return MATROSKA
    return WEBM_AUDIO if b"A_" in head and b"V_" not in head else WEBM


_ZIP_PARTS = ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX))


def _zip(data: bytes) -> MediaType | None:
    if not data.startswith(b"PK\x03\x04"):
        return ZIP if data.startswith(b"PK\x05\x06") else None
    if b"mimetypeapplication/vnd.oasis.opendocument.text" in data[:128]:
        return ODT
    if b"[Content_Types].xml" not in data:
        return ZIP
    return next((found for part, found in _ZIP_PARTS if part in data), ZIP)


_FRAME_HEADER = 7  # bytes of an ADTS header, the longer of the two
_ADTS_MASK, _ADTS_SYNC = 0xFFF6, 0xFFF0  # sync word and "layer 0" (ISO 13818-7, 6.2)
_ADTS_FREQUENCIES = 13  # 13 to 15 are reserved
_MPEG_MASK, _MPEG_SYNC = 0xFFE0, 0xFFE0  # ISO 11172-3, 2.4.2.3
_LAYER_BITS, _VERSION_BITS, _VERSION_RESERVED = 0x06, 0x18, 0x08
_FREE_OR_BAD_BIT_RATE, _RESERVED_FREQUENCY = (0, 15), 3


def _mpeg_sync(data: bytes) -> MediaType | None:
    """Bare AAC (ADTS) or MPEG audio: a run of set bits, then plausible fields."""
    if len(data) < _FRAME_HEADER:
        return None
    sync, fields = int.from_bytes(data[:2], "big"), data[2]
    if sync & _ADTS_MASK == _ADTS_SYNC:
        return AAC if (fields >> 2) & 0x0F < _ADTS_FREQUENCIES else None
    if sync & _MPEG_MASK != _MPEG_SYNC or not sync & _LAYER_BITS:
        return None
    if sync & _VERSION_BITS == _VERSION_RESERVED or fields >> 4 in _FREE_OR_BAD_BIT_RATE:
        return None
    return None if (fields >> 2) & 0x03 == _RESERVED_FREQUENCY else MP3


_BMP_HEADER = 26


def _bmp(data: bytes) -> MediaType | None:
    """Two letters alone would make a bitmap of every text that begins with them."""
    if data[:2] != b"BM" or len(data) < _BMP_HEADER:
        return None
    return BMP if data[6:10] == b"\x00\x00\x00\x00" else None


def _text(data: bytes) -> MediaType | None:
    """Plain text: UTF-8 (a character cut at the end is fine) without control characters."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if not head:
        return None
    text = head.decode("utf-8", errors="replace")
    body = text.rstrip("\ufffd") if len(data) > _HEAD else text
    if "\ufffd" in body or any(ch < " " and ch not in "\t\n\r\f\x1b" for ch in body):
        return None
    start = body.lstrip()[:15].lower()
    if start.startswith(("<!doctype html", "<html")):
        return HTML
    return JSON if start.startswith(('{"', '[{"')) else TEXT


_LOOKS: tuple[Callable[[bytes], MediaType | None], ...] = (
    _ogg,
    _riff,
    _iso_base_media,
    _matroska,
    _zip,
    _mpeg_sync,
    _bmp,
    _text,
)

_MIME_ALIASES = {
    "audio/opus": "audio/ogg",
    "audio/x-opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-aac": "audio/aac",
    "audio/aacp": "audio/aac",
    "audio/x-flac": "audio/flac",
    "audio/amr-nb": "audio/amr",
    "image/jpg": "image/jpeg",
    "image/heif": "image/heic",
    "application/x-zip-compressed": "application/zip",
    "application/msword": "application/x-ole-storage",
    "application/vnd.ms-excel": "application/x-ole-storage",
    "application/vnd.ms-powerpoint": "application/x-ole-storage",
}
_KNOWN = (
    *(OGG_AUDIO, WAV, MP3, AAC, M4A, AMR, AMR_WB, FLAC, AIFF, WEBM_AUDIO, THREEGPP_AUDIO),
    *(JPEG, PNG, GIF, WEBP, BMP, TIFF, HEIC, AVIF),
    *(MP4, THREEGPP, QUICKTIME, WEBM, MATROSKA, AVI, OGG_VIDEO),
    *(PDF, DOCX, XLSX, PPTX, ODT, ZIP, GZIP, RAR, SEVEN_ZIP, OLE, RTF, HTML, JSON, TEXT),
)
_BY_MIME = {media.mime: media for media in _KNOWN}
