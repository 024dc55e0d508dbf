"""What Connect refuses in a flow document when it is published (flow language reference, 1)."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.amazon_connect import limits

VERSION = "2019-10-30"


def flow_problems(content: str, *, is_module: bool = False) -> list[str]:
    """Reasons for InvalidContactFlowException, empty when the document is acceptable."""
    if len(content) > limits.FLOW_CHARACTERS:
        return [f"Content has {len(content)} characters; the limit is {limits.FLOW_CHARACTERS}"]
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        return [f"Content is not JSON: {error.msg} at line {error.lineno}"]
    if not isinstance(document, dict):
        return ["Content is not a JSON object"]
    return [*_document(document, is_module), *_actions(document)]


def _document(document: dict[str, Any], is_module: bool) -> Iterator[str]:
    if document.get("Version") != VERSION:
        yield f"Version must be {VERSION}"
    if not is_module and "Settings" in document:
        yield "Settings belong to flow modules only"
    if len(document.get("Actions") or []) > limits.FLOW_ACTIONS:
        yield f"More than {limits.FLOW_ACTIONS} actions"


def _actions(document: dict[str, Any]) -> Iterator[str]:
    actions = [one for one in document.get("Actions") or [] if isinstance(one, dict)]
    names = [one.get("Identifier") for one in actions]
    if document.get("StartAction") not in names:
        yield f"StartAction {document.get('StartAction')!r} is not an action"
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"Identifier {name!r} is used twice"
    for action in actions:
        yield from _action(action, set(names))


def _action(action: dict[str, Any], names: set[Any]) -> Iterator[str]:
    name = action.get("Identifier")
    if not action.get("Type"):
        yield f"Action {name!r} has no Type"
    for target in _targets(action.get("Transitions") or {}):
        if target not in names:
            yield f"Action {name!r} leads to {target!r}, which does not exist"
    if _holds_empty_string(action.get("Parameters") or {}):
        yield f"Action {name!r} has an empty string in its Parameters"


def _targets(transitions: dict[str, Any]) -> Iterator[Any]:
    branches = [*(transitions.get("Errors") or []), *(transitions.get("Conditions") or [])]
    for branch in [transitions, *branches]:
        if "NextAction" in branch:
            yield branch["NextAction"]


def _holds_empty_string(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_empty_string(one) for one in value.values())
    if isinstance(value, list):
        return any(_holds_empty_string(one) for one in value)
    return bool(value == "")
