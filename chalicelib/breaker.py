"""A circuit breaker: a dependency that does not answer is left alone for a while.

Without it an outage costs every invocation its full time-out. Open, a call fails at once as
Throttled: it surely did not happen, the queue keeps the message. State is the process's own: a
shared one would cost a call for each message in order to save some in the rare outage.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chalicelib.errors import Denied, Garbled, Rejected, Throttled, Unreachable, Unsure

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30.0


class Breaker:
    """One dependency's breaker. `clock` gives seconds; any steady clock will do."""

    def __init__(self, service: str, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let one call through, or raise Throttled while the breaker is open.

        After OPEN_SECONDS one call may try; its failure opens the breaker again, and an answer
        closes it. What is Throttled may be our own pace and says nothing.
        """
        self._check()
        try:
            yield
        except (Unsure, Garbled, Unreachable):
            self._count()
            raise
        except (Denied, Rejected):  # a refusal is an answer: who asks on after it must get through
            self._close()
            raise
        self._close()

    def refuse_while_open(self) -> None:
        """Raise Throttled where `passing` would; nothing is tried by this."""
        if self.is_open and self._clock() - self._opened_at < OPEN_SECONDS:
            raise self._refusal()

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES_TO_OPEN

    def _check(self) -> None:
        with self._lock:
            if not self.is_open:
                return
            if self._clock() - self._opened_at < OPEN_SECONDS:
                raise self._refusal()
            self._opened_at = self._clock()  # this call is the one that tries

    def _refusal(self) -> Throttled:
        return Throttled(
            f"{self._service} is left alone for a while",
            service=self._service,
            code="breaker_open",
        )

    def _count(self) -> None:
        with self._lock:
            self._failures += 1
            self._opened_at = self._clock()

    def _close(self) -> None:
        with self._lock:
            self._failures = 0
