"""The ways through a flow: dead ends, islands, circles."""

from __future__ import annotations

from collections.abc import Iterator

from flowkit.actions import find
from flowkit.actions.spec import NO_MATCH
from flowkit.lint.issue import Finding, Subject, rule
from flowkit.lint.paths import LEAVES, can_end, circles, reachable

#: Types that make a circle wait for time, a person or a counter.
_PACED = frozenset(
    {
        "Loop",
        "Wait",
        "GetParticipantInput",
        "ConnectParticipantWithLexBot",
        "ShowView",
        "MessageParticipantIteratively",
        "TransferContactToQueue",
        "DequeueContactAndTransferToQueue",
        "InvokeFlowModule",
    }
)

#: Exported without a NextAction: the hand-overs, and prompts that loop until an agent is free.
_MAY_STOP = LEAVES | {"MessageParticipantIteratively"}


@rule("dangling", "error", "documented", "Point the branch at an action of this flow.")
def dangling(subject: Subject) -> Iterator[Finding]:
    """Every branch leads to an action that exists."""
    for action in subject.flow.action_list:
        for label, target in action.transitions.branches():
            if target not in subject.flow.actions:
                where = f"{target!r}, which is no action of this flow" if target else "nothing"
                yield Finding(f"The branch {label!r} leads to {where}.", action)


@rule("unreachable", "warning", "documented", "Connect the action or delete it.")
def unreachable(subject: Subject) -> Iterator[Finding]:
    """Every action can be reached from the start."""
    if subject.flow.start_action in subject.flow.actions:
        found = reachable(subject.flow)
        for action in subject.flow.action_list:
            if action.identifier not in found:
                yield Finding("No way from the start leads to this action.", action)


@rule("no-way-on", "warning", "service-reported", "Add a NextAction.")
def no_way_on(subject: Subject) -> Iterator[Finding]:
    """Every action that does not end the flow says what comes next."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        if spec is None or spec.terminal or action.transitions.next_action is not None:
            continue
        leads_on = next(action.transitions.targets(), None) is not None
        missing = "NextAction is missing." if leads_on else "No branch leads on from this action."
        yield Finding(missing, action, "info" if action.type in _MAY_STOP else None)


@rule("terminal-goes-on", "warning", "documented", "Write an empty object as Transitions.")
def terminal_goes_on(subject: Subject) -> Iterator[Finding]:
    """Actions that end the flow have no branches."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        if spec is not None and spec.terminal and list(action.transitions.targets()):
            yield Finding(f"{action.type} ends the flow, yet it has branches.", action)


@rule("never-ends", "error", "documented", "Give one of the actions a way to an end or a queue.")
def never_ends(subject: Subject) -> Iterator[Finding]:
    """From every action some way leads to an end or a hand-over.

    Where the circle waits it may be meant: a queue flow plays until an agent is free.
    """
    ending = can_end(subject.flow)
    dead = [a for a in subject.flow.actions.values() if a.identifier not in ending]
    if dead and all(
        target in subject.flow.actions for a in dead for target in a.transitions.targets()
    ):
        yield Finding(
            f"No way leads from here to an end: {len(dead)} action(s) only lead to each other.",
            dead[0],
            "warning" if any(action.type in _PACED for action in dead) else None,
        )


@rule("circle", "warning", "documented", "Put a Loop or a Wait into the circle.")
def circle(subject: Subject) -> Iterator[Finding]:
    """A circle is paced by a Loop, a Wait or a question to the customer."""
    for group in circles(subject.flow):
        if not any(action.type in _PACED for action in group):
            names = ", ".join(repr(action.identifier) for action in group[:5])
            yield Finding(f"These actions can run in a circle without a pause: {names}.", group[0])


@rule("error-goes-back", "info", "documented", "Lead the error somewhere else, or through a Loop.")
def error_goes_back(subject: Subject) -> Iterator[Finding]:
    """An error branch does not lead straight back to the action that failed."""
    for action in subject.flow.action_list:
        branch = action.transitions.error(NO_MATCH)
        if branch is not None and branch.target == action.identifier:
            yield Finding("Its own error leads back to it: a lasting error never ends.", action)
