"""Which actions and branches of a flow its runs have taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowkit.actions import find
from flowkit.actions.spec import NO_CONDITION
from flowkit.engine.events import ActionEntered, BranchTaken, Event
from flowkit.model import Action, Flow

#: Types that hand the contact over: what follows a success is not in the flow.
_HANDS_OVER = frozenset(
    {"TransferContactToQueue", "DequeueContactAndTransferToQueue", "TransferToFlow"}
)


@dataclass(frozen=True, slots=True)
class Branch:
    """One way out of one action; `label` as in events.BranchTaken."""

    flow: str
    action: str
    label: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one flow: what there is and what was taken."""

    actions: frozenset[str]
    branches: frozenset[Branch]
    entered: frozenset[str]
    taken: frozenset[Branch]

    @property
    def missing(self) -> list[Branch]:
        """Branches no run took, in a stable order."""
        return sorted(self.branches - self.taken, key=lambda b: (b.action, b.label))

    @property
    def percent(self) -> float:
        return (
            100 * len(self.branches & self.taken) / len(self.branches) if self.branches else 100.0
        )


def measure(flow: Flow, events: Iterable[Event]) -> Coverage:
    """Coverage of one flow by the events of any number of runs."""
    entered, taken = set(), set()
    for event in events:
        if isinstance(event, ActionEntered) and event.flow == flow.name:
            entered.add(event.action)
        elif isinstance(event, BranchTaken) and event.flow == flow.name:
            taken.add(Branch(flow.name, event.action, event.branch))
    branches = frozenset(possible_branches(flow))
    return Coverage(frozenset(flow.actions), branches, frozenset(entered), frozenset(taken))


def possible_branches(flow: Flow) -> Iterator[Branch]:
    """Every way out a run can take. A NextAction that only mirrors another branch is none."""
    for action in flow.actions.values():
        for label, _ in action.transitions.branches():
            if label != "next" or next_is_possible(action):
                yield Branch(flow.name, action.identifier, label)


def next_is_possible(action: Action) -> bool:
    """Whether NextAction can be followed, or every result has a branch of its own."""
    if action.type in _HANDS_OVER or action.transitions.error(NO_CONDITION):
        return False
    spec = find(action.type)
    if spec is None or spec.conditions is None or not spec.conditions.required:
        return True
    declared = {condition.operand for condition in action.transitions.conditions}
    return not declared >= set(spec.conditions.required)
