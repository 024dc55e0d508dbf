"""The sandbox's one lock, which a holder can lend out while it runs someone else's code.

A flow Lambda runs inside a Connect call, on the thread that holds the lock. If it then asks the
loopback server for something, the server's thread needs the lock too: whoever runs product code
from inside a call wraps it in `released()`, or both wait for ever.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class LendableLock:
    """A re-entrant lock that its owner can give up completely for a while."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._owner = threading.get_ident()
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
        self._lock.release()

    def held(self) -> bool:
        """Whether the calling thread holds the lock."""
        return self._owner == threading.get_ident()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Run the body without the lock, then take it back as deep as it was held."""
        depth = self._depth if self.held() else 0
        for _ in range(depth):
            self.__exit__()
        try:
            yield
        finally:
            for _ in range(depth):
                self.__enter__()
