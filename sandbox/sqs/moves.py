"""Message move tasks: a dead-letter queue emptied back to where its messages came from.

Without a rate a task is over when it starts; with MaxNumberOfMessagesPerSecond it goes on as the
sandbox's clock does. A moved message is a new one with a new id (developer guide, dead-letter
queue redrive); whether a move is deduplicated is not documented: here it is not, so that no
message is lost by it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.sqs.message import Message
from sandbox.sqs.queue import Queue


@dataclass(slots=True, kw_only=True)
class MoveTask:
    """One task. `rate` is messages per second, None: at once. `destination` None: the source."""

    handle: str
    source: Queue
    destination: Queue | None
    rate: int | None
    started_at: datetime
    to_move: int
    moved: int = 0
    status: str = "RUNNING"

    def facts(self) -> dict[str, Any]:
        """The task as ListMessageMoveTasks answers it; only a running one shows its handle."""
        facts: dict[str, Any] = {
            "Status": self.status,
            "SourceArn": self.source.arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": int(self.started_at.timestamp() * 1000),
        }
        if self.status == "RUNNING":
            facts["TaskHandle"] = self.handle
        if self.destination:
            facts["DestinationArn"] = self.destination.arn
        if self.rate:
            facts["MaxNumberOfMessagesPerSecond"] = self.rate
        return facts

    def carry_on(
        self,
        now: datetime,
        queue_of: Callable[[str | None], Queue | None],
        new_id: Callable[[], str],
    ) -> None:
        """Move what is due by `now`."""
        if self.status != "RUNNING":
            return
        elapsed = (now - self.started_at).total_seconds()
        due = self.to_move if self.rate is None else min(self.to_move, int(elapsed * self.rate))
        while self.moved < due:
            if not self._move_one(now, queue_of, new_id):
                break
            self.moved += 1
        if self.moved >= self.to_move or not self.source.has_receivable(now):
            self.status = "COMPLETED"

    def _move_one(
        self,
        now: datetime,
        queue_of: Callable[[str | None], Queue | None],
        new_id: Callable[[], str],
    ) -> bool:
        for message in self.source.receive(now, 1):
            target = self.destination or queue_of(message.source_arn)
            if target is None:
                return False
            target.append(_anew(message, new_id(), now), now)
            self.source.delete(self.source.handle_of(message), now)
            return True
        return False


def _anew(message: Message, message_id: str, now: datetime) -> Message:
    return replace(
        message,
        message_id=message_id,
        sent_at=now,
        visible_at=now,
        receive_count=0,
        receipt=0,
        received_at=None,
        first_received_at=None,
        source_arn=None,
    )
