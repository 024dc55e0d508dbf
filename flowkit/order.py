"""In which order flows are published: what is referred to comes first."""

from __future__ import annotations

from collections.abc import Iterator

from flowkit.bundle import Bundle
from flowkit.model import Flow

#: A flow or a module, by kind ("flows", "modules") and name.
Key = tuple[str, str]


def publishing_order(bundle: Bundle) -> list[Key]:
    """Modules and flows, each after those it refers to. Of a circle the first by name is first."""
    wanted: dict[Key, list[Key]] = {
        (kind, name): list(references(flow, bundle))
        for kind, flows in (("modules", bundle.modules), ("flows", bundle.flows))
        for name, flow in flows.items()
    }
    done: list[Key] = []
    for key in sorted(wanted, key=lambda one: (one[0] != "modules", one[1])):
        _visit(key, wanted, done, set())
    return done


def _visit(key: Key, wanted: dict[Key, list[Key]], done: list[Key], open_: set[Key]) -> None:
    if key in done or key in open_ or key not in wanted:
        return
    for other in wanted[key]:
        _visit(other, wanted, done, {*open_, key})
    if key not in done:
        done.append(key)


def references(flow: Flow, bundle: Bundle) -> Iterator[Key]:
    """Flows and modules of the bundle whose ARN stands in this one."""
    text = flow.to_json()
    for kind in ("modules", "flows"):
        for name, arn in bundle.settings["arns"].get(kind, {}).items():
            if arn in text:
                yield kind, name
