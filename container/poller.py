"""Reads a queue and calls the entry point that Lambda's event source mapping would call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib import log
from chalicelib.batches import Failures
from chalicelib.gateways.queue_reader import Event, QueueReader

SECONDS = 20.0  # what a function has; the queue's visibility time-out is six times that
PAUSE_SECONDS = 5.0  # after SQS refused to be read, or a bug of ours

Handler = Callable[[Any, Any], Failures]


class Deadline:
    """What the entry points use of Lambda's context."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._end - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class Poller:
    """One queue and its entry point. `emptied` wants to know that the queue was found empty."""

    reader: QueueReader
    handler: Handler
    emptied: Callable[[], None] | None = None

    def turn(self) -> bool:
        """Read once, work, delete what succeeded; False when nothing was there."""
        event = self.reader.receive()
        if not event["Records"]:
            if self.emptied and self.reader.is_empty():
                self.emptied()
            return False
        answer = self.handler(event, Deadline())
        self.reader.delete(_done(event, answer))
        return True

    def run(self, stopping: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Turn after turn until `stopping`. What is in hand is finished first."""
        while not stopping():
            try:
                self.turn()
            except Exception as problem:  # noqa: BLE001  (entry point: nobody starts it again)
                log.failure("a queue could not be read or worked off and is tried again", problem)
                pause(PAUSE_SECONDS)


def _done(event: Event, answer: Failures) -> list[str]:
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    return [one["receiptHandle"] for one in event["Records"] if one["messageId"] not in failed]
