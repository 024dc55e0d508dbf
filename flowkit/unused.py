"""Values of settings.yaml that no template reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import meta

from flowkit.render import load_settings, render

#: Read by the instance, the stand-ins and flowkit itself rather than by templates.
_READ_ELSEWHERE = frozenset({"region", "account", "instance", "stage", "stages", "hours"})

#: Kinds whose entries a template reads by their ARN.
_BY_ARN = ("queues", "flows", "modules", "views", "lambdas")

Path_ = tuple[str, ...]


class _Watched(dict[str, Any]):
    """A settings object that notes which of its leaves are read."""

    def __init__(self, values: dict[str, Any], where: Path_, read: set[Path_]) -> None:
        super().__init__({key: _watched(v, (*where, key), read) for key, v in values.items()})
        self._where, self._read = where, read

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        self._note(key, value)
        return value

    def items(self) -> Any:
        self._note_all()
        return super().items()

    def values(self) -> Any:
        self._note_all()
        return super().values()

    def __iter__(self) -> Iterator[str]:
        self._note_all()
        return super().__iter__()

    def _note(self, key: str, value: Any) -> None:
        if not isinstance(value, _Watched):
            self._read.add((*self._where, key))

    def _note_all(self) -> None:
        for key in dict.keys(self):
            self._note(key, dict.__getitem__(self, key))


def unused_values(folder: Path, stage: str = "sandbox") -> list[tuple[int, str]]:
    """(line, dotted name) of each value that rendering every template of a folder does not read.

    Raises RenderError when a template cannot be rendered.
    """
    settings = load_settings(folder / "settings.yaml", stage)
    read: set[Path_] = set()
    watched = _Watched(settings, (), read)
    templates = [*sorted(folder.glob("*.json.j2")), *sorted(folder.glob("modules/*.json.j2"))]
    for template in templates:
        render(template, watched)
    read = {path for path in read if len(path) > 1} | _top_level(folder)
    ours = {template.name.removesuffix(".json.j2") for template in templates}
    return [
        (line, ".".join(path))
        for path, line in _leaves(folder / "settings.yaml")
        if not _is_read(path, read, ours)
    ]


def _top_level(folder: Path) -> set[Path_]:
    """Names templates use directly; rendering itself reads every one of these."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701  only parsed, never rendered
    return {
        (name,)
        for template in folder.rglob("*.j2")
        for name in meta.find_undeclared_variables(
            environment.parse(template.read_text(encoding="utf-8"))
        )
    }


def _is_read(path: Path_, read: set[Path_], ours: set[str]) -> bool:
    if path[0] in _READ_ELSEWHERE:
        return True
    if path[0] in _BY_ARN:
        return path[1] in ours or ("arns", path[0], path[1]) in read
    return path in read


def _leaves(settings: Path) -> Iterator[tuple[Path_, int]]:
    """Every value of the file with its line; lists count as one."""
    root = yaml.compose(settings.read_text(encoding="utf-8"), yaml.SafeLoader)
    yield from _below(root, ())


def _below(node: yaml.Node | None, path: Path_) -> Iterator[tuple[Path_, int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        here = (*path, str(key.value))
        entry = len(path) == 1 and path[0] in _BY_ARN
        if isinstance(value, yaml.MappingNode) and not entry:
            yield from _below(value, here)
        else:
            yield here, key.start_mark.line + 1


def _watched(value: Any, where: Path_, read: set[Path_]) -> Any:
    return _Watched(value, where, read) if isinstance(value, dict) else value
