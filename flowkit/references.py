"""References in parameters: `$.Attributes.name`, `$.SegmentAttributes['connect:Subtype']`.

A value is either one whole reference, free text with references inside, or plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_STEP = r"(?:\.[A-Za-z0-9_\-]+|\['[^']*'\]|\[\"[^\"]*\"\])"
_REFERENCE = re.compile(rf"\$(?:{_STEP})+")
_STEPS = re.compile(r"\.([A-Za-z0-9_\-]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]")

#: First step of every reference the language knows.
NAMESPACES = frozenset(
    {
        "Agent",
        "Attributes",
        "AwsRegion",
        "Case",
        "Channel",
        "ContactId",
        "Customer",
        "CustomerEndpoint",
        "CustomerId",
        "DataTables",
        "Description",
        "Email",
        "External",
        "FlowAttributes",
        "InitialContactId",
        "InitiationMethod",
        "InstanceARN",
        "LambdaInvocation",
        "LanguageCode",
        "Lex",
        "Media",
        "MediaStreams",
        "Metrics",
        "Modules",
        "Name",
        "PreviousContactId",
        "Queue",
        "References",
        "RelatedContactId",
        "SegmentAttributes",
        "StoredCustomerInput",
        "SystemEndpoint",
        "Tags",
        "Task",
        "Views",
        "Wisdom",
    }
)

Lookup = Callable[[tuple[str, ...]], Any]


@lru_cache(maxsize=4096)
def steps(reference: str) -> tuple[str, ...]:
    """The path of one reference: `$.External.a` -> ("External", "a")."""
    return tuple(a or b or c for a, b, c in _STEPS.findall(reference))


@lru_cache(maxsize=4096)
def is_reference(value: str) -> bool:
    """Whether the whole value is one reference."""
    return _REFERENCE.fullmatch(value) is not None


def found_in(value: Any) -> list[str]:
    """Every reference inside a parameter value, nested ones included, in order."""
    if isinstance(value, str):
        return _REFERENCE.findall(value) if "$" in value else []
    if isinstance(value, dict):
        return [reference for entry in value.values() for reference in found_in(entry)]
    if isinstance(value, list):
        return [reference for entry in value for reference in found_in(entry)]
    return []


def resolve(value: Any, lookup: Lookup) -> Any:
    """The value with its references replaced; a whole reference keeps the type it points to."""
    if isinstance(value, str):
        if "$" not in value:
            return value
        return lookup(steps(value)) if is_reference(value) else _filled(value, lookup)
    if isinstance(value, dict):
        return {key: resolve(entry, lookup) for key, entry in value.items()}
    if isinstance(value, list):
        return [resolve(entry, lookup) for entry in value]
    return value


def as_text(value: Any) -> str:
    """A value as flows see it: absent is empty, booleans are lower case, the rest is `str`."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def walk(value: Any, path: tuple[str, ...]) -> Any:
    """Follow a path into nested objects; None when it leads nowhere. Lists take positions."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _filled(text: str, lookup: Lookup) -> str:
    return _REFERENCE.sub(lambda match: as_text(lookup(steps(match.group()))), text)
