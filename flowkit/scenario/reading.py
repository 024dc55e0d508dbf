"""Reading scenario files.

    flow: whatsapp_inbound           # of every scenario below, unless it names its own
    given:                           # steps before those of each scenario
      - at: 2026-11-18 16:00
    scenarios:
      - name: An urgent voice note goes to $queue
        each: [{urgency: high, queue: Urgent}]      # optional: one run per row
        steps:
          - customer sends voice note w1
          - expect queue $queue

A step is a sentence, or `sentence: value`. `$name` takes its value from the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml


class ScenarioError(ValueError):
    """A scenario file is written wrongly. The message starts with `file:line:`."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence with its value (None: none). `span` is its place in the file's text."""

    sentence: str
    value: Any = None
    line: int = 0
    span: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        return self.sentence if self.value is None else f"{self.sentence}: {self.value}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run of a flow. `row` tells runs of the same scenario apart."""

    name: str
    flow: str
    steps: tuple[Step, ...]
    path: Path
    line: int
    row: dict[str, str]


def read_scenarios(paths: list[Path]) -> list[Scenario]:
    """All scenarios of files and folders (`*.yaml` in them). Raises ScenarioError."""
    files = [
        file
        for path in paths
        for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])
    ]
    return [scenario for file in files for scenario in _read(file)]


def _read(path: Path) -> Iterator[Scenario]:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except FileNotFoundError as error:
        raise ScenarioError(path, 1, "there is no such file") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(path, line, f"not YAML: {error.problem}") from error
    top = _Object(path, root)
    top.only("flow", "given", "scenarios", "functions", "about")
    given = _steps(path, top.get("given"))
    for node in _listed(path, top.get("scenarios")):
        yield from _runs(_Object(path, node), given, top.text("flow"))


def _runs(entry: _Object, given: list[Step], flow: str) -> Iterator[Scenario]:
    entry.only("name", "flow", "steps", "each", "about")
    steps = [*given, *_steps(entry.path, entry.get("steps"))]
    name = entry.text("name") or "a scenario without a name"
    for row in _rows(entry):
        yield Scenario(
            _filled(name, row),
            entry.text("flow") or flow,
            tuple(_step_with(step, row) for step in steps),
            entry.path,
            entry.line,
            row,
        )


def _rows(entry: _Object) -> list[dict[str, str]]:
    node = entry.get("each")
    if node is None:
        return [{}]
    rows = _value(node)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ScenarioError(entry.path, entry.line, "each: is a list of {name: value}")
    return [{str(key): str(value) for key, value in row.items()} for row in rows]


def _steps(path: Path, node: yaml.Node | None) -> list[Step]:
    return [_step(path, one) for one in _listed(path, node)]


def _step(path: Path, node: yaml.Node) -> Step:
    line, span = node.start_mark.line + 1, (node.start_mark.index, node.end_mark.index)
    if isinstance(node, yaml.ScalarNode):
        return Step(str(node.value), None, line, span)
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        (key, value), *_ = node.value
        return Step(str(key.value), _value(value), line, (span[0], value.end_mark.index))
    raise ScenarioError(path, line, "a step is one sentence, or one `sentence: value`")


def _step_with(step: Step, row: dict[str, str]) -> Step:
    return Step(_filled(step.sentence, row), _filled(step.value, row), step.line, step.span)


def _filled(value: Any, row: dict[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).safe_substitute(row) if row else value
    if isinstance(value, list):
        return [_filled(one, row) for one in value]
    if isinstance(value, dict):
        return {_filled(key, row): _filled(one, row) for key, one in value.items()}
    return value


def _listed(path: Path, node: yaml.Node | None) -> list[yaml.Node]:
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise ScenarioError(path, node.start_mark.line + 1, "a list is needed here")
    return list(node.value)


def _value(node: yaml.Node) -> Any:
    """A node as plain data. Scalars stay the text they are: "on" is no boolean here."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value]
    return str(node.value)


class _Object:
    """A mapping node read by key, with its place for messages."""

    def __init__(self, path: Path, node: yaml.Node | None) -> None:
        self.path = path
        self.line = node.start_mark.line + 1 if node else 1
        if not isinstance(node, yaml.MappingNode):
            raise ScenarioError(path, self.line, "an object with keys is needed here")
        self._entries = {str(key.value): value for key, value in node.value}

    def get(self, key: str) -> yaml.Node | None:
        return self._entries.get(key)

    def text(self, key: str) -> str:
        node = self.get(key)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def only(self, *known: str) -> None:
        """Raise for a key nobody reads: it is a misspelt one."""
        for key in self._entries.keys() - set(known):
            raise ScenarioError(self.path, self.line, f"there is no key {key!r} here")
