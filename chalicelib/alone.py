"""One at a time: work whose last worker died.

The groups of a batch run side by side, so a message that kills its process kills what is in hand
beside it, three times over if they always meet again. Whoever takes over from the dead therefore
waits until nobody else in this process does: it can kill only itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from chalicelib.errors import Throttled


class Alone:
    """One instance a kind of work, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = RLock()

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[None]:
        """Have the turn, after `wait_s` seconds at most. Raises Throttled: it comes again."""
        if not self._lock.acquire(timeout=max(0.0, wait_s)):
            raise Throttled("work after a crash waits for its turn", service="conversation")
        try:
            yield
        finally:
            self._lock.release()
