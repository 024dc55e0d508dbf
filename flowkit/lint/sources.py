"""Finding and reading what is to be linted: documents, templates, folders of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from flowkit.bundle import load_views
from flowkit.lint import lint
from flowkit.lint.issue import Issue
from flowkit.lint.known import Known, known_from
from flowkit.model import Flow, FlowError, parse
from flowkit.render import RenderError, load_settings, render
from flowkit.unused import unused_values
from flowkit.views import ViewError, looks_like_view, parse_view, problems

_TEMPLATE = ".json.j2"
_SETTINGS = "settings.yaml"


def files_in(paths: list[Path]) -> Iterator[Path]:
    """Every document and template under the paths, in order of name, each once."""
    seen: set[Path] = set()
    for path in paths:
        found = sorted(path.rglob("*.json*")) if path.is_dir() else [path]
        for file in found:
            wanted = file == path or file.name.endswith((".json", _TEMPLATE))
            if wanted and file not in seen:
                seen.add(file)
                yield file


def lint_file(
    path: Path, channel: str = "chat", flow_type: str | None = None, stage: str = "sandbox"
) -> list[Issue]:
    """The issues of one file, flow or view. What cannot be read or rendered is an issue too."""
    if is_view(path):
        return _view_issues(path)
    try:
        flow = read(path, stage)
        known = _known(path, stage) if path.name.endswith(_TEMPLATE) else None
    except (FlowError, RenderError) as error:
        return [unreadable(path, str(error))]
    return lint(flow, channel, flow_type, known)


def lint_settings(folder: Path, stage: str = "sandbox") -> list[tuple[Path, list[Issue]]]:
    """Issues of a folder's settings.yaml: values no template reads. [] without such a file."""
    path = folder / _SETTINGS
    if not path.exists():
        return []
    try:
        return [(path, [_unused(path, *found) for found in unused_values(folder, stage)])]
    except RenderError:
        return []  # the template that cannot be rendered has an issue of its own


def _unused(path: Path, line: int, name: str) -> Issue:
    sentence = f"{path}:{line}: no flow reads {name}."
    return _of_file(path, "unused-setting", sentence, "Remove it, or use it in a template.")


def is_view(path: Path) -> bool:
    """Whether a file holds a view rather than a flow."""
    try:
        return path.suffix == ".json" and looks_like_view(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return False


def _view_issues(path: Path) -> list[Issue]:
    try:
        found = list(problems(parse_view(path.read_bytes(), path.stem)))
    except ViewError as error:
        found = [str(error)]
    hint = "docs/flows.md, Views."
    return [_of_file(path, "view", sentence, hint) for sentence in found]


def _known(path: Path, stage: str) -> Known:
    settings_path = _settings_of(path)
    answers = settings_path.parent / "stand_ins.yaml"
    given = yaml.safe_load(answers.read_text(encoding="utf-8")) if answers.exists() else {}
    views = load_views(settings_path.parent)
    return known_from(load_settings(settings_path, stage), given.get("functions"), views)


def read(path: Path, stage: str = "sandbox") -> Flow:
    """A flow from a document, or from a template with the settings.yaml beside or above it.

    Raises FlowError and RenderError.
    """
    name = path.name.removesuffix(_TEMPLATE).removesuffix(".json")
    try:
        if path.name.endswith(_TEMPLATE):
            return parse(render(path, load_settings(_settings_of(path), stage)), name)
        return parse(path.read_bytes(), name)
    except FileNotFoundError as error:
        raise FlowError("there is no such file") from error


def unreadable(path: Path, problem: str) -> Issue:
    sentence = problem if problem.endswith(".") else f"{problem}."
    hint = "Export the flow again, or mend the template or its settings."
    return _of_file(path, "unreadable", sentence, hint)


def _of_file(path: Path, code: str, sentence: str, hint: str) -> Issue:
    """An error of a whole file."""
    return Issue(
        code=code,
        severity="error",
        sentence=sentence,
        flow=path.name,
        action="",
        name="",
        evidence="documented",
        hint=hint,
    )


def _settings_of(path: Path) -> Path:
    beside = path.parent / _SETTINGS
    above = path.parent.parent / _SETTINGS
    return above if above.exists() and not beside.exists() else beside
