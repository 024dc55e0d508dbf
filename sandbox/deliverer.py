"""Lambda's side of SQS: takes messages from queues, runs handlers, deletes what succeeded.

It works on the queues directly, so its receives and deletes are not counted as the product's
calls. One invocation runs at a time; time moves only in `run_for` and `run_until`.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.faults import Killed
from sandbox.ids import Ids
from sandbox.lambda_event import failed_ids, sqs_event
from sandbox.lambda_functions import LambdaContext
from sandbox.moto_services import REGION
from sandbox.scheduler import Scheduler
from sandbox.sqs import Queue, SqsEmulator
from sandbox.sqs.emulator import ACCOUNT
from sandbox.sqs.message import Message
from sandbox.wire import AwsError, Router

FIFO_BATCH = 10  # developer guide: the largest batch of a FIFO queue
STANDARD_BATCH = 10_000  # developer guide: the largest batch of a standard queue
PAYLOAD_BYTES = 6_291_456  # Lambda quotas: synchronous invocation payload, 6 MB

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """An event source mapping. Partial failures count only with `report_batch_item_failures`."""

    queue: str
    handler: Handler
    function_name: str
    batch_size: int = 10
    timeout_s: float = 20.0
    report_batch_item_failures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One finished invocation. `outcome`: "ok", "partial", "timed out", "killed", or an error's
    class name; `failed` are the message ids that stay in the queue."""

    function_name: str
    queue: str
    message_ids: tuple[str, ...]
    failed: frozenset[str]
    outcome: str
    at: datetime


class NotIdle(Exception):
    """Work does not come to an end within the allowed number of steps."""


class Deliverer:
    """Runs event source mappings and scheduled jobs. `deliveries` lists every invocation.

    Errors of handlers are Lambda's business, not the caller's: they show in `deliveries`, and
    with `raise_errors` they are raised as well (for tests that expect none).
    """

    def __init__(
        self,
        router: Router,
        scheduler: Scheduler,
        sqs: SqsEmulator,
        ids: Ids | None = None,
        *,
        raise_errors: bool = False,
    ) -> None:
        self.deliveries: list[Delivery] = []
        self.raise_errors = raise_errors
        self.mappings: list[Mapping] = []
        self._router = router
        self._clock: SandboxClock = router.clock
        self._scheduler = scheduler
        self._sqs = sqs
        self._ids = ids or Ids()
        self._turn = 0

    def map(self, mapping: Mapping) -> None:
        """Add an event source mapping. Raises ValueError for a batch size Lambda refuses."""
        queue = self._sqs.queues[mapping.queue]
        largest = FIFO_BATCH if queue.fifo else STANDARD_BATCH
        if not 1 <= mapping.batch_size <= largest:
            raise ValueError(f"{mapping.queue}: batch size 1 to {largest}")
        self.mappings.append(mapping)

    def step(self) -> bool:
        """One invocation, queues taking turns; False when no queue has anything to give now."""
        for _ in self.mappings:
            mapping = self.mappings[self._turn % len(self.mappings)]
            self._turn += 1
            messages = self._receive(mapping)
            if messages:
                self._invoke(mapping, messages)
                return True
        return False

    def run_until_idle(self, max_steps: int = 10_000) -> int:
        """Run jobs and invocations until nothing is due at this instant.

        Returns the number of steps: invocations, and rounds of jobs. Raises NotIdle when that
        takes more than `max_steps`.
        """
        steps = 0
        while self._scheduler.run_due() or self.step():
            steps += 1
            if steps > max_steps:
                raise NotIdle(f"still busy after {max_steps} steps")
        return steps

    def run_for(self, seconds: float, max_steps: int = 10_000) -> int:
        """Let that much time pass, stopping at every job and reappearing message on the way."""
        return self.run_until(self._clock.now() + timedelta(seconds=seconds), max_steps)

    def run_until(self, end: datetime, max_steps: int = 10_000) -> int:
        """As `run_for`, up to an instant. Handlers may themselves take time and overshoot it."""
        steps = self.run_until_idle(max_steps)
        while (moment := self.next_event_at()) is not None and moment <= end:
            self._clock.at(max(moment, self._clock.now()))
            steps += self.run_until_idle(max_steps)
            if steps > max_steps:
                raise NotIdle(f"still busy after {max_steps} steps")
        self._clock.at(max(end, self._clock.now()))
        return steps + self.run_until_idle(max_steps)

    def next_event_at(self) -> datetime | None:
        """When something happens next by itself: a job, or a message becoming visible."""
        now = self._clock.now()
        mapped = {mapping.queue for mapping in self.mappings}
        moments = [self._sqs.queues[name].next_visible_at(now) for name in sorted(mapped)]
        return min((m for m in (*moments, self._scheduler.next_at()) if m), default=None)

    def _receive(self, mapping: Mapping) -> list[Message]:
        with self._router.lock:
            queue = self._sqs.queues[mapping.queue]
            return queue.receive(self._clock.now(), mapping.batch_size, max_bytes=PAYLOAD_BYTES)

    def _invoke(self, mapping: Mapping, messages: list[Message]) -> None:
        queue, at = self._sqs.queues[mapping.queue], self._clock.now()
        # Taken before the handler runs: deleting needs the handle of this receive.
        handles = {message.message_id: queue.handle_of(message) for message in messages}
        outcome, failed = self._run(mapping, sqs_event(queue, messages), set(handles))
        self._delete(queue, [handles[each] for each in handles if each not in failed])
        self.deliveries.append(
            Delivery(
                function_name=mapping.function_name,
                queue=mapping.queue,
                message_ids=tuple(handles),
                failed=frozenset(failed),
                outcome=outcome,
                at=at,
            )
        )

    def _run(
        self, mapping: Mapping, event: dict[str, Any], received: set[str]
    ) -> tuple[str, set[str]]:
        """The outcome and the ids that failed."""
        remaining_ms = self._stopwatch(mapping.timeout_s)
        context = self._context(mapping, remaining_ms)
        ends_at = self._clock.now() + timedelta(seconds=mapping.timeout_s)
        try:
            with self._router.faults.process(mapping.function_name, ends_at):
                response = json.loads(json.dumps(mapping.handler(event, context)))
        except Killed:
            return "killed", received
        except Exception as error:
            if self.raise_errors:
                raise
            return type(error).__name__, received
        if remaining_ms() <= 0:
            return "timed out", received
        if not mapping.report_batch_item_failures:
            return "ok", set()
        failed = failed_ids(response, received)
        return ("partial" if failed else "ok"), failed

    def _delete(self, queue: Queue, handles: list[str]) -> None:
        with self._router.lock:
            for handle in handles:
                try:
                    queue.delete(handle, self._clock.now())
                except AwsError:
                    # The visibility ran out meanwhile: the message will be delivered again.
                    continue

    def _stopwatch(self, timeout_s: float) -> Callable[[], int]:
        """Milliseconds left: what passed on the wall or on the sandbox's clock, the longer."""
        started, began = time.monotonic(), self._clock.now()

        def remaining_ms() -> int:
            virtual = (self._clock.now() - began).total_seconds()
            passed = max(virtual, time.monotonic() - started)
            return max(0, round((timeout_s - passed) * 1000))

        return remaining_ms

    def _context(self, mapping: Mapping, remaining_ms: Callable[[], int]) -> LambdaContext:
        name = mapping.function_name
        return LambdaContext(
            function_name=name,
            invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            aws_request_id=self._ids.uuid(),
            remaining_ms=remaining_ms,
        )
