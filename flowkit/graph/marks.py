"""What runs did, as marks on a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowkit.coverage import measure
from flowkit.engine import Event
from flowkit.model import Flow


@dataclass(frozen=True, slots=True)
class Marks:
    """Actions entered and (action, branch label) taken; what is left is what no run did."""

    entered: frozenset[str]
    taken: frozenset[tuple[str, str]]


def marks_of(flow: Flow, events: Iterable[Event]) -> Marks:
    """The marks of any number of runs: one is a path, all scenarios are coverage."""
    covered = measure(flow, events)
    return Marks(covered.entered, frozenset((b.action, b.label) for b in covered.taken))
