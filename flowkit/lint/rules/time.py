"""How long a contact stays in a flow, and loops that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from flowkit.engine.conditions import number
from flowkit.lint.issue import Finding, Subject, rule
from flowkit.lint.known import DEFAULT_CHAT_S
from flowkit.lint.paths import circles
from flowkit.model import Action


@rule("wait-too-long", "warning", "documented", "Wait less, or let the chat last longer.")
def wait_too_long(subject: Subject) -> Iterator[Finding]:
    """All waits of a flow together are shorter than the chat: it ends whatever the flow plans."""
    waits = [a for a in subject.flow.actions.values() if a.type == "Wait"]
    if subject.channel != "chat" or not waits:
        return
    turns = _turns(subject)
    total_s = sum(_seconds(wait) * turns.get(wait.identifier, 1) for wait in waits)
    limit_s = subject.known.chat_s if subject.known else DEFAULT_CHAT_S
    if total_s > limit_s:
        longest = max(waits, key=lambda wait: _seconds(wait) * turns.get(wait.identifier, 1))
        yield Finding(
            f"The waits come to {total_s:g} s; a chat lasts {limit_s} s unless it is made longer.",
            longest,
        )


@rule("loop-no-exit", "warning", "documented", "Lead DoneLooping out of the loop.")
def loop_no_exit(subject: Subject) -> Iterator[Finding]:
    """DoneLooping leads out: a counter that has run out does not start again."""
    for action in subject.flow.actions.values():
        if action.type != "Loop":
            continue
        targets = {c.operand: c.target for c in action.transitions.conditions}
        done = targets.get("DoneLooping")
        if done is not None and done in (action.identifier, targets.get("ContinueLooping")):
            yield Finding("DoneLooping leads where ContinueLooping does: no way out.", action)


@rule("loop-never", "info", "documented", "Give it a count, or remove it.")
def loop_never(subject: Subject) -> Iterator[Finding]:
    """A loop turns at least once."""
    for action in subject.flow.actions.values():
        if action.type == "Loop" and str(action.parameters.get("LoopCount")) == "0":
            yield Finding("A count of 0 is done at once.", action)


def _turns(subject: Subject) -> dict[str, float]:
    """How often each action of a counted circle runs at most."""
    found: dict[str, float] = {}
    for circle in circles(subject.flow):
        counts = [_count(action) for action in circle if action.type == "Loop"]
        if counts:
            found |= {action.identifier: sum(counts) + 1 for action in circle}
    return found


def _seconds(wait: Action) -> float:
    return number(str(wait.parameters.get("TimeLimitSeconds", ""))) or 0.0


def _count(loop: Action) -> float:
    return number(str(loop.parameters.get("LoopCount", ""))) or 0.0
