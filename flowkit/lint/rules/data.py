"""What a flow reads: results of functions that are there, attributes that were set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from flowkit.lint.before import UNSEEN, sets
from flowkit.lint.issue import Finding, Subject, rule
from flowkit.model import Action, Flow
from flowkit.references import found_in, steps


def _reads(action: Action, namespace: str) -> Iterator[tuple[str, ...]]:
    for reference in dict.fromkeys(found_in(action.parameters)):
        path = steps(reference)
        if path[0] == namespace and len(path) > 1:
            yield path[1:]


def _calls(flow: Flow) -> dict[str, Action]:
    return {a.identifier: a for a in flow.actions.values() if a.type == "InvokeLambdaFunction"}


def _function(action: Action) -> str:
    return str(action.parameters.get("LambdaFunctionARN", ""))


@rule("external-unset", "warning", "documented", "Call the function first, or read an attribute.")
def external_unset(subject: Subject) -> Iterator[Finding]:
    """A result of a function is read after one was called. Modules may read their caller's."""
    if subject.flow.is_module:
        return
    for identifier, state in subject.before.items():
        action = subject.flow.actions[identifier]
        for path in _reads(action, "External"):
            if state.calls == {""}:
                yield Finding(f"No function was called before $.External.{path[0]}.", action)


@rule("external-replaced", "warning", "documented", "Copy it to an attribute before the next call.")
def external_replaced(subject: Subject) -> Iterator[Finding]:
    """`$.External` holds the latest result only: the one before it is gone."""
    calls = _calls(subject.flow)
    states = subject.before
    read_after: dict[str, set[str]] = defaultdict(set)
    for identifier, state in states.items():
        for path in _reads(subject.flow.actions[identifier], "External"):
            for call in state.calls:
                read_after[call].add(path[0])
    for call, action in calls.items():
        earlier = states[call].calls - {"", UNSEEN, call} if call in states else set()
        for first in sorted(earlier):
            yield from _lost(subject, calls[first], action, read_after)


def _lost(
    subject: Subject, first: Action, second: Action, read_after: dict[str, set[str]]
) -> Iterator[Finding]:
    """Keys read after the second call that are the first one's, or nobody's."""
    if _function(first) == _function(second):
        return
    named = f"of {first.identifier!r}"
    known = subject.known.functions if subject.known else {}
    mine, others = known.get(_function(second)), known.get(_function(first))
    if mine is not None and others is not None:
        for key in sorted(read_after[second.identifier] & others - mine):
            yield Finding(f"It replaces $.External.{key} {named}, which is read later.", second)
    elif not read_after[first.identifier] and read_after[second.identifier]:
        # A call whose result is not wanted, a report say, is as common as a mistake.
        sentence = f"It replaces the result {named}, which nothing has read."
        yield Finding(sentence, second, "info")


@rule("external-key", "warning", "documented", "Read a key the function answers with.")
def external_key(subject: Subject) -> Iterator[Finding]:
    """A function of settings.yaml answers with the keys that are read."""
    known = subject.known.functions if subject.known else {}
    calls = _calls(subject.flow)
    for identifier, state in subject.before.items():
        latest = [known.get(_function(calls[c])) for c in state.calls if c in calls]
        for path in _reads(subject.flow.actions[identifier], "External"):
            if latest and all(keys is not None and path[0] not in keys for keys in latest):
                action = subject.flow.actions[identifier]
                yield Finding(f"No function before it answers with {path[0]!r}.", action)


@rule("external-shape", "warning", "documented", "Answer flat texts, or set ResponseType to JSON.")
def external_shape(subject: Subject) -> Iterator[Finding]:
    """Nested keys need ResponseType JSON; lists cannot be addressed."""
    calls = _calls(subject.flow)
    for identifier, state in subject.before.items():
        latest = [calls[call] for call in state.calls if call in calls]
        flat = bool(latest) and all(_shape(call) == "STRING_MAP" for call in latest)
        for path in _reads(subject.flow.actions[identifier], "External"):
            if len(path) > 1 and flat:
                reference = ".".join(path)
                sentence = f"STRING_MAP results are flat: $.External.{reference} is empty."
                yield Finding(sentence, subject.flow.actions[identifier])


@rule("lambda-undeclared", "error", "documented", "Declare it under lambdas in settings.yaml.")
def lambda_undeclared(subject: Subject) -> Iterator[Finding]:
    """A flow of a folder calls functions its settings.yaml declares."""
    if subject.known is None:
        return
    for action in _calls(subject.flow).values():
        function = _function(action)
        if not found_in(function) and function not in subject.known.functions:
            yield Finding(f"settings.yaml declares no function {function}.", action)


@rule("flow-attribute-unset", "warning", "documented", "Set it on every way that leads here.")
def flow_attribute_unset(subject: Subject) -> Iterator[Finding]:
    """A flow attribute is set before it is read: it lives in this flow only."""
    for identifier, state in subject.before.items():
        action = subject.flow.actions[identifier]
        for path in _reads(action, "FlowAttributes"):
            name = ("FlowAttributes", path[0])
            if name not in state.may | state.must:
                yield Finding(f"Nothing sets $.FlowAttributes.{path[0]} before.", action)
            elif name not in state.must and action.type != "Compare":
                yield Finding(f"{path[0]} is not set on every way here.", action, "info")


@rule("attribute-unset", "warning", "documented", "Set it before, on the way that leads here.")
def attribute_unset(subject: Subject) -> Iterator[Finding]:
    """An attribute this flow sets is set before it is read. One it never sets may come with the
    contact, and a Compare may ask whether it is there."""
    own = {name for action in subject.flow.actions.values() for name in sets(action)}
    modules = any(a.type == "InvokeFlowModule" for a in subject.flow.actions.values())
    for identifier, state in subject.before.items():
        action = subject.flow.actions[identifier]
        if action.type == "Compare" or modules:
            continue
        for path in _reads(action, "Attributes"):
            name = ("Attributes", path[0])
            if name in own - state.may - state.must and name not in sets(action):
                yield Finding(f"$.Attributes.{path[0]} is only set later or elsewhere.", action)


def _shape(call: Action) -> str:
    validation = call.parameters.get("ResponseValidation")
    found = validation.get("ResponseType") if isinstance(validation, dict) else None
    return str(found or "unknown")
