"""The sandbox's clock: virtual by default, so six hours pass in no time, every run alike.

The clock only moves forwards. With `SandboxClock.real()` time passes by itself as well (for the
HTTP server), and `advance` skips ahead of the wall clock.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class SandboxClock:
    """Aware UTC time that stands still until someone advances it."""

    def __init__(self, start: datetime = START, *, virtual: bool = True) -> None:
        self._now = start
        self._virtual = virtual
        self._lock = threading.Lock()
        self._started = time.monotonic()

    @classmethod
    def real(cls) -> "SandboxClock":
        """A clock that starts at the wall clock's time and runs with it."""
        return cls(datetime.now(UTC), virtual=False)

    @property
    def virtual(self) -> bool:
        return self._virtual

    def now(self) -> datetime:
        """The sandbox's time."""
        if self._virtual:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - self._started)

    def advance(self, seconds: float) -> datetime:
        """Let time pass at once. Raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError(f"the clock does not go back: advance({seconds})")
        with self._lock:
            self._now += timedelta(seconds=seconds)
        return self.now()

    def at(self, when: datetime) -> datetime:
        """Let time pass until `when`. Raises ValueError when that is over already."""
        return self.advance((when - self.now()).total_seconds())

    def sleep(self, seconds: float) -> None:
        """What a client's back-off does here: virtual time passes, real time is waited for."""
        if self._virtual:
            self.advance(seconds)
        else:
            time.sleep(seconds)
