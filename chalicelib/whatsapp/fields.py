"""Tolerant readers of JSON fields: whatever stands there, a value of the wanted type comes out.

Public fixtures hold ids as numbers, timestamps as int or missing, objects where lists belong and
null everywhere (reference whatsapp-eum.md section 2.1); a reader that raises would lose a message.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

MILLISECONDS_FROM = 100_000_000_000
"""A number this large is no date in seconds (it would be the year 5138): it is milliseconds."""

MAX_DEPTH = 64
"""Levels of nesting; Meta's deepest payload has twelve. Deeper JSON can be read but not written
again from a deeper call stack, so it is refused where it comes in."""

_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Lone surrogates, which UTF-8 cannot carry, and the two characters that SQS refuses."""

_UNSENDABLE_ESCAPED = re.compile(r"\\u(?:[dD][89a-fA-F]|[fF]{3}[efEF])")
"""The same escaped in JSON text; escaped emoji match too. Apart from the others, because a pattern
that begins with a fixed text is looked for thirty times faster, and each event is searched."""

_NO_OBJECT: dict[str, Any] = {}
_JSON = json.JSONDecoder(parse_constant=lambda _: None)


def decode(written: str, max_depth: int = MAX_DEPTH) -> Any:
    """JSON as values. Raises ValueError when it is no JSON or nested too deeply.

    NaN and Infinity, which Python would accept, become null: they are no JSON for anybody else.
    Lone surrogates and noncharacters become U+FFFD: no queue and no UTF-8 would carry them on.
    """
    try:
        found = _JSON.decode(written)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    brackets = written.count("{") + written.count("[")
    if brackets > max_depth and _deeper_than(found, max_depth):
        raise ValueError("nested too deeply")
    return _sendable(found) if _may_be_unsendable(written) else found


def _may_be_unsendable(written: str) -> bool:
    if _UNSENDABLE_ESCAPED.search(written):
        return True
    return not written.isascii() and _UNSENDABLE.search(written) is not None


def _sendable(value: Any) -> Any:
    """The same with a replacement character for what cannot travel on."""
    if isinstance(value, str):
        return _UNSENDABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_sendable(key): _sendable(inner) for key, inner in value.items()}
    return [_sendable(inner) for inner in value] if isinstance(value, list) else value


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def text(holder: Any, *keys: str) -> str:
    """The first of `keys` that holds text or a number, as text; "" when none does."""
    if not isinstance(holder, dict):
        return ""
    for key in keys:  # asked fifty times a text: the usual, plain text, goes without a call
        value = holder.get(key)
        if isinstance(value, str) and value.isascii():
            if value:
                return value
        elif value is not None and (found := scalar(value)):
            return found
    return ""


def text_or_none(holder: Any, *keys: str) -> str | None:
    return text(holder, *keys) or None


def scalar(value: Any) -> str:
    """Text or number as text, lone surrogates replaced so that UTF-8 can carry it; else ""."""
    if isinstance(value, str):
        return value if value.isascii() else _UNSENDABLE.sub("\ufffd", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return ""


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else _NO_OBJECT


def child(holder: Any, key: str) -> dict[str, Any]:
    """The object under `key`, or an empty one."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else _NO_OBJECT


def objects(holder: Any, key: str) -> list[dict[str, Any]]:
    """The objects of the list under `key`; a lone object counts as a list of one."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(holder: Any, key: str) -> float | None:
    """A finite number, also when written as text; None otherwise."""
    try:
        value = float(text(holder, key))
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def integer(holder: Any, key: str) -> int:
    """A whole number, 0 when there is none."""
    value = number(holder, key)
    return 0 if value is None else int(value)


def moment(holder: Any, key: str) -> datetime | None:
    """A time in UTC from seconds, milliseconds or ISO text; None when it is no date."""
    seconds = number(holder, key)
    if seconds is None:
        return moment_from_iso(text(holder, key))
    if abs(seconds) >= MILLISECONDS_FROM:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def moment_from_iso(value: str) -> datetime | None:
    """AWS writes nine fractional digits and "Z"; text without an offset is taken as UTC."""
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def fingerprint(*values: Any) -> str:
    """The same 64 hex characters for the same JSON, whatever the order of its keys."""
    written = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(written.encode("ascii")).hexdigest()


def narrowed(holder: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """A copy of the object without some keys."""
    return {key: value for key, value in holder.items() if key not in without}
