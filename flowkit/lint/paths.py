"""Ways through a flow: what can be reached, what can end, what goes in circles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowkit.actions import find
from flowkit.coverage import next_is_possible
from flowkit.model import Action, Flow

#: Types after which, when they work, the flow has no more say.
LEAVES = frozenset({"TransferContactToQueue", "DequeueContactAndTransferToQueue", "TransferToFlow"})


def reachable(flow: Flow) -> set[str]:
    """Identifiers of existing actions a run can get to from the start."""
    onward = {name: action.transitions.targets() for name, action in flow.actions.items()}
    return _closure(onward, [flow.start_action])


def can_end(flow: Flow) -> set[str]:
    """Identifiers from which some way leads to an end or a hand-over."""
    leading: dict[str, list[str]] = {}
    for action in flow.actions.values():
        for target in action.transitions.targets():
            leading.setdefault(target, []).append(action.identifier)
    ends = [action.identifier for action in flow.actions.values() if ends_here(action)]
    found, waiting = set(ends), list(ends)
    while waiting:
        for before in leading.get(waiting.pop(), ()):
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found


def ends_here(action: Action) -> bool:
    """Whether a run can end at this action: terminal, hand-over, or nothing leads on."""
    spec = find(action.type)
    terminal = spec is not None and spec.terminal
    leads_on = next(action.transitions.targets(), None) is not None
    return terminal or action.type in LEAVES or not leads_on


def circles(flow: Flow) -> list[list[Action]]:
    """Groups of actions that lead to each other, each in document order."""
    onward = {name: set(_followed(action)) for name, action in flow.actions.items()}
    reach = {name: _closure(onward, onward[name]) for name in onward}
    groups: list[list[Action]] = []
    grouped: set[str] = set()
    for name in onward:
        if name in reach[name] and name not in grouped:
            group = {other for other in reach[name] if name in reach[other]}
            grouped |= group
            groups.append([a for a in flow.actions.values() if a.identifier in group])
    return groups


def _followed(action: Action) -> Iterable[str]:
    for label, target in action.transitions.branches():
        if label != "next" or next_is_possible(action):
            yield target


def _closure(onward: Mapping[str, Iterable[str]], starts: Iterable[str]) -> set[str]:
    """Everything the starts lead to, themselves included, as far as it exists."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in onward and name not in found:
            found.add(name)
            waiting.extend(onward[name])
    return found
