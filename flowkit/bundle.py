"""All flows and views of a folder, rendered for one stage: `load("contact_flows", "sandbox")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowkit.model import Flow, parse
from flowkit.render import RenderError, load_settings, render
from flowkit.views import View, ViewError, parse_view

_SUFFIX = ".json.j2"
VIEWS = "views"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Flows, modules and views by name, the settings of the stage, the ids and ARNs they have.

    `settings["queues"]`, `["hours"]`, `["flows"]`, `["modules"]`, `["views"]` hold an `id` per
    name; `settings["arns"]` the same kinds, plus `lambdas` and `instance`, as ARNs.
    """

    flows: dict[str, Flow]
    modules: dict[str, Flow]
    settings: dict[str, Any]
    views: dict[str, View] = field(default_factory=dict)

    def flow(self, reference: str) -> Flow | None:
        """A flow by name, id or ARN (with or without a `:version`)."""
        return _find(self.flows, self.settings.get("flows") or {}, reference)

    def module(self, reference: str) -> Flow | None:
        """A module by name, id (`id:$LATEST` too) or ARN."""
        return _find(self.modules, self.settings.get("modules") or {}, reference)

    def view(self, reference: str) -> View | None:
        """A view by name, id or ARN, whatever its version."""
        return self.views.get(_name(self.settings.get("views") or {}, reference) or reference)

    def queue_name(self, reference: str) -> str | None:
        return _name(self.settings.get("queues") or {}, reference)

    def hours_name(self, reference: str) -> str | None:
        return _name(self.settings.get("hours") or {}, reference)

    def lambda_name(self, arn: str) -> str | None:
        """The name settings.yaml gives a function, from its ARN."""
        arns: dict[str, str] = self.settings["arns"]["lambdas"]
        return next((name for name, known in arns.items() if known == arn), None)


def load(
    path: str | Path = "contact_flows",
    stage: str = "sandbox",
    ids: Mapping[str, Mapping[str, str]] | None = None,
) -> Bundle:
    """Render and parse `*.json.j2` (flows) and `modules/*.json.j2` of a folder; read its views.

    `ids` (kind -> name -> id) replace those of settings.yaml where they name the same thing.
    Raises RenderError for templates and settings, FlowError for what renders to no flow.
    """
    folder = Path(path)
    settings = load_settings(folder / "settings.yaml", stage, ids)
    flows, modules = _rendered(folder, settings), _rendered(folder / "modules", settings)
    return Bundle(flows, modules, settings, load_views(folder))


def load_views(folder: Path) -> dict[str, View]:
    """`views/*.json` of a folder, by name. Raises RenderError for what is no view."""
    return {file.stem: _view(file) for file in sorted((folder / VIEWS).glob("*.json"))}


def _view(file: Path) -> View:
    try:
        return parse_view(file.read_bytes(), file.stem)
    except ViewError as error:
        raise RenderError(file, 1, str(error)) from error


def _rendered(folder: Path, settings: dict[str, Any]) -> dict[str, Flow]:
    templates = sorted(folder.glob(f"*{_SUFFIX}"))
    names = {template.name.removesuffix(_SUFFIX): template for template in templates}
    return {name: parse(render(template, settings), name) for name, template in names.items()}


def _find(flows: Mapping[str, Flow], ids: Mapping[str, Any], reference: str) -> Flow | None:
    return flows.get(_name(ids, reference) or reference)


def _name(entries: Mapping[str, Any], reference: str) -> str | None:
    """The name whose id a reference carries: plain, as the end of an ARN, or with a version."""
    bare = _bare(reference.rsplit("/", maxsplit=1)[-1])
    for name, entry in entries.items():
        if reference == name or bare == _bare(str(entry["id"])):
            return name
    return None


def _bare(identifier: str) -> str:
    return identifier.split(":", maxsplit=1)[0]
