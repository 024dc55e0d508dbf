"""What becomes of a customer's file in the Connect chat: as it is, converted, or as a link. Pure.

Connect judges by extension and size, and an agent's browser by what it can show. The type is the
one the bytes have, never the one somebody declared.
"""

from typing import Literal

from chalicelib import media_types
from chalicelib.media_types import MediaType
from chalicelib.whatsapp.limits import MEGABYTE

Way = Literal["attach", "png", "wav", "link"]

# What a Connect chat takes by default, and its largest file (Connect admin guide, feature-limits;
# both can be widened per instance by UpdateAttachedFilesConfiguration).
ATTACHABLE = frozenset(
    {"csv", "doc", "docx", "heic", "jfif", "jpeg", "jpg", "mov", "mp4", "pdf", "png", "ppt"}
    | {"pptx", "rtf", "txt", "wav", "xls", "xlsx"}
)
MAX_ATTACHMENT_BYTES = 20 * MEGABYTE

THUMBNAIL_FROM_BYTES = 40 * MEGABYTE
"""Pictures up to here are read for a thumbnail; larger ones would fill the function's memory."""

# Bytes that only say "some container" or "some text": there the file's own name knows more.
_VAGUE = {
    media_types.OLE.extension: frozenset({"doc", "xls", "ppt"}),
    media_types.TEXT.extension: frozenset({"csv", "txt"}),
}
_STILL = frozenset({"webp", "bmp", "tiff", "avif"})


def way_of(kind: MediaType, size: int) -> Way:
    """How the agent gets a file of this type and size (bytes)."""
    if size > MAX_ATTACHMENT_BYTES:
        return "link"
    if kind.extension in ATTACHABLE:
        return "attach"
    if kind.extension in _STILL:
        return "png"
    return "wav" if kind.kind == "audio" else "link"


def has_thumbnail(kind: MediaType, size: int) -> bool:
    """Whether a small picture goes beside the link."""
    return kind.kind == "image" and size <= THUMBNAIL_FROM_BYTES


def extension_of(kind: MediaType, filename: str) -> str:
    """The extension the bytes deserve; the name's own where the bytes leave it open."""
    named = filename.rpartition(".")[2].lower()
    return named if named in _VAGUE.get(kind.extension, ()) else kind.extension


def attachment_name(filename: str, fallback: str, extension: str) -> str:
    """A name with the right extension; Connect judges files by it. At most 256 characters."""
    stem = filename.rsplit(".", 1)[0] if filename else fallback
    return f"{stem[:200] or fallback}.{extension}"
