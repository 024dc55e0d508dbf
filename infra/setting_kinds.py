"""Whether a YAML file's values fit a dataclass: what is unknown, missing, of another kind. Pure."""

import dataclasses
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

Scalar = str | int | float | bool
# What a person has to write; 0123 or 123456789012 without quotes is a number in YAML.
WORDS = {str: "text, in quotes", int: "a whole number", bool: "true or false"}


def misfits(kind: Any, value: Any, at: str = "") -> Iterator[str]:
    """What is wrong with the value of `at` ("connect.instance_id"), one sentence each."""
    if dataclasses.is_dataclass(kind):
        yield from _fields(kind, value, at)
    elif get_origin(kind) is dict:
        yield from _entries(kind, value, at)
    elif get_origin(kind) is tuple:
        if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
            yield f"{at}: a list of texts, like [one, two], not {value!r}"
    elif isinstance(kind, UnionType):
        if type(value) not in get_args(kind):
            yield f"{at}: text, a number, true or false, not {value!r}"
    elif type(value) is not kind:
        yield f"{at}: {WORDS[kind]}, not {value!r}"


def _fields(kind: Any, value: Any, at: str) -> Iterator[str]:
    """A number without settings of its own (`phone-number-id-1:`) is one with none."""
    given = {} if value is None else value
    if not isinstance(given, dict):
        yield f"{at}: settings by name, not {value!r}"
        return
    known, hints = {one.name: one for one in dataclasses.fields(kind)}, get_type_hints(kind)
    for name in given.keys() - known.keys():
        yield f"{_under(at, name)}: there is no such setting"
    for name, one in known.items():
        if name in given:
            yield from misfits(hints[name], given[name], _under(at, name))
        elif one.default is one.default_factory is dataclasses.MISSING:
            yield f"{_under(at, name)}: is missing"


def _entries(kind: Any, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: values by name, {{}} for none, not {value!r}"
        return
    for name, one in value.items():
        yield from misfits(get_args(kind)[1], one, _under(at, str(name)))


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else str(name)
