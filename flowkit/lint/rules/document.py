"""The document as a whole: its shape, its limits, its identifiers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flowkit.lint.issue import Finding, Subject, rule
from flowkit.model import VERSION, Action

#: Actions per flow or module (developer guide).
MAX_ACTIONS = 250
#: Characters of `Content` (CreateContactFlow, botocore 1.44.5).
MAX_CONTENT_CHARS = 256_000
#: Characters of an Identifier (developer guide).
MAX_IDENTIFIER_CHARS = 50
#: Characters an Identifier must not hold (developer guide).
FORBIDDEN_CHARACTERS = frozenset("%:(\\/)=$,;[]{}")
#: Identifiers that are names of JavaScript's object internals (developer guide).
FORBIDDEN_NAMES = frozenset(
    {
        "__proto__",
        "constructor",
        "__defineGetter__",
        "__defineSetter__",
        "toString",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "valueOf",
    }
)
_TOP_LEVEL = frozenset({"Version", "StartAction", "Metadata", "Actions", "Settings"})
_ACTION_KEYS = frozenset({"Identifier", "Type", "Parameters", "Transitions"})


@rule("version", "error", "documented", f'Set "Version" to "{VERSION}".')
def version(subject: Subject) -> Iterator[Finding]:
    """The language has one version."""
    found = subject.flow.document.get("Version")
    if found != VERSION:
        yield Finding(f"Version is {json.dumps(found)} instead of {json.dumps(VERSION)}.")


@rule("start-action", "error", "documented", "Set StartAction to the Identifier of an action.")
def start_action(subject: Subject) -> Iterator[Finding]:
    """A flow starts at an action that exists."""
    found = subject.flow.document.get("StartAction")
    if not isinstance(found, str):
        yield Finding(f"StartAction is {_kind(found)} instead of an action's Identifier.")
    elif found not in subject.flow.actions:
        yield Finding(f"StartAction names {found!r}, which is no action of this flow.")


@rule("actions", "error", "documented", "Give the flow a list of actions.")
def actions(subject: Subject) -> Iterator[Finding]:
    """`Actions` is a list of 1 to 250 objects."""
    entries = subject.flow.document.get("Actions")
    if not isinstance(entries, list) or not entries:
        yield Finding("Actions is missing, empty or no list.")
        return
    if len(entries) > MAX_ACTIONS:
        yield Finding(f"The flow has {len(entries)} actions; {MAX_ACTIONS} are the most.")
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            yield Finding(f"Entry {index} of Actions is {_kind(entry)} instead of an object.")


@rule("content-size", "error", "documented", "Move parts of the flow into modules.")
def content_size(subject: Subject) -> Iterator[Finding]:
    """Connect takes at most 256,000 characters."""
    size = len(subject.flow.to_json(indent=None))
    if size > MAX_CONTENT_CHARS:
        yield Finding(f"The document has {size} characters; {MAX_CONTENT_CHARS} are the most.")


@rule("unknown-key", "warning", "service-reported", "Remove it, or move it into Metadata.")
def unknown_key(subject: Subject) -> Iterator[Finding]:
    """Keys the language does not have are refused."""
    for key in subject.flow.document.keys() - _TOP_LEVEL:
        yield Finding(f"The document has a key {key!r}, which the language does not know.")
    for action in subject.flow.action_list:
        for key in sorted(action.raw.keys() - _ACTION_KEYS):
            yield Finding(f"The action has a key {key!r}, which actions do not have.", action)


@rule("action-shape", "error", "documented", "Write the four keys of an action in their shapes.")
def action_shape(subject: Subject) -> Iterator[Finding]:
    """An action has a text Identifier and Type, and objects Parameters and Transitions."""
    for action in subject.flow.action_list:
        for key, kind in (("Identifier", str), ("Type", str)):
            if not isinstance(action.raw.get(key), kind) or not action.raw[key]:
                yield Finding(f"{key} is missing or no text.", action)
        for key in ("Parameters", "Transitions"):
            if key in action.raw and not isinstance(action.raw[key], dict):
                yield Finding(f"{key} is {_kind(action.raw[key])} instead of an object.", action)


@rule("missing-object", "info", "seen", "Write {} even when there is nothing in it.")
def missing_object(subject: Subject) -> Iterator[Finding]:
    """Exports always carry Parameters and Transitions."""
    for action in subject.flow.action_list:
        for key in ("Parameters", "Transitions"):
            if key not in action.raw:
                yield Finding(f"{key} is left out.", action)


@rule("transitions-shape", "error", "documented", "Write each branch with all its keys.")
def transitions_shape(subject: Subject) -> Iterator[Finding]:
    """Errors and Conditions are lists of whole branches."""
    for action in subject.flow.action_list:
        raw = action.raw.get("Transitions")
        if isinstance(raw, dict):
            yield from (Finding(sentence, action) for sentence in _broken_branches(raw))


@rule("identifier-repeated", "error", "documented", "Give each action an Identifier of its own.")
def identifier_repeated(subject: Subject) -> Iterator[Finding]:
    """Identifiers are unique within a flow."""
    seen: set[str] = set()
    for action in subject.flow.action_list:
        if action.identifier in seen:
            yield Finding(f"Another action is called {action.identifier!r} too.", action)
        seen.add(action.identifier)


@rule("identifier-alphabet", "error", "documented", "Use letters, digits, spaces and - _ . only.")
def identifier_alphabet(subject: Subject) -> Iterator[Finding]:
    """Identifiers have 1 to 50 characters and neither %:(\\/)=$,;[]{} nor reserved names."""
    for action in subject.flow.action_list:
        problem = _identifier_problem(action)
        if problem:
            yield Finding(f"The Identifier {problem}.", action)


def _identifier_problem(action: Action) -> str:
    found = sorted(FORBIDDEN_CHARACTERS & set(action.identifier))
    if found:
        return f"holds {' '.join(found)}, which Connect refuses"
    if action.identifier in FORBIDDEN_NAMES:
        return "is a reserved name"
    length = len(action.identifier)
    return (
        f"has {length} characters; {MAX_IDENTIFIER_CHARS} are the most"
        if length > MAX_IDENTIFIER_CHARS
        else ""
    )


def _broken_branches(raw: dict[str, object]) -> Iterator[str]:
    for key, wanted in (("Errors", "ErrorType"), ("Conditions", "Condition")):
        entries = raw.get(key, [])
        if not isinstance(entries, list):
            yield f"{key} is {_kind(entries)} instead of a list."
            continue
        for entry in entries:
            if not isinstance(entry, dict) or wanted not in entry or "NextAction" not in entry:
                yield f"A branch under {key} lacks {wanted} or NextAction."


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "missing" if value is None else names.get(type(value), "a number")
