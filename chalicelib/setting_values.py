"""Text of the environment -> one checked value of a setting. Pure.

Every function starts with its settings, and `app.ingest` needs no pydantic for anything else: it
would be a fifth of that start (docs/decisions.md).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field
from typing import Any, Literal, get_args, get_origin

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")
Pair = tuple[str, str]


class Secret:
    """A value that no log, error or debugger shows by itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***" if self._value else ""

    def get_secret_value(self) -> str:
        return self._value


def setting(
    default: Any = MISSING,
    *,
    description: str,
    ge: float | None = None,
    le: float | None = None,
    min_length: int = 0,
    pattern: str = "",
) -> Any:
    """A field of Settings; required without a default.

    `ge` and `le` bound a number, `min_length` a text or a list; a text must match `pattern`.
    """
    rules = {"ge": ge, "le": le, "min_length": min_length, "pattern": pattern}
    return field(default=default, metadata={"description": description, **rules})


def is_required(one: Field[Any]) -> bool:
    return one.default is MISSING


def read(one: Field[Any], text: str) -> Any:
    """The value of a setting; an empty text is a missing one.

    Raises ValueError that says what is expected, never the text.
    """
    if not text:
        return _default(one)
    value = _typed(one.type, text)
    _check(value.get_secret_value() if isinstance(value, Secret) else value, one.metadata)
    return value


def _default(one: Field[Any]) -> Any:
    if is_required(one):
        raise ValueError("is missing")
    return one.default


def _typed(kind: Any, text: str) -> Any:
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind), text)
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0], text)
    readers: dict[Any, Callable[[str], Any]] = {bool: _bool, int: _int, float: _float}
    return readers.get(kind, kind)(text)


def _one_of(allowed: tuple[str, ...], text: str) -> str:
    if text not in allowed:
        first = ", ".join(map(repr, allowed[:-1]))
        raise ValueError(f"should be {first} or {allowed[-1]!r}")
    return text


def _list(kind: Any, text: str) -> tuple[Any, ...]:
    """ "a, b" -> ("a", "b"), and "a=b, c=d" -> (("a", "b"), ("c", "d"))."""
    items = [part.strip() for part in text.split(",") if part.strip()]
    if get_origin(kind) is not tuple:
        return tuple(_typed(kind, item) for item in items)
    return tuple(_pair(get_args(kind), item) for item in items)


def _pair(kinds: tuple[Any, ...], text: str) -> Pair:
    halves = [half.strip() for half in text.split("=")]
    if len(halves) != len(kinds) or not all(halves):
        raise ValueError("write number=value, number=value")
    name, value = (_typed(kind, half) for kind, half in zip(kinds, halves, strict=True))
    return name, value


def _bool(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise ValueError("should be true or false")
    return text.lower() in TRUE


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("should be a whole number") from None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("should be a number") from None


def _check(value: Any, rules: Mapping[str, Any]) -> None:
    # Written so that NaN, which is neither above nor below anything, passes no bound.
    if rules["ge"] is not None and not value >= rules["ge"]:
        raise ValueError(f"should be at least {rules['ge']}")
    if rules["le"] is not None and not value <= rules["le"]:
        raise ValueError(f"should be at most {rules['le']}")
    if rules["min_length"] and len(value) < rules["min_length"]:
        raise ValueError("is empty")
    if rules["pattern"] and not re.search(rules["pattern"], value):
        raise ValueError(f"should match {rules['pattern']}")
