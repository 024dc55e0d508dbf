"""From `*.json.j2` and settings.yaml to the JSON Connect stores.

Values live in settings.yaml, structure in the template. A missing value, an empty string or a
number or boolean among the Parameters is an error that names file and line: the service takes
text only and refuses empty text with a message that names neither place nor value.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

#: Only these may hold JSON numbers and booleans: ShowView data keeps its JSON types.
_TYPED_PARAMETERS = frozenset({"ViewData"})

#: The safe loader, in C where PyYAML's wheel has it (nearly everywhere): ten times as quick.
_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Kind of settings.yaml -> the resource's name in an ARN of its instance.
RESOURCES = {
    "queues": "queue",
    "hours": "operating-hours",
    "flows": "contact-flow",
    "modules": "flow-module",
    "views": "view",
}


class RenderError(ValueError):
    """A template or its settings are wrong. The message starts with `file:line:`."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


def load_settings(
    path: str | Path,
    stage: str = "sandbox",
    ids: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Read settings.yaml and lay the values of `stage` over the common ones.

    `ids` (kind -> name -> id) replace those of entries with these names. Adds the ARNs that
    follow from region, account and instance. Raises RenderError when the file is no YAML object
    or has no such stage.
    """
    path = Path(path)
    settings = _read_yaml(path)
    stages = settings.pop("stages", {})
    if stage not in stages:
        known = ", ".join(stages) or "none"
        raise RenderError(path, 1, f"there is no stage {stage!r} under stages: (known: {known})")
    merged = _overlaid(settings, stages[stage])
    for kind, named in (ids or {}).items():
        for name, entry in (merged.get(kind) or {}).items():
            entry["id"] = named.get(name, entry.get("id"))
    return {**merged, "stage": stage, "arns": _arns(merged, stage)}


def render(template_path: str | Path, settings: dict[str, Any]) -> str:
    """The JSON text of one template. Raises RenderError with file and line.

    What it imports is looked for beside it and one folder above, where modules share it.
    """
    path = Path(template_path)
    try:
        text = _environment(path.parent.resolve()).get_template(path.name).render(settings)
    except jinja2.TemplateNotFound as error:
        line = _line_holding(path, str(error.name)) if path.exists() else 1
        raise RenderError(path, line, f"there is no template {error.name}") from error
    except jinja2.TemplateSyntaxError as error:
        raise RenderError(path, error.lineno, error.message or "syntax error") from error
    except jinja2.UndefinedError as error:
        raise RenderError(path, _line_of(error, path), f"missing value: {error.message}") from error
    _check(path, text)
    return text


@cache
def _environment(folder: Path) -> jinja2.Environment:
    """One a folder: what several flows import is compiled once, and again when it changed."""
    environment = jinja2.Environment(
        loader=_Templates([folder, folder.parent]),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  JSON, not HTML; values go through `| tojson`
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters["tojson"] = _to_json
    return environment


class _Templates(jinja2.FileSystemLoader):
    """Looks at the text, not at the time of a file: two versions may have the same one."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        text, file, _ = super().get_source(environment, template)
        return text, file, lambda: self.get_source(environment, template)[:2] == (text, file)


def value_problems(parameters: Any, where: str = "Parameters") -> Iterator[tuple[str, str]]:
    """(place, problem) for each empty string and each scalar that is no string."""
    if isinstance(parameters, dict):
        for key, value in parameters.items():
            if key not in _TYPED_PARAMETERS:
                yield from value_problems(value, f"{where}.{key}")
            else:
                yield from ((w, p) for w, p in value_problems(value, f"{where}.{key}") if _empty(p))
    elif isinstance(parameters, list):
        for index, value in enumerate(parameters):
            yield from value_problems(value, f"{where}[{index}]")
    elif parameters == "":
        yield where, 'empty text is refused; write a sentinel such as "none"'
    elif not isinstance(parameters, str):
        yield where, f"{json.dumps(parameters)} is not text; write it in quotes"


def _to_json(value: Any) -> str:
    """Jinja's own filter escapes for HTML; flows want the text as it is."""
    if isinstance(value, jinja2.Undefined):
        str(value)  # StrictUndefined raises here, naming the missing value
    return json.dumps(value, ensure_ascii=False)


def _empty(problem: str) -> bool:
    return problem.startswith("empty text")


def _check(path: Path, text: str) -> None:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        excerpt = text.splitlines()[error.lineno - 1].strip() if text.strip() else ""
        line = _line_holding(path, excerpt)
        raise RenderError(path, line, f"not JSON: {error.msg} at: {excerpt[:80]}") from error
    actions = document.get("Actions", []) if isinstance(document, dict) else []
    for action in actions:
        for place, problem in value_problems(action.get("Parameters", {})):
            identifier = str(action.get("Identifier", "?"))
            line = _line_holding(path, f'"{identifier}"', _last_key(place))
            raise RenderError(path, line, f"action {identifier!r}, {place}: {problem}")


def _line_of(error: BaseException, path: Path) -> int:
    """The template line an error came from: jinja gives its frames the template's line numbers."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == path.name]
    return (lines[-1] or 1) if lines else 1


def _line_holding(path: Path, *wanted: str) -> int:
    """The first template line that holds each wanted text after the one before; as far as found."""
    found, remaining = 1, list(wanted)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        while remaining and remaining[0] and remaining[0] in line:
            found = number
            remaining.pop(0)
    return found


def _last_key(place: str) -> str:
    keys = re.findall(r"[A-Za-z_][\w-]*", place)
    return f'"{keys[-1]}"' if keys else ""


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.load(path.read_text(encoding="utf-8"), Loader=_QUICK)  # noqa: S506  (safe)
    except FileNotFoundError as error:
        raise RenderError(path, 1, "there is no such file") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RenderError(path, line, f"not YAML: {error.problem}") from error
    if not isinstance(settings, dict):
        raise RenderError(path, 1, "settings are a YAML object")
    return settings


def _overlaid(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _overlaid(below, value) if both and isinstance(below, dict) else value
    return merged


def _arns(settings: dict[str, Any], stage: str) -> dict[str, Any]:
    """ARNs by kind and name, as Connect and Lambda form them."""
    place = f"{settings.get('region')}:{settings.get('account')}"
    instance = f"arn:aws:connect:{place}:instance/{settings.get('instance')}"
    arns: dict[str, Any] = {"instance": instance}
    for kind, resource in RESOURCES.items():
        entries = settings.get(kind) or {}
        arns[kind] = {name: f"{instance}/{resource}/{e['id']}" for name, e in entries.items()}
    functions = settings.get("lambdas") or {}
    arns["lambdas"] = {
        name: f"arn:aws:lambda:{place}:function:" + function.replace("{stage}", stage)
        for name, function in functions.items()
    }
    return arns
