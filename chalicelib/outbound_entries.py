"""What lies in the outbound queue: chat events, delivery statuses, second sends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from chalicelib import log, routing
from chalicelib.batches import Record
from chalicelib.connect_events import ChatEvent
from chalicelib.connect_events import parse as parse_chat
from chalicelib.contact import Callback, read_callback
from chalicelib.errors import PuenteError, ServiceError, UnreadableEvent
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.messages import DeliveryStatus
from chalicelib.whatsapp.parsing import parse as parse_whatsapp


@dataclass(frozen=True, slots=True)
class Resend:
    """A part to be sent once more, at `due` (epoch seconds); `unless_proven`: if no status has come
    of the attempt before."""

    callback: Callback
    due: int
    unless_proven: bool = False


Outbound = ChatEvent | DeliveryStatus | Resend


def kept(park: Callable[[str, str, str], None], reason: str, record: Record) -> bool:
    """Park a record; False when even that was refused and it has to come again."""
    try:
        park(reason, record.body, record.message_id)
    except ServiceError as problem:
        log.failure("a dead letter could not be written and comes again", problem)
        return False
    return True


def may_pass(problem: Exception) -> bool:
    """Whether the same may go well later, so that it is no bug of ours to give up over."""
    return isinstance(problem, PuenteError) and problem.retryable


def is_chat(event: Outbound) -> TypeGuard[ChatEvent]:
    """Whether it is an event of the chat, and not of WhatsApp or of our own."""
    return isinstance(event, ChatEvent)


def is_message(event: Outbound) -> TypeGuard[ChatEvent]:
    """Whether it is something that somebody wrote to the customer."""
    return is_chat(event) and event.kind != "event" and not event.ends_chat


def in_order(
    group: Sequence[Record], park: Callable[[str, str, str], None], failed: list[Record]
) -> list[tuple[Record, Outbound]]:
    """The group's events by the time they were written.

    Unreadable ones, and those that break the parser, are parked; `failed` gains those that could
    not even be parked.
    """
    found: list[tuple[Record, Outbound]] = []
    for record in group:
        try:
            found.append((record, read_outbound(record.body)))
        except UnreadableEvent as problem:
            log.failure("an outbound event is unreadable and is parked", problem)
            if not kept(park, str(problem), record):
                failed.append(record)
        except Exception as problem:  # noqa: BLE001  (entry point: keep the event, go on)
            log.failure("an outbound event broke the parser and is parked", problem)
            if not kept(park, type(problem).__name__, record):
                failed.append(record)
    return sorted(found, key=lambda pair: _written_at(pair[1]))


def read_outbound(body: str) -> Outbound:
    """The chat event, delivery status or second send in an entry of the outbound queue."""
    kind, payload = routing.read(body)
    if kind == "chat":
        return parse_chat(str(payload))
    if kind == "again":
        callback = read_callback(fields.text(payload, "callback"))
        if callback is None:
            raise UnreadableEvent("a second send names no message", code=kind)
        unless_proven = isinstance(payload, dict) and payload.get("unless_proven") is True
        return Resend(callback, fields.integer(payload, "due"), unless_proven)
    status = parse_whatsapp(payload)
    if not isinstance(status, DeliveryStatus):
        raise UnreadableEvent("the outbound queue takes chat events and statuses", code=kind)
    return status


def _written_at(event: Outbound) -> float:
    if isinstance(event, Resend):
        return float(event.due)
    return event.at.timestamp() if event.at else 0.0
