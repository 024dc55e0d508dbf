"""Whether everything the product depends on answers (LA-20, SA-59).

Each dependency is asked at the same time, once, and has a short while; the answer names none of its
words, only the class of the error.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import PuenteError

SECONDS = 3.0  # load balancers give up after five
KEPT_SECONDS = 5  # who asks more often hears the same: asking costs a call for each dependency
OK, NO_ANSWER = "ok", "no answer"
Probe = Callable[[], object]  # raises an error of ours when the dependency does not answer
State = Literal["ready", "degraded", "not ready"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """`checks`: "ok", "no answer" in time, or the class of the error, by dependency.

    `state`: "degraded" when only something fails without which messages still pass.
    """

    state: State
    checks: Mapping[str, str]


class Dependencies:
    """`needed`: without these no message passes; `wanted`: those we can do without for a while.
    `clock` gives epoch seconds."""

    def __init__(
        self,
        needed: Mapping[str, Probe],
        wanted: Mapping[str, Probe],
        clock: Callable[[], float],
        seconds: float = SECONDS,
    ) -> None:
        self._needed = needed
        self._wanted = wanted
        self._clock = clock
        self._seconds = seconds
        self._known: tuple[float, Readiness] | None = None

    def ask(self) -> Readiness:
        """All of them, or what they answered a moment ago."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= KEPT_SECONDS:
            self._known = (now, self._asked())
        return self._known[1]

    def _asked(self) -> Readiness:
        probes = {**self._needed, **self._wanted}
        pool = ThreadPoolExecutor(max_workers=len(probes))
        asked = {name: pool.submit(_outcome, probe) for name, probe in probes.items()}
        wait(asked.values(), timeout=self._seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        checks = {name: _told(future) for name, future in asked.items()}
        failed = {name for name, told in checks.items() if told != OK}
        return Readiness(self._state(failed), checks)

    def _state(self, failed: set[str]) -> State:
        if failed & set(self._needed):
            return "not ready"
        return "degraded" if failed else "ready"


def _outcome(probe: Probe) -> str:
    try:
        probe()
    except PuenteError as problem:
        return type(problem).__name__
    return OK


def _told(future: "Future[str]") -> str:
    return future.result() if future.done() else NO_ANSWER
