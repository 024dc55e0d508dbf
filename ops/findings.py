"""What the doctor says: one finding a check, in one sentence, with what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "unchecked"]
TOLD = 3  # names in a sentence


@dataclass(frozen=True, slots=True)
class Finding:
    """`says`: one sentence; `remedy`: what to do, "" when there is nothing."""

    state: State
    says: str
    remedy: str = ""


def ok(says: str) -> Finding:
    return Finding("ok", says)


def warning(says: str, remedy: str) -> Finding:
    return Finding("warning", says, remedy)


def failed(says: str, remedy: str) -> Finding:
    return Finding("failed", says, remedy)


def unchecked(says: str, remedy: str) -> Finding:
    return Finding("unchecked", says, remedy)


def some(names: Sequence[str]) -> str:
    """The first few: one is enough to know what to do."""
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f"{', '.join(names[:TOLD])}{more}"


def first_of(*findings: Finding | None, otherwise: str) -> Finding:
    """The worst of these; all None: ok."""
    found = [each for each in findings if each is not None]
    order = ("failed", "warning", "unchecked", "ok")
    return min(found, key=lambda each: order.index(each.state), default=ok(otherwise))
