"""Bringing flows to an Amazon Connect instance and back.

Publishing finds queues, hours, views, flows and modules by name, fills their real ids in, and
changes what differs. What a change replaces is kept (a file per change, and a version in the
instance), so that it can be rolled back. Views are deployed by the stacks, not published here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from flowkit.bundle import Bundle, load_views
from flowkit.bundle import load as load_bundle
from flowkit.diff import diff, diff_views
from flowkit.instance import LISTS, Instance, PublishError
from flowkit.lint import Issue, lint
from flowkit.lint.issue import Subject
from flowkit.lint.known import known_from
from flowkit.model import VERSION, Flow, parse
from flowkit.order import Key, publishing_order, references

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one flow: "created", "updated" or "unchanged", and its differences."""

    kind: str
    name: str
    what: str
    differences: list[str] = field(default_factory=list)


_NO_SETTINGS: dict[str, Any] = {"InputParameters": [], "OutputParameters": [], "Transitions": []}
_END = {"Identifier": "End", "Parameters": {}, "Transitions": {}}
_EMPTY: dict[str, dict[str, Any]] = {
    kind: {
        "Version": VERSION,
        "StartAction": "End",
        "Metadata": {},
        "Actions": [{**_END, "Type": end}],
        **({"Settings": _NO_SETTINGS} if kind == "modules" else {}),
    }
    for kind, end in (("flows", "DisconnectParticipant"), ("modules", "EndFlowModuleExecution"))
}


class History:
    """What was replaced, a file per change; the newest is rolled back first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, kind: str, name: str, content: str) -> None:
        number = len(list(self.folder.glob("*.json"))) + 1
        self.folder.mkdir(parents=True, exist_ok=True)
        entry = {"kind": kind, "name": name, "content": content}
        file = self.folder / f"{number:05}.json"
        file.write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")

    def take(self, name: str) -> dict[str, str] | None:
        """The newest entry of this name, removed from the history."""
        for file in sorted(self.folder.glob("*.json"), reverse=True):
            entry: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
            if entry["name"] == name:
                file.unlink()
                return entry
        return None


def publish(
    folder: Path,
    stage: str,
    instance: Instance,
    history: History,
    tell: Callable[[Change], None],
    *,
    dry_run: bool = False,
) -> list[Change]:
    """Render, lint, compare and bring up to date, in dependency order.

    `tell` hears of each flow before it is changed. Raises PublishError for lint errors, names the
    instance does not have, and refusals of the service.
    """
    live = {kind: instance.ids(kind) for kind in LISTS}
    bundle = load_bundle(folder, stage, ids=live)
    _check(bundle, instance, live)
    missing = {key for key in publishing_order(bundle) if key[1] not in live[key[0]]}
    changes: list[Change] = []
    for key in publishing_order(bundle):
        if not dry_run:
            _make_room(bundle, key, instance, live)
        bundle = load_bundle(folder, stage, ids=live)
        change = _compared(instance, live, key, _flow(bundle, key), new=key in missing)
        tell(change)
        changes.append(change)
        if not dry_run and change.what != "unchanged":
            _apply(instance, history, live, change, _flow(bundle, key))
    return changes


def rollback(name: str, instance: Instance, history: History, version: int | None = None) -> str:
    """Publish again what the last change of a flow replaced, or a numbered version of it.

    Gives the kind. Raises PublishError when nothing is kept.
    """
    if version is not None:
        flow_id = instance.ids("flows").get(name)
        if flow_id is None:
            raise PublishError(f"the instance has no flow {name}")
        entry = {"kind": "flows", "content": instance.content("flows", f"{flow_id}:{version}")}
    else:
        kept = history.take(name)
        if kept is None:
            raise PublishError(f"nothing is kept of {name}")
        entry = kept
    flow_id = instance.ids(entry["kind"])[name]
    _refused(name, lambda: instance.update(entry["kind"], flow_id, entry["content"]))
    return entry["kind"]


def live_flows(instance: Instance) -> Iterator[tuple[str, str, Flow]]:
    """(kind, name, flow) of everything published in an instance."""
    for kind in ("modules", "flows"):
        for name, flow_id in instance.ids(kind).items():
            yield kind, name, parse(instance.content(kind, flow_id), name)


def compare(folder: Path, stage: str, instance: Instance) -> list[Change]:
    """What publishing would change; then views that the instance has otherwise than the folder."""
    history = History(folder / ".published")
    flows = publish(folder, stage, instance, history, lambda _change: None, dry_run=True)
    return [*flows, *_other_views(folder, instance)]


def _other_views(folder: Path, instance: Instance) -> Iterator[Change]:
    ids = instance.ids("views")
    for name, view in load_views(folder).items():
        if name in ids:
            lines = diff_views(instance.view(name, ids[name]), view)
            if lines:
                yield Change("views", name, "deployed otherwise; the stacks bring it", lines)


def _type_of(flow: Flow) -> str:
    return Subject.of(flow).flow_type or "CONTACT_FLOW"


def _flow(bundle: Bundle, key: Key) -> Flow:
    kind, name = key
    return (bundle.modules if kind == "modules" else bundle.flows)[name]


def _make_room(
    bundle: Bundle, key: Key, instance: Instance, live: dict[str, dict[str, str]]
) -> None:
    """Create, empty, what a flow refers to and only comes later: flows that lead in a circle."""
    for kind, name in references(_flow(bundle, key), bundle):
        if name not in live[kind]:
            wanted = _flow(bundle, (kind, name))
            create = partial(instance.create, kind, name, Flow(_EMPTY[kind]), _type_of(wanted))
            live[kind][name] = _refused(name, create)


def _compared(
    instance: Instance, live: dict[str, dict[str, str]], key: Key, flow: Flow, *, new: bool
) -> Change:
    kind, name = key
    flow_id = live[kind].get(name)
    if new or flow_id is None:
        return Change(kind, name, "created", diff(None, flow))
    before = parse(instance.content(kind, flow_id), name)
    if before.document == flow.document:
        return Change(kind, name, "unchanged")
    return Change(kind, name, "updated", diff(before, flow) or ["only metadata differs"])


def _apply(
    instance: Instance,
    history: History,
    live: dict[str, dict[str, str]],
    change: Change,
    flow: Flow,
) -> None:
    kind, name = change.kind, change.name
    if name not in live[kind]:
        live[kind][name] = _refused(
            name, partial(instance.create, kind, name, flow, _type_of(flow))
        )
    else:
        flow_id = live[kind][name]
        if change.what == "updated":
            history.keep(kind, name, instance.content(kind, flow_id))
        _refused(name, lambda: instance.update(kind, flow_id, flow.to_json(indent=None)))
    instance.keep_version(kind, live[kind][name], f"flowkit: {change.what}")


def _refused(name: str, change: Callable[[], T]) -> T:
    try:
        return change()
    except ClientError as error:
        answer: dict[str, Any] = dict(error.response)
        problems = answer.get("problems") or answer.get("Problems") or []
        listed = "; ".join(str(one.get("message")) for one in problems) or str(error)
        raise PublishError(f"{name} was refused: {listed}") from error


def _check(bundle: Bundle, instance: Instance, live: dict[str, dict[str, str]]) -> None:
    if bundle.settings.get("instance") != instance.id:
        named = bundle.settings.get("instance")
        raise PublishError(f"settings.yaml is for the instance {named}, not for {instance.id}")
    for kind in ("queues", "hours", "views"):
        absent = (bundle.settings.get(kind) or {}).keys() - live[kind].keys()
        if absent:
            raise PublishError(f"the instance has no {kind}: {', '.join(sorted(absent))}")
    # Flows have to fit the views that are there, which may be older than those of the folder.
    named = bundle.views.keys() & live["views"].keys()
    views = {name: instance.view(name, live["views"][name]) for name in named}
    known = known_from(bundle.settings, views=views)
    errors: list[Issue] = []
    for flow in (*bundle.modules.values(), *bundle.flows.values()):
        errors += [issue for issue in lint(flow, known=known) if issue.severity == "error"]
    if errors:
        listed = "; ".join(f"{i.flow}, {i.action!r}: {i.sentence}" for i in errors)
        raise PublishError(f"lint finds errors: {listed}")
