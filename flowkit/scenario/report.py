"""Scenario outcomes for people."""

from __future__ import annotations

from collections.abc import Sequence

from flowkit.scenario.running import Failure, Outcome

#: Lines of the path shown with a failure; the end is what matters.
SHOWN_PATH = 30


def as_text(outcomes: Sequence[Outcome], *, each: bool = False) -> str:
    """Failures with their path, and a line that counts; with `each` also what passed."""
    lines: list[str] = []
    for outcome in outcomes:
        if outcome.failure is not None:
            lines += _failure(outcome, outcome.failure)
        elif each:
            lines.append(f"ok    {outcome.scenario.name}")
    failed = sum(outcome.failure is not None for outcome in outcomes)
    lines.append(f"{len(outcomes) - failed} of {len(outcomes)} scenarios hold")
    return "\n".join(lines)


def _failure(outcome: Outcome, failure: Failure) -> list[str]:
    scenario = outcome.scenario
    row = f" {scenario.row}" if scenario.row else ""
    hidden = len(failure.path) - SHOWN_PATH
    return [
        f"FAILED {scenario.path}:{failure.step.line}: {scenario.name}{row}",
        f"  step      {failure.step}",
        f"  expected  {failure.wanted}",
        f"  found     {failure.found}",
        f"  path ({'all' if hidden <= 0 else f'last {SHOWN_PATH} lines of {len(failure.path)}'}):",
        *(f"    {line}" for line in failure.path[-SHOWN_PATH:]),
    ]
