"""Where actions stand in a picture: where the console put them, else in layers from the start."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowkit.model import Flow

COLUMN, ROW = 300, 110
#: Sweeps that order a layer by the middle of what leads to it; more changes little.
_SWEEPS = 4


class Point(NamedTuple):
    x: float
    y: float


def positions(flow: Flow) -> dict[str, Point]:
    """A place for each action. The console's own when every action has one."""
    told = {name: _told(flow.action_metadata(name).get("position")) for name in flow.actions}
    found = {name: point for name, point in told.items() if point is not None}
    if flow.actions and len(found) == len(flow.actions) and len(set(found.values())) > 1:
        return found
    return _layered(flow)


def _told(position: Any) -> Point | None:
    if not isinstance(position, dict):
        return None
    x, y = position.get("x"), position.get("y")
    if isinstance(x, int | float) and isinstance(y, int | float):
        return Point(x, y)
    return None


def _layered(flow: Flow) -> dict[str, Point]:
    layers = _layers(flow)
    before = _before(flow)
    order = {name: row for layer in layers for row, name in enumerate(layer)}
    for _ in range(_SWEEPS):
        for layer in layers:
            layer.sort(key=lambda name: _middle(before[name], order, order[name]))
            order |= {name: row for row, name in enumerate(layer)}
    return {
        name: Point(column * COLUMN, row * ROW)
        for column, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }


def _layers(flow: Flow) -> list[list[str]]:
    """Actions by their distance from the start; what nothing leads to comes last."""
    layer = [flow.start_action] if flow.start_action in flow.actions else []
    layers, seen = [], set(layer)
    while layer:
        layers.append(layer)
        following: list[str] = []
        for name in layer:
            for target in flow.actions[name].transitions.targets():
                if target in flow.actions and target not in seen:
                    seen.add(target)
                    following.append(target)
        layer = following
    islands = [name for name in flow.actions if name not in seen]
    return [*layers, islands] if islands else layers


def _before(flow: Flow) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in flow.actions}
    for name, action in flow.actions.items():
        for target in action.transitions.targets():
            if target in found and target != name:
                found[target].append(name)
    return found


def _middle(names: list[str], order: dict[str, int], own: int) -> float:
    return sum(order[name] for name in names) / len(names) if names else own
