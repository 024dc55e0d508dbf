"""Which queue each event goes to, in which group, under which deduplication id. Pure.

Ingest does nothing else: one event is split into its messages and statuses, and each waits in
the queue of those who handle it. Group and deduplication ids are hashes, because a business
number and a BSUID together are longer than SQS takes (128 characters).
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib import connect_events
from chalicelib.connect_events import ChatEvent
from chalicelib.contact import read_callback
from chalicelib.conversation import token
from chalicelib.customer import conversation_key
from chalicelib.errors import UnreadableEvent
from chalicelib.whatsapp import fields, webhook
from chalicelib.whatsapp.safe_text import clip
from chalicelib.whatsapp.webhook import Piece

# Events go into the first two; voice notes that take long are handed over by code.
QueueName = Literal["inbound", "outbound", "voice_notes"]
# SQS takes 1 MiB, but a claim keeps what it shows in an item of DynamoDB, which ends at 400 KB.
# WhatsApp's longest text, 4,096 emoji, has 16 KB.
MAX_ENTRY_BYTES = 200_000
TOO_LARGE = "too large for a queue"  # reason of the letter that holds all of a shortened message
LONGEST_TEXTS = (40_000, 10_000, 1_000, 100)  # characters, tried one after the other
VERSION = 1  # of the envelopes we write into our own queues (LA-66)
READING = ("participant.joined", "message.read")
APPROVED, REJECTED = "APPROVED", "REJECTED"
SCANNED = "IN_PROGRESS"  # while a file of it is scanned, another event of all of them follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a FIFO queue."""

    queue: QueueName
    group: str
    dedup: str
    body: str


@dataclass(frozen=True, slots=True)
class Routed:
    """What an event became: queue entries, and account events that only concern operators.

    `odd`: a part of the event could not be read.
    """

    entries: list[Entry]
    account: list[Piece]
    odd: bool = False


def route(body: str, *, agent_reads: bool = False) -> Routed:
    """Route one event of WhatsApp or of a Connect chat.

    `agent_reads`: whether anybody wants to know that an agent reads. Raises UnreadableEvent when
    it is neither.
    """
    if _looks_like_chat(body):
        event = connect_events.parse(body)
        return Routed(_chat_entries(event, body, agent_reads=agent_reads), [])
    envelopes = webhook.read_envelopes(body)
    pieces = [piece for envelope in envelopes for piece in webhook.split(envelope)]
    # An account event that names a customer tells of a new identity: it waits in that customer's
    # own queue, between the messages it belongs to, and is counted as well.
    queued = (piece for piece in pieces if piece.kind != "account" or piece.identity)
    account = [piece for piece in pieces if piece.kind == "account"]
    entries = [_whatsapp_entry(piece) for piece in queued]
    return Routed(entries, account, odd=any(envelope.odd for envelope in envelopes))


def fits(entry: Entry) -> bool:
    """Whether the entry can be claimed and shown whole."""
    return len(entry.body.encode()) <= MAX_ENTRY_BYTES


def shortened(entry: Entry) -> Entry:
    """The entry with its longest texts cut, and marked so: what is left reaches the agent."""
    envelope = json.loads(entry.body)
    if isinstance(envelope["payload"], dict):
        envelope["payload"]["cut"] = True
    for limit in LONGEST_TEXTS:
        body = json.dumps(_clipped(envelope, limit), ensure_ascii=False)
        if len(body.encode()) <= MAX_ENTRY_BYTES:
            break
    return replace(entry, body=body)


def _clipped(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return clip(value, limit)
    if isinstance(value, dict):
        return {clip(key, limit): _clipped(inner, limit) for key, inner in value.items()}
    # A list of a million things is cut like a text of a million characters.
    return [_clipped(inner, limit) for inner in value[:limit]] if isinstance(value, list) else value


def read(body: str) -> tuple[str, Any]:
    """Open an entry of ours: ("whatsapp", payload), ("chat", record text) or ("member", ...).

    Raises UnreadableEvent when it is none of ours.
    """
    try:
        envelope = json.loads(body)
        return str(envelope["type"]), envelope["payload"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableEvent("not an entry of our queues", code="unknown_entry") from error


def write(kind: str, payload: Any) -> str:
    """The body of a queue entry."""
    return json.dumps({"v": VERSION, "type": kind, "payload": payload}, ensure_ascii=False)


def _looks_like_chat(body: str) -> bool:
    # Every chat record names its contact; a customer or an agent may write any of these words.
    return "InitialContactId" in body and connect_events.is_record(body)


def _chat_entries(event: ChatEvent, body: str, *, agent_reads: bool) -> list[Entry]:
    if not (wanted(event) or (agent_reads and shows_reading(event))):
        return []
    return [
        Entry(
            queue="outbound",
            group=token(event.initial_contact_id),
            dedup=token("chat", event.id),
            body=write("chat", body),
        )
    ]


def wanted(event: ChatEvent) -> bool:
    """Messages for the customer, files whose check is over, and the end of the chat."""
    if event.ends_chat:
        return True
    if event.kind == "attachment":
        told = {file.status for file in event.attachments}
        return event.for_customer and bool(told & {APPROVED, REJECTED}) and SCANNED not in told
    return event.for_customer and connect_events.to_reply(event) is not None


def shows_reading(event: ChatEvent) -> bool:
    """Whether it says that an agent has the customer's messages before the eyes."""
    return event.participant_role == "AGENT" and event.event_name in READING


def _said(piece: Piece) -> str:
    """Two messages may come under one id (samples and bridges do that): the queue drops only what
    says the same. A repeat that reads a little otherwise is found by the conversation's ring."""
    return fields.fingerprint(fields.objects(fields.child(piece.payload, "value"), "messages"))


def _whatsapp_entry(piece: Piece) -> Entry:
    if piece.kind == "status":
        # Never the customer's group: a blocked chat must not hide the status it waits for.
        callback = read_callback(piece.callback_data)
        group = callback.event if callback else piece.wamid
        return Entry(
            queue="outbound",
            group=token("status", group),
            dedup=token("status", piece.id),
            body=write("whatsapp", piece.payload),
        )
    return Entry(
        queue="inbound",
        group=conversation_key(piece.phone_number_id, piece.identity or piece.wamid),
        dedup=token("message", piece.id, _said(piece)),
        body=write("whatsapp", piece.payload),
    )
