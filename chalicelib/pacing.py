"""Calls no faster than a service's quota: token buckets, one for each kind of call. Pure.

An empty bucket refuses as Throttled before anything is called: it surely did not happen, and the
queue, which is the buffer, brings the message again. State is the process's own, as the breaker's:
a shared count would cost a call for each message. Other processes draw on the same quota, so a
bucket that is refused by the service itself halves its rate and wins it back within a minute.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from chalicelib.errors import Throttled, Unreachable

HEADROOM = 0.95  # of a quota: our clock and the service's do not agree to the millisecond
SLOWEST = 1 / 16  # of its rate: a service that refuses is still asked now and then
RECOVERY_SECONDS = 60.0
MOST_BUCKETS = 4096  # customers a process remembers; a full bucket says nothing and goes first


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` on average, `burst` at once; 0 per second: not paced."""

    per_second: float
    burst: float


def within(per_second: float, burst: float) -> Rate:
    """The rate that stays a little below a quota."""
    return Rate(per_second * HEADROOM, max(1.0, burst * HEADROOM))


@dataclass(slots=True)
class Bucket:
    """What is left of a rate at the moment `at`; `pace`: the share of the rate it allows itself."""

    rate: Rate
    at: float
    left: float
    pace: float = 1.0

    def fill(self, now: float) -> None:
        """Let the time since the last look flow in."""
        passed = max(0.0, now - self.at)
        self.left = min(self.rate.burst, self.left + passed * self.rate.per_second * self.pace)
        self.pace = min(1.0, self.pace + passed / RECOVERY_SECONDS)
        self.at = now

    @property
    def is_full(self) -> bool:
        return self.left >= self.rate.burst and self.pace >= 1.0


Key = tuple[str, Hashable]


@dataclass(slots=True)
class Pace:
    """The buckets of one service. `clock` gives seconds; `rates` by kind of call."""

    service: str
    rates: Mapping[str, Rate]
    clock: Callable[[], float]
    _buckets: dict[Key, Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reserved: threading.local = field(default_factory=threading.local)

    def reserve(self, kind: str) -> None:
        """Take one call now that this thread makes later, e.g. before it claims the work for it.

        Raises Throttled. What a thread did not use serves its next reservation.
        """
        if kind not in self._credit():
            self.take(kind)
            self._credit().add(kind)

    def _credit(self) -> set[str]:
        found: set[str] = self._reserved.__dict__.setdefault("kinds", set())
        return found

    def take(self, *kinds: str | Key) -> None:
        """Count one call of each kind, or none and raise Throttled when one has no room.

        A kind may come with a key, e.g. ("pair", customer): each key has a bucket of its own.
        """
        if len(kinds) == 1 and kinds[0] in self._credit():
            self._credit().discard(str(kinds[0]))
            return
        with self._lock:
            wanted = [bucket for kind in kinds if (bucket := self._bucket(kind)) is not None]
            if any(bucket.left < 1 for bucket in wanted):
                raise Throttled(
                    f"{self.service} gets no more than its quota",
                    service=self.service,
                    code="paced",
                )
            for bucket in wanted:
                bucket.left -= 1

    @contextmanager
    def minding(self, *kinds: str | Key) -> Iterator[None]:
        """Go slower when the call inside is refused by the service itself: others use it, too."""
        try:
            yield
        except Throttled as refused:
            if not isinstance(refused, Unreachable):
                self.slower(*kinds)
            raise

    def slower(self, *kinds: str | Key) -> None:
        """Halve the rate of these kinds for a while."""
        with self._lock:
            for kind in kinds:
                bucket = self._bucket(kind)
                if bucket is not None:
                    bucket.left, bucket.pace = 0.0, max(SLOWEST, bucket.pace / 2)

    def _bucket(self, kind: str | Key) -> Bucket | None:
        key = (kind, "") if isinstance(kind, str) else kind
        rate = self.rates.get(key[0])
        if rate is None or not rate.per_second:
            return None
        now = self.clock()
        if key not in self._buckets:
            self._make_room(now)
            self._buckets[key] = Bucket(rate, now, rate.burst)
        bucket = self._buckets[key]
        bucket.fill(now)
        return bucket

    def _make_room(self, now: float) -> None:
        if len(self._buckets) < MOST_BUCKETS:
            return
        for bucket in self._buckets.values():
            bucket.fill(now)
        self._buckets = {key: one for key, one in self._buckets.items() if not one.is_full}
        while len(self._buckets) >= MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
