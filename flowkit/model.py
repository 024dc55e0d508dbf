"""A contact flow as Amazon Connect stores it (flow language 2019-10-30), read without loss.

A `Flow` keeps the document it was read from and gives typed views of it, so `parse` followed by
`to_json` yields the same JSON whatever the document holds: unknown action types, unknown keys and
even malformed parts stay verbatim. Reading never judges; judging is `flowkit.lint`'s work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

VERSION = "2019-10-30"

#: Keys of the format the console exported before 2021. It is another language.
LEGACY_KEYS = frozenset({"modules", "start"})


class FlowError(ValueError):
    """Not JSON, not an object, or not the 2019-10-30 language; the message says which."""


@dataclass(frozen=True, slots=True)
class ErrorBranch:
    """Where an action goes when the error `error_type` happened."""

    error_type: str
    target: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Where an action goes when its result meets `operator` with `operands`."""

    operator: str
    operands: tuple[Any, ...]
    target: str

    @property
    def operand(self) -> str:
        """The one operand the language allows, as text ("" when there is none)."""
        return str(self.operands[0]) if self.operands else ""


@dataclass(frozen=True, slots=True)
class Transitions:
    """The ways out of an action. `next_action` is None when the document has none."""

    next_action: str | None
    errors: tuple[ErrorBranch, ...]
    conditions: tuple[Condition, ...]

    def error(self, error_type: str) -> ErrorBranch | None:
        """The first branch declared for this error type."""
        return next((branch for branch in self.errors if branch.error_type == error_type), None)

    def branches(self) -> Iterator[tuple[str, str]]:
        """Every way out as (label, target identifier), in the order a runner tries them."""
        for branch in self.errors:
            yield f"error {branch.error_type}", branch.target
        for condition in self.conditions:
            yield f"{condition.operator} {condition.operand}", condition.target
        if self.next_action is not None:
            yield "next", self.next_action

    def targets(self) -> Iterator[str]:
        """The identifiers this action can lead to, repeated as they are in the document."""
        return (target for _, target in self.branches())


@dataclass(frozen=True)
class Action:
    """One action of a flow. `raw` is the entry of the document, never changed."""

    raw: Mapping[str, Any]
    index: int

    @cached_property
    def identifier(self) -> str:
        return _text(self.raw.get("Identifier"))

    @cached_property
    def type(self) -> str:
        return _text(self.raw.get("Type"))

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return _object(self.raw.get("Parameters"))

    @cached_property
    def transitions(self) -> Transitions:
        raw = _object(self.raw.get("Transitions"))
        errors = (
            ErrorBranch(_text(entry.get("ErrorType")), _text(entry.get("NextAction")))
            for entry in _objects(raw.get("Errors"))
        )
        conditions = (_condition(entry) for entry in _objects(raw.get("Conditions")))
        next_action = raw.get("NextAction")
        return Transitions(
            next_action if isinstance(next_action, str) and next_action else None,
            tuple(errors),
            tuple(conditions),
        )


@dataclass(frozen=True)
class Flow:
    """A contact flow or module. `name` is ours (file or resource name), not the document's."""

    document: dict[str, Any]
    name: str = "flow"

    @cached_property
    def start_action(self) -> str:
        return _text(self.document.get("StartAction"))

    @cached_property
    def action_list(self) -> tuple[Action, ...]:
        """Every action in document order, those with a repeated identifier included."""
        entries = self.document.get("Actions")
        listed = entries if isinstance(entries, list) else []
        return tuple(Action(e, i) for i, e in enumerate(listed) if isinstance(e, dict))

    @cached_property
    def actions(self) -> dict[str, Action]:
        """Actions by identifier; of repeated identifiers the first wins."""
        found: dict[str, Action] = {}
        for action in self.action_list:
            found.setdefault(action.identifier, action)
        return found

    @cached_property
    def metadata(self) -> dict[str, Any]:
        return _object(self.document.get("Metadata"))

    @property
    def is_module(self) -> bool:
        """Modules carry `Settings` or end with EndFlowModuleExecution; flows may do neither.

        An export that names its flow type is a flow, whatever else it carries.
        """
        if isinstance(self.metadata.get("type"), str):
            return False
        returns = any(action.type == "EndFlowModuleExecution" for action in self.action_list)
        return returns or "Settings" in self.document

    def action_metadata(self, identifier: str) -> dict[str, Any]:
        return _object(_object(self.metadata.get("ActionMetadata")).get(identifier))

    def friendly_name(self, identifier: str) -> str:
        """The name a person gave this block ("" when the identifier is a generated one)."""
        named = self.action_metadata(identifier).get("isFriendlyName")
        return identifier if named in (True, "true", "True") else ""

    def to_json(self, indent: int | None = 2) -> str:
        """The document as JSON text: equal, key for key, to what was read."""
        return json.dumps(self.document, indent=indent, ensure_ascii=False)


def parse(source: str | bytes | Mapping[str, Any], name: str = "flow") -> Flow:
    """Read a flow from JSON text or from an already decoded document.

    Raises FlowError when the text is not JSON, is no object, or is the format the console
    exported before 2021 (`modules`, `start`), which Connect's API does not take either.
    """
    document = _decoded(source) if isinstance(source, str | bytes) else dict(source)
    if not isinstance(document, dict):
        raise FlowError("a flow document is a JSON object with Version, StartAction, Actions")
    if "Actions" not in document and document.keys() >= LEGACY_KEYS:
        raise FlowError(
            "this is the export format the console used before 2021 (modules, start); "
            "import it in the console and export it again as flow language 2019-10-30"
        )
    return Flow(document, name)


def _decoded(source: str | bytes) -> Any:
    try:
        text = source.decode("utf-8") if isinstance(source, bytes) else source
        return json.loads(text.removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise FlowError("not JSON: the file is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise FlowError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error


def _condition(entry: dict[str, Any]) -> Condition:
    condition = _object(entry.get("Condition"))
    operands = condition.get("Operands")
    return Condition(
        _text(condition.get("Operator")),
        tuple(operands) if isinstance(operands, list) else (),
        _text(entry.get("NextAction")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
