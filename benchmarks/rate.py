"""How many messages a second this machine bears over HTTP: ever larger crowds until they queue.

The pool and everything that imitates AWS share the machine, so it is a floor for the product.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks import load_over_http
from benchmarks.load import MESSAGES, Result

START, SECONDS, PROCESSES = 50, 20, 2
LIMIT_MS = 1000  # p95 until a message is seen; where messages queue up it is many seconds
FINER = 2  # halvings between the last crowd that was borne and the first that was not
LARGEST = 1600


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One crowd. `per_s`: messages the customers sent each second; `borne`: none queued up."""

    customers: int
    per_s: float
    borne: bool
    result: Result


def find(seconds: int = SECONDS, processes: int = PROCESSES, start: int = START) -> list[Step]:
    """Every crowd that was tried; last the largest that was borne, if one was."""
    return search(partial(_step, seconds=seconds, processes=processes), start)


def search(step: Callable[[int], Step], start: int) -> list[Step]:
    """Double the crowd until it is not borne, then look between. Pure but for `step`."""
    steps = [*_doubled(step, start)]
    too_large = None if steps[-1].borne else steps[-1].customers
    for _ in range(FINER):
        largest = max((one.customers for one in steps if one.borne), default=0)
        if too_large is None or not largest:
            break
        steps.append(step((largest + too_large) // 2))
        if not steps[-1].borne:
            too_large = steps[-1].customers
    return sorted(
        steps, key=lambda one: (one.borne, one.customers if one.borne else -one.customers)
    )


def _doubled(step: Callable[[int], Step], start: int) -> Iterator[Step]:
    customers = start
    while customers <= LARGEST:
        tried = step(customers)
        yield tried
        if not tried.borne:
            return
        customers *= 2


def _step(customers: int, seconds: int, processes: int) -> Step:
    result = load_over_http.run(customers, seconds, processes)
    return Step(
        customers=customers,
        per_s=customers * MESSAGES / seconds,
        borne=result.p95_ms <= LIMIT_MS,
        result=result,
    )


def report(steps: list[Step]) -> str:
    """A line a crowd, for people, and the rate."""
    lines = [
        f"  {one.customers:5} customers, {one.per_s:5.1f} messages/s: {_outcome(one.result)}"
        for one in sorted(steps, key=lambda one: one.customers)
    ]
    best = steps[-1]
    said = f"{'' if best.borne else 'less than '}{best.per_s:.1f} messages/s"
    return "\n".join([*lines, f"  borne (p95 up to {LIMIT_MS} ms): {said}"])


def _outcome(result: Result) -> str:
    return (
        f"p95 {result.p95_ms} ms, lost {result.lost}, doubled {result.duplicated}, "
        f"disordered {result.disordered}, processes {result.workers_rss_mb} MB"
    )
