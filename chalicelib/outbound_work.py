"""What the entry point of the way back does with its queue."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from chalicelib import log
from chalicelib.batches import Record
from chalicelib.connect_events import ChatEvent
from chalicelib.contact import Callback
from chalicelib.conversation import MAX_ATTEMPTS
from chalicelib.errors import OutOfTurn, PuenteError, ServiceError
from chalicelib.outbound_entries import (
    Outbound,
    Resend,
    in_order,
    is_chat,
    is_message,
    kept,
    may_pass,
)
from chalicelib.whatsapp.messages import DeliveryStatus

Remaining = Callable[[], float]


def _ignored(*_: object) -> None:
    """Nobody wants to know."""


class Broken(Protocol):
    """What to do with a message to the customer that breaks our code."""

    def counted(self, event: ChatEvent) -> bool:
        """Whether its claim counts its attempts, and parks it."""
        ...

    def give_up(self, event: ChatEvent) -> None:
        """It was parked: the agent is told, and what comes after it goes on."""
        ...


@dataclass(frozen=True, slots=True)
class OutboundWork:
    """Agent to customer, delivery statuses, ends of chats, second sends, agents who read."""

    forward: Callable[[ChatEvent, str, Collection[str]], None]
    end: Callable[[ChatEvent], None]
    status: Callable[[DeliveryStatus], None]
    park: Callable[[str, str, str], None]
    broken: Broken
    again: Callable[[Callback, int, bool], None] = _ignored
    read: Callable[[ChatEvent], None] = _ignored

    def __call__(self, group: list[Record], left: Remaining) -> list[Record]:  # noqa: ARG002
        failed: list[Record] = []
        waiting = in_order(group, self.park, failed)
        while waiting:
            record, event = waiting.pop(0)
            others = {later.id: i for i, (_, later) in enumerate(waiting) if is_chat(later)}
            try:
                if failed or not self._done(event, record, others):
                    failed.append(record)
            except OutOfTurn as turn:
                # A crash left that one half done; it was begun first, whatever its time says.
                first = waiting.pop(others[turn.code])
                waiting[:0] = [first, (record, event)]
        return failed

    def _done(self, event: Outbound, record: Record, others: Collection[str]) -> bool:
        try:
            self._handle(event, record, others)
        except OutOfTurn:
            raise
        except PuenteError as problem:
            if not problem.retryable:
                return self._parked(event, problem, record)
            log.failure("an outbound event waits for its next try", problem)
            log.count("OutboundRetries")
            return False
        except Exception as problem:  # noqa: BLE001  (entry point: its third time parks it)
            log.failure("an outbound event broke its worker", problem)
            if self._counted(event) or record.received < MAX_ATTEMPTS:
                return False
            return self._parked(event, problem, record)
        return True

    def _counted(self, event: Outbound) -> bool:
        """Whether the claim of a message counts its attempts, and parks it."""
        try:
            return is_message(event) and self.broken.counted(event)
        except Exception as another:  # noqa: BLE001  (entry point: what is broken may break this)
            log.failure("a claim could not be looked at", another)
            return may_pass(another)

    def _parked(self, event: Outbound, problem: Exception, record: Record) -> bool:
        """Trying again changes nothing: an operator sees it, and it blocks nobody."""
        log.failure("an outbound event changes nothing by coming again and is parked", problem)
        if not kept(self.park, _reason(problem), record):
            return False
        if is_message(event):
            self._given_up(event)
        return True

    def _given_up(self, event: ChatEvent) -> None:
        """Best effort: it is parked by now."""
        try:
            self.broken.give_up(event)
        except Exception as another:  # noqa: BLE001  (entry point: what is broken may break this)
            log.failure("the agent could not be told of a parked message", another)

    def _handle(self, event: Outbound, record: Record, others: Collection[str]) -> None:
        if isinstance(event, DeliveryStatus):
            self.status(event)
        elif isinstance(event, Resend):
            self.again(event.callback, event.due, event.unless_proven)
        elif event.ends_chat:
            self.end(event)
        elif event.kind == "event":
            self.read(event)
        else:
            self.forward(event, record.body, others)
            log.count("OutboundMessages")


def _reason(problem: Exception) -> str:
    if isinstance(problem, ServiceError):
        return f"refused by {problem.service}: {problem.code}"
    return type(problem).__name__
