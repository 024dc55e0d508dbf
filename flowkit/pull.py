"""A live instance's flows as templates: ids and ARNs become names of settings.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from flowkit.model import Flow
from flowkit.render import RESOURCES
from flowkit.views import View

_MARK = "\x01"
_LAMBDA = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:([\w-]+)(?::[\w$-]+)?")
_INSTANCE = re.compile(r"arn:aws[\w-]*:connect:([\w-]+):(\d{12}):instance/([0-9a-f-]{36})")


def templates(
    flows: Iterable[tuple[str, str, Flow]],
    ids: dict[str, dict[str, str]],
    stage: str,
    views: Iterable[View] = (),
) -> dict[str, str]:
    """Path -> text: a template per flow, modules in `modules/`, views in `views/`, settings.yaml.

    Rendering the templates with these settings gives the flows again. `ids` by kind and name.
    """
    listed = list(flows)
    everything = json.dumps([flow.document for _, _, flow in listed])
    files = {f"views/{_file_name(view.name)}.json": view.as_json() for view in views}
    for kind, name, flow in listed:
        folder = "modules/" if kind == "modules" else ""
        files[f"{folder}{_file_name(name)}.json.j2"] = _template(flow, ids, everything)
    files["settings.yaml"] = _settings(everything, ids, stage)
    return files


def write(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _template(flow: Flow, ids: dict[str, dict[str, str]], everything: str) -> str:
    known = {**_arns(ids, everything), **_plain(ids), **_functions(everything)}
    marked = _replaced(flow.document, known)
    text = json.dumps(marked, indent=2, ensure_ascii=False)
    text = text.replace("{{", '{{ "{{" }}').replace("{%", '{{ "{%" }}').replace("{#", '{{ "{#" }}')
    quoted = re.compile(
        rf'"{re.escape(json.dumps(_MARK)[1:-1])}(.+?){re.escape(json.dumps(_MARK)[1:-1])}"'
    )
    return (
        quoted.sub(lambda found: "{{ " + json.loads(f'"{found[1]}"') + " | tojson }}", text) + "\n"
    )


def _replaced(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(entry, known) for key, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, known) for entry in value]
    if isinstance(value, str) and value in known:
        return f"{_MARK}{known[value]}{_MARK}"
    return value


def _arns(ids: dict[str, dict[str, str]], everything: str) -> dict[str, str]:
    found = _INSTANCE.search(everything)
    if found is None:
        return {}
    return {
        f"{found[0]}/{resource}/{key}": f"arns.{kind}[{json.dumps(name)}]"
        for kind, resource in RESOURCES.items()
        for name, key in ids.get(kind, {}).items()
    }


def _plain(ids: dict[str, dict[str, str]]) -> dict[str, str]:
    return {
        key: f"{kind}[{json.dumps(name)}].id"
        for kind in RESOURCES
        for name, key in ids.get(kind, {}).items()
    }


def _functions(everything: str) -> dict[str, str]:
    return {
        found[0]: f"arns.lambdas[{json.dumps(found[1])}]"
        for found in _LAMBDA.finditer(everything)
        if found[0].endswith(f":{found[1]}")
    }


def _settings(everything: str, ids: dict[str, dict[str, str]], stage: str) -> str:
    found = _INSTANCE.search(everything)
    region, account, instance = found.groups() if found else ("", "", "")
    functions = {match[1]: match[1] for match in _LAMBDA.finditer(everything)}
    place: dict[str, Any] = {"region": region, "account": account, "instance": instance}
    for kind in RESOURCES:
        place[kind] = {name: {"id": key} for name, key in ids.get(kind, {}).items()}
    return yaml.safe_dump(
        {"lambdas": functions, "stages": {stage: place}}, sort_keys=False, allow_unicode=True
    )


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
