"""Jobs at instants of the sandbox's clock: flow waits, delivery statuses, chat time-outs.

Jobs run when someone asks for what is due, never by themselves; jobs of one instant run in the
order they were scheduled, so a run repeats exactly.
"""

import heapq
import itertools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.clock import SandboxClock


@dataclass(order=True, slots=True)
class Job:
    """A job waiting for its time. `cancel()` makes it never run."""

    when: datetime
    number: int
    run: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Do not run it; harmless when it already ran."""
        self.cancelled = True


class Scheduler:
    """A heap of jobs on a clock. Jobs run under `lock` (the router's) when one is given.

    A job that runs product code (a flow Lambda) lends the lock with `router.lock.released()`.
    """

    def __init__(
        self, clock: SandboxClock, lock: AbstractContextManager[None] | None = None
    ) -> None:
        self._clock = clock
        self._lock: AbstractContextManager[None] = lock or nullcontext()
        self._heap: list[Job] = []
        self._heap_lock = threading.Lock()
        self._numbers = itertools.count()

    def at(self, when: datetime, job: Callable[[], object]) -> Job:
        """Run `job` once the clock stands at `when` or later."""
        planned = Job(when, next(self._numbers), job)
        with self._heap_lock:
            heapq.heappush(self._heap, planned)
        return planned

    def after(self, seconds: float, job: Callable[[], object]) -> Job:
        """Run `job` that many seconds from now."""
        return self.at(self._clock.now() + timedelta(seconds=seconds), job)

    def next_at(self) -> datetime | None:
        """When the next job is due; None when there is none."""
        with self._heap_lock:
            while self._heap and self._heap[0].cancelled:
                heapq.heappop(self._heap)
            return self._heap[0].when if self._heap else None

    def run_due(self) -> int:
        """Run everything due now, including what these jobs schedule for now; how many ran."""
        ran = 0
        while (job := self._pop_due()) is not None:
            with self._lock:
                job.run()
            ran += 1
        return ran

    def _pop_due(self) -> Job | None:
        due = self.next_at()
        with self._heap_lock:
            if due is None or not self._heap or self._heap[0].when > self._clock.now():
                return None
            return heapq.heappop(self._heap)
