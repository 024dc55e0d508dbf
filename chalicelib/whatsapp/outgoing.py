"""An agent's file on its way to WhatsApp: as it is, converted, or refused with a reason. Pure.

Types and sizes: `limits.py`. What WhatsApp takes goes as it is and without passing through us;
only what it would refuse is converted, and only where the result says the same.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import ContentError
from chalicelib.whatsapp import limits

Conversion = Literal["", "voice", "jpeg"]

OGG, JPEG, TEXT = "audio/ogg", "image/jpeg", "text/plain"
OCTETS = "application/octet-stream"

MAX_CONVERTED_BYTES = 40 * limits.MEGABYTE
"""More is not read into a function of ours. Connect's own limit is 20 MB unless widened."""

# Names that browsers and programs use for the same thing.
_ALIASES = {
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/x-aac": "audio/aac",
    "audio/opus": OGG,
    "application/ogg": OGG,
    "image/jpg": JPEG,
    "image/pjpeg": JPEG,
    "image/heif": "image/heic",
    "image/x-ms-bmp": "image/bmp",
}
_BY_EXTENSION = {
    "jpg": JPEG,
    "jpeg": JPEG,
    "jfif": JPEG,
    "png": "image/png",
    "heic": "image/heic",
    "heif": "image/heic",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "3gp": "video/3gpp",
    "mov": "video/quicktime",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "amr": "audio/amr",
    "ogg": OGG,
    "pdf": "application/pdf",
    "txt": TEXT,
    "csv": "text/csv",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# A table of values is plain text; WhatsApp takes it under that name and keeps the file's own.
_SENT_AS = {"text/csv": TEXT}

# What agents record in the browser or attach from a recorder becomes a voice message. An Ogg may
# hold two channels or Vorbis, which WhatsApp refuses, so it is always written anew.
_RECORDINGS = frozenset({"audio/wav", "audio/webm", "audio/flac", "audio/aiff", OGG})
_PICTURES = frozenset({"image/webp", "image/heic", "image/bmp", "image/tiff", "image/gif"})
"""To WhatsApp a webp is a sticker, not a picture; the others it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """How a file goes out: `mime_type` it is sent as, after `conversion`."""

    mime_type: str
    conversion: Conversion = ""

    @property
    def voice(self) -> bool:
        return self.conversion == "voice"


def outgoing(mime_type: str, filename: str, size: int) -> Outgoing:
    """What to do with an agent's file of `size` bytes (0 when unknown).

    Raises ContentError with what to tell the agent when WhatsApp would refuse it.
    """
    mime = _mime(mime_type, filename)
    if mime in _RECORDINGS:
        return _checked(Outgoing(mime_type=OGG, conversion="voice"), size)
    too_heavy = limits.message_type(mime) == "image" and size > limits.IMAGE_BYTES
    if mime in _PICTURES or too_heavy:
        return _checked(Outgoing(mime_type=JPEG, conversion="jpeg"), size)
    if mime not in limits.MEDIA_TYPES:
        raise refused_type(mime_type, filename)
    if size > limits.max_bytes(mime):
        raise too_large(mime)
    return Outgoing(mime_type=mime)


def refused_type(mime_type: str, filename: str) -> ContentError:
    """The refusal of a type that WhatsApp does not take, named as the agent knows it."""
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    return ContentError(
        "WhatsApp does not take this type of file",
        code="media_type",
        tell_agent="problem.media_type",
        values={"type": extension or mime_type or "?"},
    )


def too_large(mime_type: str) -> ContentError:
    """The refusal of a file over WhatsApp's limit for its type."""
    megabytes = limits.max_bytes(mime_type) // limits.MEGABYTE
    return ContentError(
        "the file is over WhatsApp's limit",
        code="media_size",
        tell_agent="problem.media_too_large",
        values={"limit": f"{megabytes} MB"},
    )


def _checked(found: Outgoing, size: int) -> Outgoing:
    if size > MAX_CONVERTED_BYTES:
        raise too_large(found.mime_type)
    return found


def _mime(declared: str, filename: str) -> str:
    """The type in the form of `limits.MEDIA_TYPES`; by the name where none was declared."""
    bare = declared.partition(";")[0].strip().lower()
    mime = _ALIASES.get(bare, bare)
    if mime in ("", OCTETS):
        mime = _BY_EXTENSION.get(filename.rpartition(".")[2].lower(), mime)
    return _SENT_AS.get(mime, mime)
