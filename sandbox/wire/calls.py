"""The log of every call that passed the wire: what tests count and the demo draws."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call. `at` is sandbox time, `ms` real time spent behind the wire.

    `outcome`: "ok", an error code, or the fault that hid the answer ("kill_after", ...).
    `items`: how many stored items the service had to look at, 0 where it does not tell.
    Plain HTTP to the loopback server has service "http:<name>".
    """

    service: str
    operation: str
    at: datetime
    ms: float
    bytes_in: int
    bytes_out: int
    outcome: str
    items: int = 0


class CallLog:
    """The calls so far, and who wants to hear of each (`observers`)."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []
        self.observers: list[Callable[[CallRecord], None]] = []
        self.after_call: list[Callable[[CallRecord], None]] = []

    def count(self, since: int = 0, service: str | None = None) -> int:
        """How many calls happened from index `since` on, of one service or of all."""
        return sum(1 for call in self.calls[since:] if service in (None, call.service))

    def operations(self, since: int = 0) -> Counter[str]:
        """Calls by "service.operation" from index `since` on."""
        return Counter(f"{call.service}.{call.operation}" for call in self.calls[since:])

    def _note(self, record: CallRecord) -> None:
        self.calls.append(record)
        for observer in self.observers:
            observer(record)
