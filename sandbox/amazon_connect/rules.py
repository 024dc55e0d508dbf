"""What Connect refuses before it does anything, as pure checks that answer a reason or None."""

import re
from collections.abc import Mapping

from sandbox.amazon_connect import limits

_ATTRIBUTE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def attributes_problem(attributes: Mapping[str, str]) -> str | None:
    """Keys are alphanumeric, dash and underscore; 32,768 UTF-8 bytes in all."""
    bad = [key for key in attributes if not _ATTRIBUTE_KEY.fullmatch(key)]
    if bad:
        return f"Attribute keys can include only alphanumeric, dash, and underscore: {bad[0]!r}"
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size > limits.ATTRIBUTES_BYTES:
        return f"Attributes are {size} bytes; the limit is {limits.ATTRIBUTES_BYTES}"
    return None


def content_problem(content: str) -> str | None:
    """1 to 16,384 bytes."""
    size = len(content.encode())
    if not 1 <= size <= limits.CONTENT_BYTES:
        return f"Content is {size} bytes; allowed are 1 to {limits.CONTENT_BYTES}"
    return None


def content_types_problem(types: list[str]) -> str | None:
    """`SupportedMessagingContentTypes` must hold text/plain and only known types."""
    unknown = [one for one in types if one not in limits.MESSAGE_TYPES]
    if unknown:
        return f"Unknown messaging content type {unknown[0]!r}"
    if "text/plain" not in types:
        return "SupportedMessagingContentTypes must contain text/plain"
    return None


def attachment_problem(name: str, size: int) -> str | None:
    """The default extension list and size limit of chat attachments."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in limits.ATTACHMENT_EXTENSIONS:
        return f"Attachment type {extension!r} is not supported"
    if size > limits.ATTACHMENT_BYTES:
        return f"Attachment is {size} bytes; the limit is {limits.ATTACHMENT_BYTES}"
    return None
