"""What may and what must have happened before an action: functions called, attributes set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowkit.coverage import next_is_possible
from flowkit.model import Action, Flow

#: A module may call functions and set attributes nobody sees from here.
UNSEEN = "?"

#: An attribute: its namespace and its name.
Name = tuple[str, str]

_SETTERS = {
    "UpdateContactAttributes": ("Attributes", "Attributes"),
    "UpdateFlowAttributes": ("FlowAttributes", "FlowAttributes"),
}


@dataclass(frozen=True, slots=True)
class Before:
    """`calls`: functions whose result may be the latest ("" for none yet, UNSEEN in a module);
    `may`, `must`: attributes set on some way, on every way. A setter that fails counts for `must`:
    its own error branch is no way around it."""

    calls: frozenset[str]
    may: frozenset[Name]
    must: frozenset[Name]


def before(flow: Flow) -> dict[str, Before]:
    """For each reachable action. Empty when the flow does not start."""
    if flow.start_action not in flow.actions:
        return {}
    nothing: frozenset[Name] = frozenset()
    states = {flow.start_action: Before(frozenset({""}), nothing, nothing)}
    waiting = [flow.start_action]
    while waiting:
        action = flow.actions[waiting.pop()]
        for label, target in _followed(action):
            if target not in flow.actions:
                continue
            after = _after(action, label, states[action.identifier])
            merged = _merged(states[target], after) if target in states else after
            if merged != states.get(target):
                states[target] = merged
                waiting.append(target)
    return states


def sets(action: Action) -> frozenset[Name]:
    """Attributes an action sets when it works."""
    namespace, parameter = _SETTERS.get(action.type, ("", ""))
    given = action.parameters.get(parameter) if parameter else None
    if not isinstance(given, dict) or action.parameters.get("TargetContact") == "Related":
        return frozenset()
    return frozenset((namespace, str(key)) for key in given)


def _after(action: Action, label: str, state: Before) -> Before:
    calls = state.calls
    if action.type == "InvokeLambdaFunction":
        calls = frozenset({action.identifier})
    elif action.type == "InvokeFlowModule":
        calls |= {UNSEEN}
    found = sets(action)
    worked = frozenset() if label.startswith("error ") else found
    return Before(calls, state.may | worked, state.must | found)


def _merged(one: Before, other: Before) -> Before:
    return Before(one.calls | other.calls, one.may | other.may, one.must & other.must)


def _followed(action: Action) -> Iterator[tuple[str, str]]:
    for label, target in action.transitions.branches():
        if label != "next" or next_is_possible(action):
            yield label, target
