"""Writing what flows do into the scenarios that expected something else."""

from __future__ import annotations

from pathlib import Path

from flowkit.scenario.running import Failure, Outcome


def can_update(outcome: Outcome) -> bool:
    """A table's row is not rewritten: its step belongs to the other rows too."""
    failure = outcome.failure
    return failure is not None and failure.rewrite is not None and not outcome.scenario.row


def update(outcome: Outcome) -> None:
    """Replace the step that does not hold, or add the one that is missing."""
    failure = outcome.failure
    if failure is None or failure.rewrite is None:
        return
    path: Path = outcome.scenario.path
    text = path.read_text(encoding="utf-8")
    path.write_text(_rewritten(text, failure, failure.rewrite), encoding="utf-8")


def _rewritten(text: str, failure: Failure, step: str) -> str:
    start, end = failure.step.span
    if not failure.append:
        return text[:start] + step + text[end:]
    line_start = text.rfind("\n", 0, start) + 1
    indent = text[line_start:start]
    stop = end - (len(text[:end]) - len(text[:end].rstrip()))
    return f"{text[:stop]}\n{indent}{step}{text[stop:]}"
