"""What the doctor says: one finding a check, in one sentence, with what to do. Pure."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "unchecked"]


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


def first_of(*findings: Finding | None, otherwise: str) -> Finding:
    """The worst of these; all None: ok."""
    found = [each for each in findings if each is not None]
    order = ("failed", "warning", "unchecked", "ok")
    return min(found, key=lambda each: order.index(each.state), default=ok(otherwise))
