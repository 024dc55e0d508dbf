"""multipart/form-data, read with the standard library's own MIME parser. Pure."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP


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
    if "multipart/form-data" not in content_type:
        raise ValueError("not multipart/form-data")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ValueError("no parts")
    fields: dict[str, list[Part]] = {}
    for part in message.iter_parts():
        fields.setdefault(_name(part), []).append(
            Part(filename=part.get_filename() or "", content=_content(part))
        )
    return fields


def _name(part: Message) -> str:
    return str(part.get_param("name", "", "content-disposition")).removesuffix("[]")


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
