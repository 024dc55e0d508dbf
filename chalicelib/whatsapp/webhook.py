"""WhatsApp's events as End User Messaging delivers them -> typed values. Pure.

Three steps, so that a queue can stand between them:
    read_envelopes(body)   one SQS or HTTP body -> envelopes; raises UnreadableEvent
    split(envelope)        -> pieces: one message, status or account event each, self-contained
    parse(piece.payload)   -> InboundMessage | DeliveryStatus | AccountEvent; never raises

Accepted bodies: EUM envelope, SNS-wrapped or raw, whose `whatsAppWebhookEntry` is text or object
holding a bare entry, {entry: [..]} or {object, entry}; and the last three without an envelope.
Source: reference whatsapp-eum.md sections 1.1, 1.2 and 2.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from dataclasses import field as default
from typing import Any, Literal

from chalicelib.errors import UnreadableEvent
from chalicelib.whatsapp import fields, senders
from chalicelib.whatsapp.content import Json
from chalicelib.whatsapp.messages import AccountEvent, DeliveryStatus, InboundMessage
from chalicelib.whatsapp.parsing import customer_messages, parse

RECEIVED = "message_timestamp"  # of EUM's envelope: its own time, ISO with nine digits

__all__ = ["Envelope", "Piece", "api_id", "parse", "read_envelopes", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event: Meta entries, and EUM's id ("phone-number-id-<hex>") of each Meta number id.

    `received_at`: when EUM had it, epoch seconds, 0 when it does not say (`message_timestamp`).
    `odd`: something in it could not be read, and an operator should see the whole of it.
    """

    entries: tuple[Json, ...]
    origination_ids: dict[str, str] = default(default_factory=dict)
    received_at: int = 0
    odd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message, status or account event, ready to travel alone.

    `id` is unique per thing: the wamid of a message (a hash when missing), a hash of a status
    (several statuses share a wamid) or account event; the same for every repeat. `wamid` is ""
    for account events. `identity` is the strongest customer identifier or "".
    """

    kind: Literal["message", "status", "account"]
    id: str
    wamid: str
    phone_number_id: str
    identity: str
    callback_data: str | None
    payload: Json


def read_envelopes(body: str) -> list[Envelope]:
    """The envelopes in one body.

    Raises UnreadableEvent when the body is no JSON or has no known outer shape.
    """
    found = _envelopes(_decode(body), depth=0)
    if not found:
        raise UnreadableEvent("the event holds no WhatsApp entry", code="empty_event")
    return found


def _decode(written: Any) -> Any:
    if not isinstance(written, str):
        return written
    try:
        return fields.decode(written)
    except ValueError as error:
        raise UnreadableEvent("the event is not JSON", code="not_json") from error


def _envelopes(document: Any, depth: int) -> list[Envelope]:
    if depth > 3:  # noqa: PLR2004  Lambda record > SQS body > SNS message > envelope
        raise UnreadableEvent("the event is wrapped too often", code="unknown_shape")
    if isinstance(document, list):
        return _each(document, depth)
    inside = fields.as_object(document)
    if "whatsAppWebhookEntry" in inside:
        return [_eum_envelope(inside)]
    if "Message" in inside:
        return _envelopes(_decode(inside["Message"]), depth + 1)
    if "Records" in inside:
        records = fields.objects(inside, "Records")
        return _each(
            [each.get("body") or fields.child(each, "Sns").get("Message") for each in records],
            depth,
        )
    return [Envelope(entries=_entries(inside), odd=_odd(inside))]


def _each(documents: list[Any], depth: int) -> list[Envelope]:
    """What can be read of several; raises only when that is nothing."""
    found: list[Envelope] = []
    problem: UnreadableEvent | None = None
    for document in documents:
        try:
            # Text inside a list is a wrapped event, never a word of anybody.
            found += _envelopes(_decode(document), depth + 1)
        except UnreadableEvent as unreadable:
            problem = unreadable
    if problem and not found:
        raise problem
    return [replace(each, odd=True) for each in found] if problem else found


def _eum_envelope(envelope: Json) -> Envelope:
    context = fields.child(envelope, "context")
    known = fields.objects(context, "MetaPhoneNumberIds")
    ids = {
        fields.text(item, "metaPhoneNumberId"): api_id(fields.text(item, "arn")) for item in known
    }
    written = fields.as_object(_decode(envelope["whatsAppWebhookEntry"]))
    received = fields.moment(envelope, RECEIVED)
    return Envelope(
        entries=_entries(written),
        origination_ids=ids,
        received_at=int(received.timestamp()) if received else 0,
        odd=_odd(written),
    )


def api_id(arn: str) -> str:
    """EUM's id of a number from its ARN: ".../phone-number-id/<hex>" -> "phone-number-id-<hex>"."""
    _, found, name = arn.rpartition(":phone-number-id/")
    return f"phone-number-id-{name}" if found else arn


def _odd(document: Json) -> bool:
    """Whether something else stands where entries, changes and their values belong."""
    entries = _listed(document, "entry") if "entry" in document else [document]
    changes = [change for entry in entries for change in _listed(entry, "changes")]
    values = [fields.as_object(change).get("value") for change in changes]
    return any(
        each is not None and not isinstance(each, dict) for each in entries + changes + values
    )


def _listed(holder: Any, key: str) -> list[Any]:
    inside = fields.as_object(holder).get(key)
    return inside if isinstance(inside, list) else [inside]


def _entries(inside: Json) -> tuple[Json, ...]:
    """A full webhook, {entry: [..]}, a bare entry, a bare change or a bare value as entries."""
    if "entry" in inside:
        entries = tuple(fields.objects(inside, "entry"))
        if not entries:
            raise UnreadableEvent("the event holds no WhatsApp entry", code="empty_event")
        return entries
    if "changes" in inside:
        return (inside,)
    if "value" in inside:
        return ({"changes": [inside]},)
    if {"messages", "statuses", "metadata"} & inside.keys():
        return ({"changes": [{"value": inside}]},)
    raise UnreadableEvent("the event has an unknown shape", code="unknown_shape")


def split(envelope: Envelope) -> list[Piece]:
    """One piece per message, status and account event of every change of every entry."""
    known: dict[str, Json] = {}
    return [
        _piece(entry, change, told_apart(value, known), envelope)
        for entry in envelope.entries
        for change in changes_of(entry)
        for value in _single_values(change)
    ]


def told_apart(value: Json, known: dict[str, Json]) -> Json:
    """The value, its message under an id of its own when the event used the id for another one.

    WhatsApp's ids are unique, events put together by hand are not; neither message may vanish.
    """
    for message in fields.objects(value, "messages"):
        name = fields.text(message, "id")
        if name and known.setdefault(name, message) != message:
            number = 2
            while known.setdefault(f"{name}#{number}", message) != message:
                number += 1
            return {**value, "messages": [{**message, "id": f"{name}#{number}"}]}
    return value


def changes_of(entry: Json) -> list[Json]:
    """An entry without changes is an event nobody knows: it is kept as one, not lost."""
    return fields.objects(entry, "changes") or [{"value": fields.narrowed(entry, "id", "changes")}]


def _single_values(change: Json) -> Iterator[Json]:
    """The change's value, once per thing in it, with everything about the others left out."""
    value = fields.child(change, "value")
    common = fields.narrowed(value, "messages", "statuses", "contacts", "errors")
    messages = customer_messages(change, value)
    for message in messages:
        yield {**common, "contacts": senders.contacts_of(message, value), "messages": [message]}
    statuses = fields.objects(value, "statuses")
    for status in statuses:
        yield {**common, "statuses": [status]}
    updates = fields.objects(value, "user_id_update")
    for update in updates:
        yield {**common, "user_id_update": [update]}
    # An event that says nothing still makes one piece: whatever came in is accounted for.
    if value.get("errors") or not (messages or statuses or updates):
        yield fields.narrowed(value, *(("messages", "statuses") if messages or statuses else ()))


def _piece(entry: Json, change: Json, value: Json, envelope: Envelope) -> Piece:
    number = fields.text(fields.child(value, "metadata"), "phone_number_id")
    payload: Json = {
        "waba_id": fields.text(entry, "id"),
        "origination_id": envelope.origination_ids.get(number, ""),
        "field": fields.text(change, "field"),
        "value": value,
    }
    parsed = parse(payload)
    kind, name = _kind_and_id(parsed, payload)
    if kind == "message" and envelope.received_at:
        payload["received"] = envelope.received_at
    return Piece(
        kind=kind,
        id=name,
        wamid="" if isinstance(parsed, AccountEvent) else parsed.wamid,
        phone_number_id=number,
        identity=_customer(parsed),
        callback_data=parsed.callback_data if isinstance(parsed, DeliveryStatus) else None,
        payload=payload,
    )


Parsed = InboundMessage | DeliveryStatus | AccountEvent


def _kind_and_id(
    parsed: Parsed, payload: Json
) -> tuple[Literal["message", "status", "account"], str]:
    if isinstance(parsed, InboundMessage):
        return "message", parsed.wamid
    if isinstance(parsed, DeliveryStatus):
        # sent, delivered and read share a wamid: as one id the queue would drop the later ones.
        return "status", fields.fingerprint(parsed.phone_number_id, parsed.raw)
    return "account", fields.fingerprint(payload)


def _customer(parsed: Parsed) -> str:
    """The customer concerned; by the identifier known until now when it has just changed."""
    if isinstance(parsed, DeliveryStatus):
        return parsed.recipient.strongest
    if parsed.identity_change:
        return parsed.identity_change.previous.strongest
    return parsed.identity.strongest if isinstance(parsed, InboundMessage) else ""
