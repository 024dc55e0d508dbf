"""What differs between two flows, action by action, or between two views.

Positions and other metadata do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flowkit.model import Action, Flow
from flowkit.views import View

_NOTHING = object()


def diff(old: Flow | None, new: Flow) -> list[str]:
    """A line per difference, in the order of the new flow; [] when there is none.

    An action that kept type and parameters under another name counts as renamed.
    """
    if old is None:
        return [f"new flow with {len(new.actions)} actions"]
    lines = list(_of_document(old, new))
    renamed = _renamed(old, new)
    for name, action in new.actions.items():
        before = old.actions.get(renamed.get(name, name))
        if before is None:
            lines.append(f"+ {name!r} ({action.type})")
        else:
            if name in renamed:
                lines.append(f"~ {renamed[name]!r} is now {name!r}")
            lines += [f"~ {name!r}: {change}" for change in _of_action(before, action, renamed)]
    gone = old.actions.keys() - new.actions.keys() - set(renamed.values())
    lines += [f"- {name!r} ({old.actions[name].type})" for name in old.actions if name in gone]
    return lines


def diff_views(old: View, new: View) -> list[str]:
    """A line per difference of two views, component by component."""
    before, after = _by_id(old), _by_id(new)
    found = list(_changes(list(old.actions), list(new.actions), ".Actions"))
    found += _changes(old.template.get("Head"), new.template.get("Head"), ".Head")
    lines = [f"~ {place[1:]}: {_shown(was)} -> {_shown(now)}" for place, was, now in found]
    for name in dict.fromkeys([*after, *before]):
        if name not in before or name not in after:
            lines.append(f"{'-' if name in before else '+'} {name!r}")
            continue
        for place, was, now in _changes(before[name], after[name]):
            lines.append(f"~ {name!r}: {place[1:]}: {_shown(was)} -> {_shown(now)}")
    return lines


def _by_id(view: View) -> dict[str, Any]:
    """Each component with the names of those inside it."""
    return {
        str(one.get("_id")): {
            **one,
            "Content": [
                inner.get("_id") if isinstance(inner, dict) else inner
                for inner in one.get("Content") or []
            ],
        }
        for one in view.components
    }


def same(one: Flow, other: Flow) -> bool:
    """Whether two documents are equal, metadata included."""
    return one.document == other.document


def _of_document(old: Flow, new: Flow) -> Iterator[str]:
    if old.start_action != new.start_action:
        yield f"~ starts at {new.start_action!r} instead of {old.start_action!r}"
    for place, before, after in _changes(
        old.document.get("Settings"), new.document.get("Settings")
    ):
        yield f"~ Settings{place}: {_shown(before)} -> {_shown(after)}"


def _renamed(old: Flow, new: Flow) -> dict[str, str]:
    """New name -> old name, where exactly one lost action is like exactly one new one."""
    lost = [action for name, action in old.actions.items() if name not in new.actions]
    found = [action for name, action in new.actions.items() if name not in old.actions]
    renamed: dict[str, str] = {}
    for action in found:
        like = [one for one in lost if _nature(one) == _nature(action)]
        rivals = [one for one in found if _nature(one) == _nature(action)]
        if len(like) == len(rivals) == 1:
            renamed[action.identifier] = like[0].identifier
    return renamed


def _nature(action: Action) -> str:
    return json.dumps([action.type, action.parameters], sort_keys=True)


def _of_action(old: Action, new: Action, renamed: dict[str, str]) -> Iterator[str]:
    if old.type != new.type:
        yield f"{old.type} became {new.type}"
    for place, before, after in _changes(old.parameters, new.parameters):
        yield f"{place.removeprefix('.')}: {_shown(before)} -> {_shown(after)}"
    was, now = dict(old.transitions.branches()), dict(new.transitions.branches())
    for label in [*now, *(label for label in was if label not in now)]:
        before, after = was.get(label), now.get(label)
        if before != renamed.get(after or "", after):
            yield f"{label} leads to {after!r} instead of {before!r}"


def _changes(old: Any, new: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _changes(old.get(key, _NOTHING), new.get(key, _NOTHING), f"{place}.{key}")
    elif old != new:
        yield place, old, new


def _shown(value: Any) -> str:
    return (
        "nothing" if value is _NOTHING or value is None else json.dumps(value, ensure_ascii=False)
    )
