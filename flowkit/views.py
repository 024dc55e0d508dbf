"""Views of ours: what an agent sees in a guide. A template with inputs a flow fills in. Pure.

A file holds what CreateView takes as content, the template as an object: `{"Template": {"Head",
"Body"}, "Actions": [...]}`, and a `Description`. Form: admin guide, "Custom views"; UI component
reference. Connect computes a view's inputs from the references in its template; so does this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowkit.view_components import COMPONENTS

#: Bytes of a view's content (API reference, CreateView).
MAX_CONTENT_BYTES = 400_000
#: A view of an instance; AWS's own are `detail` or `arn:aws:connect:us-east-1:aws:view/form:1`.
_OURS = re.compile(
    r"(arn:aws[\w-]*:connect:[\w-]+:\d{12}:instance/[0-9a-f-]+/view/[\w-]+)(?::(.+))?"
)
_REFERENCE = re.compile(r"\$\.([A-Za-z_]\w*)(.*)")
#: Connect's own pattern of an action, without the marks nobody needs.
_ACTION = re.compile(r"[A-Za-z0-9_.:/=+@()'-][A-Za-z0-9 _.:/=+@()'-]{0,254}")
#: CloudFormation's pattern, which takes less than the API's (AWS::Connect::View).
_DESCRIPTION = re.compile(r"[\w.:/=+\-@,][\w\s.:/=+\-@,]{0,4095}")

TEXT, LIST, OBJECT, FLAG = "text", "list", "object", "flag"
_JSON_TYPES = {TEXT: "string", LIST: "array", OBJECT: "object", FLAG: "boolean"}
_PYTHON_TYPES: dict[str, type] = {TEXT: str, LIST: list, OBJECT: dict, FLAG: bool}


class ViewError(ValueError):
    """The document is no view. The message says what is missing."""


@dataclass(frozen=True, slots=True)
class View:
    """`inputs`: name -> "text", "list", "object" or "flag", as the template uses it."""

    name: str
    template: dict[str, Any]
    actions: tuple[str, ...]
    description: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def components(self) -> Iterator[dict[str, Any]]:
        """Every component, outer before inner."""
        yield from _components(self.template.get("Body"))

    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of its inputs, as Connect computes one: all needed, no others taken."""
        return {
            "type": "object",
            "properties": {name: {"type": _JSON_TYPES[kind]} for name, kind in self.inputs.items()},
            "required": list(self.inputs),
            "additionalProperties": False,
        }

    def as_json(self) -> str:
        """The text of a file that reads as this view."""
        described = {"Description": self.description} if self.description else {}
        document = {**described, "Actions": list(self.actions), "Template": self.template}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def looks_like_view(document: Any) -> bool:
    template = document.get("Template") if isinstance(document, dict) else None
    return isinstance(template, dict) and ("Body" in template or "Head" in template)


def parse_view(text: str | bytes, name: str) -> View:
    """Raises ViewError for what is no JSON or has not a view's shape."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ViewError(f"not JSON: {error}") from error
    if not looks_like_view(document):
        raise ViewError('a view is {"Template": {"Head": ..., "Body": [...]}, "Actions": [...]}')
    actions = document.get("Actions", [])
    if not isinstance(actions, list) or not all(isinstance(one, str) for one in actions):
        raise ViewError("Actions is a list of texts")
    about = str(document.get("Description", ""))
    template: dict[str, Any] = document["Template"]
    kinds = {name: kind for name, kind, _ in _references(template)}
    return View(name, template, tuple(actions), about, kinds)


def bare_arn(reference: str) -> str | None:
    """The ARN of a view of an instance, without `:version`; None for one of AWS's."""
    found = _OURS.fullmatch(reference)
    return found[1] if found else None


def misfits(view: View, data: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the data for a view. A text that is one whole reference fits anywhere:
    what it leads to is known at run time only."""
    for name in view.inputs:
        if data.get(name) in (None, ""):
            yield f"the view {view.name} needs the input {name}"
        elif not _fits(data[name], view.inputs[name]):
            yield f"the view {view.name} takes a {view.inputs[name]} as {name}"
    for name in data:
        if name not in view.inputs:
            yield f"the view {view.name} takes no input {name}"


def _fits(value: Any, kind: str) -> bool:
    reference = isinstance(value, str) and value.startswith("$.") and " " not in value
    return reference or isinstance(value, _PYTHON_TYPES[kind])


# --- what Connect would refuse --------------------------------------------------------------------


def problems(view: View) -> Iterator[str]:
    """Why Connect would not publish a view, or could not show it; nothing for a good one."""
    yield from _head_problems(view.template.get("Head"))
    yield from _body_problems(view.template.get("Body"))
    for component in view.components:
        yield from _component_problems(component)
    yield from _reference_problems(view)
    yield from _action_problems(view)
    if view.description and not _DESCRIPTION.fullmatch(view.description):
        yield "It has no description that Connect takes: letters, digits, spaces, _.:/=+-@, only."
    if len(view.as_json().encode()) > MAX_CONTENT_BYTES:
        yield f"The view is larger than {MAX_CONTENT_BYTES} bytes."


def _head_problems(head: Any) -> Iterator[str]:
    if not isinstance(head, dict) or not isinstance(head.get("Title"), str):
        yield "Head needs a Title."
    elif not isinstance(head.get("Configuration"), dict):
        yield 'Head needs a Configuration, if only {"Layout": {"Columns": ["12"]}}.'


def _body_problems(body: Any) -> Iterator[str]:
    if not isinstance(body, list) or not body:
        yield "Body is an empty list or none."
        return
    for component in body:
        if not isinstance(component, dict) or component.get("Type") != "Container":
            # Some other types are taken, too; which ones is not published, a Container always is.
            yield "Body holds Containers; put the other components into one."
    named = [component.get("_id") for component in _components(body)]
    for repeated in sorted({str(one) for one in named if named.count(one) > 1}):
        yield f"Two components have the _id {repeated!r}."


def _component_problems(component: dict[str, Any]) -> Iterator[str]:
    name, kind, props = component.get("_id"), component.get("Type"), component.get("Props")
    known = COMPONENTS.get(str(kind))
    if not isinstance(name, str) or not name:
        yield f"A {kind} has no _id."
    if known is None:
        yield f"{name!r}: there is no component {kind}."
    elif not isinstance(props, dict):
        yield f"{name!r}: Props is missing or no object."
    else:
        yield from (f"{name!r}: {kind} has no {one}." for one in props.keys() - known.props)
        yield from (f"{name!r}: {kind} needs {one}." for one in known.required - props.keys())
    if not isinstance(component.get("Content"), list):
        yield f"{name!r}: Content is missing or no list."


def _reference_problems(view: View) -> Iterator[str]:
    kinds: dict[str, str] = {}
    for name, kind, where in _references(view.template):
        if kinds.setdefault(name, kind) != kind:
            yield f"The input {name} is used as a {kinds[name]} and as a {kind}."
        if not name[0].isupper():
            yield f"The input {name} must begin with a capital: Connect makes it one ({where})."
    for where, text in _texts(view.template, "Template"):
        if "$." in text and not _REFERENCE.fullmatch(text):
            yield f"{where}: a reference is the whole text; inside another it is shown as written."


def _action_problems(view: View) -> Iterator[str]:
    raised = {action for component in view.components for action in _raised(component)}
    for action in sorted(raised - set(view.actions)):
        yield f"Actions does not name {action!r}, which a component raises."
    for action in view.actions:
        if action not in raised:
            yield f"No component raises the action {action!r}."
        if not _ACTION.fullmatch(action):
            yield f"{action!r} is no name of an action."


def _raised(component: dict[str, Any]) -> Iterator[str]:
    props = component.get("Props")
    for entry in _objects(props):
        for key in ("Action", "TableAction"):
            if isinstance(entry.get(key), str):
                yield entry[key]


# --- walking --------------------------------------------------------------------------------------


def _components(content: Any) -> Iterator[dict[str, Any]]:
    for one in content if isinstance(content, list) else ():
        if isinstance(one, dict):
            yield one
            yield from _components(one.get("Content"))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value or ():
        if isinstance(inner, dict | list):
            yield from _objects(inner)


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """(place, text) of every text inside."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{index}]")
    elif isinstance(value, str):
        yield where, value


def _references(template: Any) -> Iterator[tuple[str, str, str]]:
    """(input, kind, place) of each reference, in document order."""
    for where, text in _texts(template, "Template"):
        found = _REFERENCE.fullmatch(text)
        if found:
            yield found[1], _kind(found[2], where), where


def _kind(rest: str, where: str) -> str:
    """What a reference stands for: by the property it is the whole value of."""
    if rest:
        return OBJECT
    prop = where.rpartition(".")[2]
    lists = {name for one in COMPONENTS.values() for name in one.lists}
    flags = {name for one in COMPONENTS.values() for name in one.flags}
    return LIST if prop in lists else FLAG if prop in flags else TEXT
