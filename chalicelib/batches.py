"""What an SQS batch is to us: groups side by side, each in order, failures reported alone.

A batch holds several groups; a slow or failing customer must not delay another. Pure but for the
threads that run the groups.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from zlib import crc32

Failures = dict[str, list[dict[str, str]]]
# The first attempt comes back at once, an outage costs few calls; the queue's own visibility
# time-out (at least six function time-outs) would make a customer wait for two minutes.
FIRST_DELAY_SECONDS = 2
MAX_DELAY_SECONDS = 120
SPREAD = 0.25
# In a container nobody ends a worker at its time: the call it is in may take two tries of ten
# seconds (wiring_doors.py), and so may the one it gives its claim back with.
GONE_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Record:
    """One SQS record of a Lambda event. `queued_at`: when it was put into its queue, epoch seconds,
    0 unknown."""

    message_id: str
    receipt_handle: str
    body: str
    group: str
    received: int
    queued_at: int = 0


def records(event: Mapping[str, Any]) -> list[Record]:
    """The records of a Lambda event, in the order of the queue."""
    return [_record(record) for record in event.get("Records", [])]


def groups(every: Sequence[Record]) -> list[list[Record]]:
    """The records by message group, each group in the order of the queue."""
    found: dict[str, list[Record]] = {}
    for record in every:
        found.setdefault(record.group, []).append(record)
    return list(found.values())


def side_by_side(
    work: Callable[[list[Record]], list[Record]], every: Sequence[list[Record]]
) -> list[Record]:
    """Run `work` on each group at once; returns all records that failed."""
    if len(every) == 1:
        return work(every[0])
    with ThreadPoolExecutor(max_workers=len(every) or 1) as pool:
        return [record for failed in pool.map(work, every) for record in failed]


def report(failed: Sequence[Record]) -> Failures:
    """Lambda's partial batch response (needs ReportBatchItemFailures on the mapping)."""
    return {"batchItemFailures": [{"itemIdentifier": record.message_id} for record in failed]}


def delay(record: Record) -> int:
    """Seconds until a failed message comes back, doubling with each receipt.

    Up to a quarter less, another part for each message and receipt: what failed together in an
    outage does not come back together.
    """
    doublings = max(0, min(record.received, 10) - 1)
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS << doublings)
    chance = crc32(f"{record.message_id}{record.received}".encode()) / 2**32
    return round(longest * (1 - SPREAD * chance))


def tried_before(every: Sequence[list[Record]]) -> list[Record]:
    """The records of groups in which one was given out before; the queue gives out nothing of a
    group before the last of them is back."""
    return [record for group in every if any(one.received > 1 for one in group) for record in group]


def after_a_death(remaining_s: float) -> int:
    """Seconds until a record that was tried before comes back if this worker dies of it.

    What kills its process then costs its customer a minute a try, not the queue's two minutes, at
    the price of a call for each record that is tried again.
    """
    return math.ceil(remaining_s) + GONE_SECONDS


def _record(record: Mapping[str, Any]) -> Record:
    attributes = record.get("attributes", {})
    return Record(
        message_id=record["messageId"],
        receipt_handle=record.get("receiptHandle", ""),
        body=record.get("body", ""),
        group=attributes.get("MessageGroupId", ""),
        received=int(attributes.get("ApproximateReceiveCount", "1")),
        queued_at=int(attributes.get("SentTimestamp", "0")) // 1000,
    )
