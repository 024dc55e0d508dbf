"""The types and parameters of actions: names, values, references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowkit.actions import find, real_names
from flowkit.actions.contact import HOOK_EVENTS
from flowkit.actions.interaction import MAX_SYNC_LAMBDA_S
from flowkit.actions.invented import MISPRINTED
from flowkit.actions.spec import ActionSpec, Parameter
from flowkit.engine.conditions import number
from flowkit.lint.issue import Finding, Severity, Subject, rule
from flowkit.model import Action
from flowkit.references import NAMESPACES, found_in, is_reference, steps
from flowkit.render import value_problems

#: Namespaces that hold other values: alone they are no value (service-reported for Compare).
_ROOTS_WITH_LEAVES = frozenset({"Attributes", "FlowAttributes", "External", "SegmentAttributes"})

#: Parameters that go by another name, or belong to another action.
_MISNAMED = {
    ("Wait", "TimeoutSeconds"): "TimeLimitSeconds",
    ("InvokeLambdaFunction", "LambdaFunctionArn"): "LambdaFunctionARN",
}


def _pairs(subject: Subject) -> Iterator[tuple[Action, ActionSpec, Parameter, Any]]:
    for action in subject.flow.action_list:
        spec = find(action.type)
        for parameter in spec.parameters if spec else ():
            if spec and parameter.name in action.parameters:
                yield action, spec, parameter, action.parameters[parameter.name]


@rule("unknown-type", "error", "service-reported", "Use a type of the language.")
def unknown_type(subject: Subject) -> Iterator[Finding]:
    """Action types are those of the language."""
    for action in subject.flow.action_list:
        if not action.type or find(action.type) is not None:
            continue
        names = real_names(action.type)
        said = "remove the action" if names == () else " and then ".join(names or ())
        hint = f" Write {said} instead." if names else f" {said.capitalize()}." if said else ""
        # Data tables exist in the designer; their wire form is not published.
        worst: Severity | None = "warning" if "DataTable" in action.type else None
        yield Finding(f"There is no action type {action.type}.{hint}", action, worst)


@rule("misprinted-type", "warning", "service-reported", "Use the name the service takes.")
def misprinted_type(subject: Subject) -> Iterator[Finding]:
    """Two names of the developer guide are refused by the service."""
    for action in subject.flow.action_list:
        if action.type in MISPRINTED:
            yield Finding(f"The service calls it {MISPRINTED[action.type]}.", action)


@rule("misnamed-parameter", "error", "service-reported", "Use the name the service takes.")
def misnamed_parameter(subject: Subject) -> Iterator[Finding]:
    """Parameters carry the names the service takes, not those of the guide."""
    for action in subject.flow.action_list:
        for name in action.parameters:
            right = _MISNAMED.get((action.type, name))
            if right:
                yield Finding(f"{action.type} calls {name} {right}.", action)


@rule("unknown-parameter", "warning", "service-reported", "Remove it or use the real name.")
def unknown_parameter(subject: Subject) -> Iterator[Finding]:
    """Parameters are those of the action's type."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        if spec is None or not spec.parameters_known:
            continue
        for name in action.parameters:
            if spec.parameter(name) is None and (action.type, name) not in _MISNAMED:
                note = f" {spec.note}" if action.type == "TransferContactToQueue" else ""
                yield Finding(f"{action.type} has no parameter {name}.{note}", action)


@rule("missing-parameter", "error", "documented", "Add the parameter.")
def missing_parameter(subject: Subject) -> Iterator[Finding]:
    """Actions carry the parameters they need."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        for parameter in spec.parameters if spec else ():
            if parameter.required and parameter.name not in action.parameters:
                yield Finding(f"{action.type} needs {parameter.name}.", action)


@rule("one-of", "error", "documented", "Give exactly one of them.")
def one_of(subject: Subject) -> Iterator[Finding]:
    """Of alternative parameters exactly one, or at most one, is given."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        for group in spec.one_of if spec else ():
            given = [name for name in group if name in action.parameters]
            if len(given) != 1:
                found = " and ".join(given) or "none"
                yield Finding(f"Of {', '.join(group)} exactly one is needed: {found}.", action)
        for group in spec.at_most_one_of if spec else ():
            given = [name for name in group if name in action.parameters]
            if len(given) > 1:
                yield Finding(f"{' and '.join(given)} exclude each other.", action)


@rule("value", "error", "documented", "Use one of the values the parameter takes.")
def value(subject: Subject) -> Iterator[Finding]:
    """Parameters with fixed values take one of them."""
    for action, _, parameter, given in _pairs(subject):
        if parameter.values and isinstance(given, str | bool) and not _fits(given, parameter):
            wanted = ", ".join(dict.fromkeys(parameter.values))
            yield Finding(f"{parameter.name} is {given!r}; it takes {wanted}.", action)


@rule("number", "error", "documented", "Write a number within the limits.")
def number_range(subject: Subject) -> Iterator[Finding]:
    """Numbers are numbers and lie within their limits."""
    for action, _, parameter, given in _pairs(subject):
        if parameter.low is None or (isinstance(given, str) and _filled_later(given)):
            continue
        found = number(str(given))
        if found is None:
            yield Finding(f"{parameter.name} is {given!r}, which is no number.", action)
        elif found < parameter.low or (parameter.high is not None and found > parameter.high):
            upper = "" if parameter.high is None else f" and at most {parameter.high}"
            yield Finding(
                f"{parameter.name} is {given}; it is at least {parameter.low}{upper}.", action
            )


@rule("lambda-time", "warning", "documented", "Answer within 8 s, or answer pending and ask again.")
def lambda_time(subject: Subject) -> Iterator[Finding]:
    """A synchronous function has eight seconds, whatever the flow asks for."""
    for action in subject.flow.action_list:
        if action.type != "InvokeLambdaFunction":
            continue
        limit_s = number(str(action.parameters.get("InvocationTimeLimitSeconds", "")))
        waits = action.parameters.get("InvocationType") != "ASYNCHRONOUS"
        if waits and limit_s is not None and limit_s > MAX_SYNC_LAMBDA_S:
            yield Finding(f"A call waits at most {MAX_SYNC_LAMBDA_S} s, not {limit_s:g} s.", action)


@rule("empty-text", "error", "service-reported", 'Write a sentinel such as "none", or a space.')
def empty_text(subject: Subject) -> Iterator[Finding]:
    """Empty text is refused. Ids blanked for sharing and exported view data carry it all the
    same, so only a text of the action itself is an error."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        for place, problem in value_problems(action.parameters):
            if problem.startswith("empty text"):
                parameter = spec.parameter(place.removeprefix("Parameters.")) if spec else None
                certain = parameter is not None and parameter.grade in ("text", "static")
                yield Finding(f"{place} is empty.", action, None if certain else "warning")


@rule("not-text", "info", "seen", "Write the value in quotes.")
def not_text(subject: Subject) -> Iterator[Finding]:
    """Exports write every number and boolean as text."""
    for action in subject.flow.action_list:
        for place, problem in value_problems(action.parameters):
            if not problem.startswith("empty text"):
                yield Finding(f"{place}: {problem}.", action)


@rule("static-only", "warning", "documented", "Write the value itself.")
def static_only(subject: Subject) -> Iterator[Finding]:
    """Some parameters take no references."""
    for action, _, parameter, given in _pairs(subject):
        if parameter.grade == "static" and found_in(given):
            yield Finding(f"{parameter.name} must be fixed, not a reference.", action)


@rule("part-reference", "warning", "documented", "Write one whole reference, or fixed text.")
def part_reference(subject: Subject) -> Iterator[Finding]:
    """Identifiers are fixed or one reference, not text with references inside."""
    for action, _, parameter, given in _pairs(subject):
        mixed = isinstance(given, str) and found_in(given) and not is_reference(given)
        if parameter.grade == "reference" and mixed:
            yield Finding(f"{parameter.name} mixes text and references.", action)


@rule("namespace", "warning", "documented", "Use a namespace of the language.")
def namespace(subject: Subject) -> Iterator[Finding]:
    """References start with a namespace of the language."""
    for action in subject.flow.action_list:
        for reference in dict.fromkeys(found_in(action.parameters)):
            if steps(reference)[0] not in NAMESPACES:
                yield Finding(f"There is no namespace {reference}.", action)


@rule("comparison-value", "error", "service-reported", "Compare one reference such as $.Channel.")
def comparison_value(subject: Subject) -> Iterator[Finding]:
    """Compare takes one reference that leads to a value."""
    for action in subject.flow.action_list:
        given = action.parameters.get("ComparisonValue")
        if action.type != "Compare" or given is None:
            continue
        path = steps(given) if isinstance(given, str) and is_reference(given) else ()
        if not path:
            yield Finding(f"ComparisonValue is {given!r}, which is no reference.", action)
        elif len(path) == 1 and path[0] in _ROOTS_WITH_LEAVES:
            yield Finding(f"{given} is no value: name what is inside it.", action)


@rule("event-hooks", "error", "service-reported", "Set one known event per action.")
def event_hooks(subject: Subject) -> Iterator[Finding]:
    """One event per action, and one of those Connect has."""
    for action in subject.flow.action_list:
        hooks = action.parameters.get("EventHooks")
        if action.type != "UpdateContactEventHooks" or not isinstance(hooks, dict):
            continue
        if len(hooks) != 1:
            yield Finding(f"EventHooks has {len(hooks)} events; it takes exactly one.", action)
        for event in hooks.keys() - set(HOOK_EVENTS):
            yield Finding(f"There is no event {event}.", action, "warning")


@rule("flow-attributes", "error", "service-reported", 'Write {"name": {"Value": "text"}}.')
def flow_attributes(subject: Subject) -> Iterator[Finding]:
    """Flow attributes are written as objects with a Value."""
    for action in subject.flow.action_list:
        given = action.parameters.get("FlowAttributes")
        if action.type != "UpdateFlowAttributes" or not isinstance(given, dict):
            continue
        for name, entry in given.items():
            if not isinstance(entry, dict) or "Value" not in entry:
                yield Finding(f"The flow attribute {name} has no Value.", action)


def _filled_later(given: str) -> bool:
    """References, and placeholders of templating tools: `${x}`, `{{x}}`, `<x>`, `%x%`, `__x__`."""
    return bool(found_in(given)) or any(mark in given for mark in ("${", "{{", "<", "%", "__"))


def _fits(given: str | bool, parameter: Parameter) -> bool:
    text = str(given)
    return _filled_later(text) or text.lower() in {known.lower() for known in parameter.values}
