"""What a flow passes to a view of ours, and what it does with the button the agent used."""

from __future__ import annotations

from collections.abc import Iterator

from flowkit.lint.issue import Finding, Subject, rule
from flowkit.model import Action
from flowkit.views import View, bare_arn, misfits


def _shown(subject: Subject) -> Iterator[tuple[Action, str]]:
    """Each action that shows a view of an instance, with the view's ARN."""
    for action in subject.flow.action_list:
        resource = action.parameters.get("ViewResource")
        reference = resource.get("Id") if isinstance(resource, dict) else None
        bare = bare_arn(reference) if isinstance(reference, str) else None
        if action.type == "ShowView" and bare and subject.known is not None:
            yield action, bare


def _known(subject: Subject) -> Iterator[tuple[Action, View]]:
    for action, bare in _shown(subject):
        if subject.known and bare in subject.known.views:
            yield action, subject.known.views[bare]


@rule("view-undeclared", "error", "documented", "Add it to views/, and to settings.yaml.")
def view_undeclared(subject: Subject) -> Iterator[Finding]:
    """A flow of a folder shows views of its instance that the folder holds."""
    for action, bare in _shown(subject):
        if subject.known and bare not in subject.known.views:
            yield Finding(f"The folder holds no view {bare}.", action)


@rule("view-input", "error", "service-reported", "Pass exactly the inputs the view has.")
def view_input(subject: Subject) -> Iterator[Finding]:
    """A view gets every input it has, in its form, and no others: else it is not shown."""
    for action, view in _known(subject):
        data = action.parameters.get("ViewData")
        for problem in misfits(view, data if isinstance(data, dict) else {}):
            yield Finding(f"{problem[0].upper()}{problem[1:]}.", action)


@rule("view-action", "warning", "documented", "Add a condition for each button of the view.")
def view_action(subject: Subject) -> Iterator[Finding]:
    """Each button of a view leads somewhere, and no condition waits for one it has not."""
    for action, view in _known(subject):
        handled = {condition.operand for condition in action.transitions.conditions}
        for name in view.actions:
            if name not in handled:
                yield Finding(f"Nothing is done about {name!r}, a button of {view.name}.", action)
        for name in sorted(handled - set(view.actions)):
            yield Finding(f"The view {view.name} has no button {name!r}.", action)
