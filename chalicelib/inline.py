"""One service does the work of an event before it answers for it (VN-01, VN-20): mode `inline`.

What ingest split is worked on at once, without the hop through the FIFO queues. What cannot be
finished now goes into its queue after all; the same process works that off. So an event is answered
for only when everything of it is done or durably queued.

Order: from the first entry that had to be queued until the queue has been empty for a while, every
entry takes the way through the queue. A process that starts does not know what its predecessor left
behind and begins so, too. For one process; several share work in mode `queued`.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from chalicelib.batches import Record
from chalicelib.routing import Entry, QueueName

Work = Callable[[list[Record], Callable[[], float]], list[Record]]
# Longer than SQS takes to count what was sent (GetQueueAttributes: a minute after the last send).
CALM_SECONDS = 90
# Meta and SNS wait longer than this for an answer, and a claim's lease is longer, too.
WORK_SECONDS = 15
TURNS = 64  # groups that may be worked on at once, about


class Outlet(Protocol):
    """Where ingest's entries go: the queues, or `Inline` before them."""

    def send(self, entries: Sequence[Entry]) -> None: ...

    def park_unreadable(self, reason: str, body: str, receipt: str) -> None: ...


class Inline:
    """Stands before the queues. `clock` gives epoch seconds; `works` by queue, as in `entries`."""

    def __init__(
        self, queues: Outlet, works: Mapping[QueueName, Work], clock: Callable[[], float]
    ) -> None:
        self._queues = queues
        self._works = works
        self._clock = clock
        self._turns = [threading.Lock() for _ in range(TURNS)]
        self._queued_at = dict.fromkeys(works, clock())
        self.behind = set(works)
        """Queues through which every entry goes for now."""

    def park_unreadable(self, reason: str, body: str, receipt: str) -> None:
        self._queues.park_unreadable(reason, body, receipt)

    def send(self, entries: Sequence[Entry]) -> None:
        """Work on the entries, or queue them; raises a ServiceError when neither was possible."""
        for (queue, group), some in groupby(entries, key=lambda entry: (entry.queue, entry.group)):
            waiting = list(some)
            with self._turns[hash(group) % TURNS]:
                left = waiting if queue in self.behind else self._worked(queue, waiting)
                if left:
                    self._queue(queue, left)

    def empty(self, queue: QueueName) -> None:
        """Whoever reads this queue found it empty just now, and nothing of it in work."""
        if self._clock() - self._queued_at[queue] >= CALM_SECONDS:
            self.behind.discard(queue)

    def _worked(self, queue: QueueName, entries: Sequence[Entry]) -> list[Entry]:
        """What could not be finished, in order."""
        now = self._clock()
        until = now + WORK_SECONDS
        records = [
            Record(
                message_id=entry.dedup,
                receipt_handle="",
                body=entry.body,
                group=entry.group,
                received=1,
                queued_at=int(now),
            )
            for entry in entries
        ]
        failed = self._works[queue](records, lambda: max(0.0, until - self._clock()))
        again = {record.message_id for record in failed}
        return [entry for entry in entries if entry.dedup in again]

    def _queue(self, queue: QueueName, entries: Sequence[Entry]) -> None:
        self.behind.add(queue)
        self._queued_at[queue] = self._clock()
        self._queues.send(entries)
