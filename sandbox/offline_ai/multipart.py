"""multipart/form-data as RFC 7578 has it, byte for byte. Pure."""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field. `filename` is "" for a plain value."""

    filename: str
    content: bytes

    @property
    def text(self) -> str:
        """The value of a plain field."""
        return self.content.decode("utf-8", errors="replace")


def read(content_type: str, body: bytes) -> dict[str, list[Part]]:
    """Every field by its name, "[]" at the end of a name removed.

    Raises:
        ValueError: not a multipart form.
    """
    head = _headers(f"Content-Type: {content_type}")
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ValueError("not multipart/form-data")
    fields: dict[str, list[Part]] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:-1]:
        headers, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        part = _headers(headers.decode("utf-8", errors="replace"))
        name = str(part.get_param("name", "", "content-disposition")).removesuffix("[]")
        found = Part(filename=part.get_filename() or "", content=content)
        fields.setdefault(name, []).append(found)
    if not fields:
        raise ValueError("no parts")
    return fields


def _headers(text: str) -> Message:
    return HeaderParser().parsestr(text)
