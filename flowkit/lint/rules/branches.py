"""The branches of one action: its errors and conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flowkit.actions import find
from flowkit.actions.spec import NO_CONDITION, OPERATORS, ActionSpec
from flowkit.lint.issue import Finding, Severity, Subject, rule
from flowkit.model import Action

#: CheckMetricData's staffing metrics compare one way only (service-reported).
_STAFFING = frozenset({"NumberOfAgentsAvailable", "NumberOfAgentsStaffed", "NumberOfAgentsOnline"})


def _known(subject: Subject) -> Iterator[tuple[Action, ActionSpec]]:
    for action in subject.flow.action_list:
        spec = find(action.type)
        if spec is not None:
            yield action, spec


@rule("missing-error", "error", "documented", "Add the branch; without it the flow just ends.")
def missing_error(subject: Subject) -> Iterator[Finding]:
    """Actions declare the errors that can happen to them."""
    for action, spec in _known(subject):
        declared = {branch.error_type for branch in action.transitions.errors}
        for error in spec.errors:
            if error not in declared:
                yield Finding(
                    f"{action.type} has no branch for {error}.", action, evidence=spec.evidence
                )


@rule("expected-error", "warning", "documented", "Add the branch; without it the flow just ends.")
def expected_error(subject: Subject) -> Iterator[Finding]:
    """Actions declare the errors they usually do, though exports exist without."""
    for action, spec in _known(subject):
        declared = {branch.error_type for branch in action.transitions.errors}
        for error in spec.expected_errors:
            if error not in declared:
                yield Finding(f"{action.type} has no branch for {error}.", action)


@rule("unknown-error", "warning", "documented", "Use an ErrorType of this action.")
def unknown_error(subject: Subject) -> Iterator[Finding]:
    """Only the errors of its type can happen to an action."""
    for action, spec in _known(subject):
        if spec.terminal or not spec.parameters_known:
            continue
        for branch in action.transitions.errors:
            if branch.error_type not in spec.known_errors:
                yield Finding(f"{branch.error_type} does not happen to {action.type}.", action)


@rule("error-repeated", "warning", "documented", "Keep one branch per ErrorType.")
def error_repeated(subject: Subject) -> Iterator[Finding]:
    """An error has one branch."""
    for action in subject.flow.action_list:
        counted = Counter(branch.error_type for branch in action.transitions.errors)
        for error, times in counted.items():
            if times > 1:
                yield Finding(f"{error} has {times} branches; only the first is taken.", action)


@rule("store-input-timeout", "warning", "service-reported", "Remove the branch.")
def store_input_timeout(subject: Subject) -> Iterator[Finding]:
    """Storing digits knows no InputTimeLimitExceeded, whatever the guide says."""
    for action in subject.flow.action_list:
        stores = action.parameters.get("StoreInput") in ("True", "true", True)
        if (
            action.type == "GetParticipantInput"
            and stores
            and action.transitions.error("InputTimeLimitExceeded")
        ):
            yield Finding("InputTimeLimitExceeded is refused when StoreInput is True.", action)


@rule("conditions-not-allowed", "error", "documented", "Compare in an action of its own.")
def conditions_not_allowed(subject: Subject) -> Iterator[Finding]:
    """Only actions with a result have conditions."""
    for action, spec in _known(subject):
        if spec.conditions is None and spec.parameters_known and action.transitions.conditions:
            yield Finding(f"{action.type} has no result, so it can have no conditions.", action)


@rule("operator", "error", "service-reported", "Use Equals, Text..., Number... or KeyExists.")
def operator(subject: Subject) -> Iterator[Finding]:
    """Conditions use the language's operators, and those their action takes."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        taken = spec.conditions.operators if spec and spec.conditions else OPERATORS
        for condition in action.transitions.conditions:
            if condition.operator not in OPERATORS:
                name = condition.operator or "(none)"
                yield Finding(f"There is no operator {name}.", action)
            elif condition.operator not in taken:
                yield Finding(
                    f"{action.type} does not compare with {condition.operator}.", action, "warning"
                )


@rule("operand", "error", "service-reported", "Give each condition one text to compare with.")
def operand(subject: Subject) -> Iterator[Finding]:
    """A condition has one operand, a fixed text that is not empty."""
    for action in subject.flow.action_list:
        for condition in action.transitions.conditions:
            if len(condition.operands) != 1:
                count = len(condition.operands)
                worst: Severity | None = "warning" if count > 1 else None
                yield Finding(f"{condition.operator} has {count} operands, not 1.", action, worst)
            elif condition.operands[0] == "":
                yield Finding("An empty operand is refused; let it be a word.", action)
            elif not isinstance(condition.operands[0], str):
                yield Finding("The operand is no text.", action, "warning")
            elif condition.operand.startswith("$."):
                yield Finding(
                    "Two values cannot be compared: the operand is taken as it is written.",
                    action,
                    "warning",
                )


@rule("operand-value", "error", "documented", "Use one of the results this action has.")
def operand_value(subject: Subject) -> Iterator[Finding]:
    """Actions with fixed results are compared with those."""
    for action, spec in _known(subject):
        results = spec.conditions.operands if spec.conditions else ()
        for condition in action.transitions.conditions:
            if results and condition.operand not in results:
                yield Finding(
                    f"{action.type} never gives {condition.operand!r}, only {', '.join(results)}.",
                    action,
                )


@rule("missing-condition", "error", "documented", "Add a branch for each result.")
def missing_condition(subject: Subject) -> Iterator[Finding]:
    """Actions with fixed results have a branch for each one they must."""
    for action, spec in _known(subject):
        declared = {condition.operand for condition in action.transitions.conditions}
        for needed in spec.conditions.required if spec.conditions else ():
            if needed not in declared:
                yield Finding(f"{action.type} has no branch for {needed}.", action)


@rule("condition-repeated", "warning", "documented", "Remove the second one.")
def condition_repeated(subject: Subject) -> Iterator[Finding]:
    """A condition is written once: of two equal ones the second never wins."""
    for action in subject.flow.action_list:
        seen: set[tuple[str, str]] = set()
        for condition in action.transitions.conditions:
            key = (condition.operator, condition.operand)
            if key in seen:
                yield Finding(f"{' '.join(key)} is declared twice.", action)
            seen.add(key)


@rule("nothing-compared", "warning", "documented", "Add a condition, or remove the action.")
def nothing_compared(subject: Subject) -> Iterator[Finding]:
    """An action that chooses has something to choose by."""
    for action in subject.flow.action_list:
        chooses = action.type in ("Compare", "CheckMetricData", "DistributeByPercentage")
        if chooses and not action.transitions.conditions:
            yield Finding(f"{action.type} has no condition: {NO_CONDITION} always wins.", action)


@rule("staffing-condition", "warning", "service-reported", "Compare with NumberGreaterThan 0.")
def staffing_condition(subject: Subject) -> Iterator[Finding]:
    """Staffing metrics take NumberGreaterThan 0 and nothing else."""
    for action in subject.flow.action_list:
        if action.parameters.get("MetricType") not in _STAFFING:
            continue
        for condition in action.transitions.conditions:
            if (condition.operator, condition.operand) != ("NumberGreaterThan", "0"):
                told = f"{condition.operator} {condition.operand}"
                yield Finding(f"A staffing metric is compared with {told}.", action)
