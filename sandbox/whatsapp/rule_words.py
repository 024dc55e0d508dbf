"""The two refusals most rules need."""

from collections.abc import Iterator
from typing import Any

from sandbox.whatsapp.meta_errors import MetaError


def missing(part: dict[str, Any], name: str) -> Iterator[MetaError]:
    """131008 when a parameter is absent or empty."""
    if part.get(name) in (None, "", [], {}):
        yield MetaError(131008, f"Parameter {name} is required")


def too_long(part: dict[str, Any], name: str, limit: int) -> Iterator[MetaError]:
    """100 when no text, 131009 when longer than `limit` characters. Absent is fine."""
    value = part.get(name)
    if value is None:
        return
    if not isinstance(value, str):
        yield MetaError(100, f"Parameter {name} must be a string")
    elif len(value) > limit:
        yield MetaError(131009, f"Parameter {name} is over {limit} characters")
