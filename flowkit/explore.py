"""Executing every branch of a flow, whatever its data would have to be for that."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flowkit.actions.spec import NO_CONDITION
from flowkit.coverage import Branch, Coverage, measure, next_is_possible
from flowkit.engine import Contact, Event, Note, TimePassed, resume, start
from flowkit.engine.conditions import meets, number
from flowkit.engine.outcomes import Done, Entered, Failed, Outcome, Paused
from flowkit.lint.issue import Subject
from flowkit.model import Action, Condition, Flow
from flowkit.stand_in import ObligingServices, empty_bundle

#: When exploration takes place. Nothing depends on it: hours are steered too.
_NOW = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
#: Pauses after the branch in question until a run is left to itself.
_MAX_PAUSES = 20


@dataclass(slots=True)
class _Steered(ObligingServices):
    """Leads a run along `way` (action -> branch label), then lets it go."""

    way: dict[str, str] = field(default_factory=dict)

    def steered(self, _flow: str, action: Action, outcome: Outcome) -> Outcome:
        label = self.way.get(action.identifier)
        if label is None or isinstance(outcome, Paused | Entered):
            return outcome
        del self.way[action.identifier]
        return _outcome_for(action, label) or outcome


@dataclass(frozen=True, slots=True)
class Exploration:
    """What exploring one flow executed.

    `reachable` are actions some way leads to; `overshadowed` branches no value can take, since an
    earlier condition always wins; `notes` what the engine had to say (unsupported blocks).
    """

    coverage: Coverage
    reachable: frozenset[str]
    overshadowed: frozenset[Branch]
    notes: frozenset[str]

    @property
    def missed(self) -> list[Branch]:
        """Branches of reachable actions that were not executed though they can be."""
        return [
            branch
            for branch in self.coverage.missing
            if branch.action in self.reachable and branch not in self.overshadowed
        ]


def explore(flow: Flow) -> Exploration:
    """Execute every branch of every reachable action at least once."""
    ways = _ways(flow)
    events: list[Event] = []
    overshadowed: set[Branch] = set()
    for identifier, way in ways.items():
        for label, _ in _followed(flow.actions[identifier]):
            if _outcome_for(flow.actions[identifier], label) is None:
                overshadowed.add(Branch(flow.name, identifier, label))
            else:
                events += _run(flow, {**way, identifier: label})
        if not flow.actions[identifier].transitions.next_action:
            events += _run(flow, dict(way))
    events += _run(flow, {})
    notes = frozenset(event.text for event in events if isinstance(event, Note))
    return Exploration(measure(flow, events), frozenset(ways), frozenset(overshadowed), notes)


def _run(flow: Flow, way: dict[str, str]) -> list[Event]:
    services = _Steered(empty_bundle(), way=way)
    contact = Contact(contact_id="explored", initial_contact_id="explored")
    flow_type = Subject.of(flow).flow_type or "CONTACT_FLOW"
    sprint = start(flow, contact, services, _NOW, flow_type)
    events = list(sprint.events)
    for _ in range(_MAX_PAUSES + len(way)):
        if sprint.session is None:
            break
        until = sprint.session.waiting_until or _NOW
        sprint = resume(sprint.session, TimePassed(), services, until)
        events += sprint.events
    return events


def _ways(flow: Flow) -> dict[str, dict[str, str]]:
    """For each reachable action the shortest way there: which branch to take at each action."""
    ways: dict[str, dict[str, str]] = {}
    if flow.start_action in flow.actions:
        ways[flow.start_action] = {}
    waiting = deque(ways)
    while waiting:
        identifier = waiting.popleft()
        action = flow.actions[identifier]
        for label, target in _followed(action):
            known = target in ways or target not in flow.actions
            if not known and _outcome_for(action, label) is not None:
                ways[target] = {**ways[identifier], identifier: label}
                waiting.append(target)
    return ways


def _followed(action: Action) -> Iterator[tuple[str, str]]:
    """Ways a run can take; of two branches with one label the first always wins."""
    seen: set[str] = set()
    for label, target in action.transitions.branches():
        if label not in seen and (label != "next" or next_is_possible(action)):
            seen.add(label)
            yield label, target


def _outcome_for(action: Action, label: str) -> Outcome | None:
    """An outcome that takes this branch, None when another one always wins."""
    if label in (f"error {NO_CONDITION}", "next"):
        return Done(None)
    if label.startswith("error "):
        return Failed("explored", label.removeprefix("error "))
    for condition in action.transitions.conditions:
        if f"{condition.operator} {condition.operand}" == label:
            values = [v for v in _candidates(condition) if _wins(action, condition, v)]
            return Done(values[0]) if values else None
    return None


def _wins(action: Action, wanted: Condition, value: str) -> bool:
    for condition in action.transitions.conditions:
        if meets(value, condition):
            return condition is wanted
    return False


def _candidates(condition: Condition) -> list[str]:
    """Values that meet a condition: the operand, near it, and inside longer text."""
    operand = condition.operand
    middle = number(operand)
    near = [] if middle is None else [f"{middle + step:g}" for step in (1, -1, 0.5, -0.5, 99, -99)]
    return [operand, *near, f"{operand} x", f"x {operand}", f"x {operand} x", "x"]


def as_text(explorations: Sequence[tuple[str, Exploration]]) -> str:
    """A line per flow, what was missed, and a line that counts."""
    lines: list[str] = []
    total = [0, 0, 0, 0]
    for name, found in explorations:
        covered = found.coverage
        counted = [
            len(covered.entered & covered.actions),
            len(covered.actions),
            len(covered.branches & covered.taken),
            len(covered.branches),
        ]
        total = [before + more for before, more in zip(total, counted, strict=True)]
        lines.append(_counted(name, counted) + _beyond(found))
        lines += [f"    missed: {branch.action} -> {branch.label}" for branch in found.missed]
        lines += [f"    note: {note}" for note in sorted(found.notes)]
    return "\n".join([*lines, _counted(f"{len(explorations)} flows", total)])


def _counted(name: str, counted: list[int]) -> str:
    entered, actions, taken, branches = counted
    return f"{name}: {entered} of {actions} actions, {taken} of {branches} branches"


def _beyond(found: Exploration) -> str:
    islands = len(found.coverage.actions - found.reachable)
    parts = [f"{islands} actions nothing leads to"] if islands else []
    if found.overshadowed:
        parts.append(f"{len(found.overshadowed)} branches an earlier one always wins over")
    return f" ({', '.join(parts)})" if parts else ""
