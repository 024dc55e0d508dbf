"""Sending a parked message again: what the operator puts into a queue, and how it is opened. Pure.

A redrive has a deduplication id of its own, because SQS drops the same one for five minutes; and
its number enters the id under which the message counts as done, so that `parked` may run once
more and `delivered` may not (protocol 4.7).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from chalicelib import routing
from chalicelib.contact import REDRIVEN
from chalicelib.conversation import GIVEN_UP, LATE_CARD, LATE_FILE, LATE_RUN, token
from chalicelib.errors import UnreadableEvent
from chalicelib.routing import Entry, QueueName
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.messages import DeliveryStatus
from chalicelib.whatsapp.parsing import parse as parse_whatsapp

KIND = "redrive"
AGAIN = "n"  # in the payload of a late card or file that is shown once more: the how manieth time
CARD, FILE = "voice_note", "file"
WORDS = "voice_note_words"  # of a note whose card says that it could not be understood for now
_OWED = re.compile(rf"({GIVEN_UP}|{LATE_RUN}[0-9]+)?({LATE_CARD}|{LATE_FILE})$")


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry of the inbound queue. `body`: the entry as ingest wrote it, kept when it is parked
    again; `again`: how often an operator sent it again."""

    payload: Any
    body: str
    again: int = 0


def opened(body: str) -> Opened:
    """Open an entry, redriven or not. Raises UnreadableEvent when it is none of ours."""
    kind, payload = routing.read(body)
    if kind != KIND:
        return Opened(payload, body)
    try:
        original, again = str(payload["body"]), int(payload["n"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent("a redrive without its message", code="redrive") from error
    return Opened(opened(original).payload, original, again)


def inbound(body: str, wamid: str, again: int, group: str) -> Entry:
    """The entry that shows a customer's parked message once more; `again` counts from 1."""
    return Entry(
        queue="inbound",
        group=group,
        dedup=dedup_id(wamid, again),
        body=routing.write(KIND, {"n": again, "body": body}),
    )


def outbound(body: str, event: str, again: int) -> Entry:
    """The entry that sends an agent's parked message once more.

    Its Connect id gets a suffix: under its own the message counts as done. Raises
    UnreadableEvent when the letter holds no chat event.
    """
    kind, record = routing.read(body)
    if kind != "chat":
        raise UnreadableEvent("no chat event in this letter", code=kind)
    return Entry(
        queue="outbound",
        group=token("redrive", event),
        dedup=dedup_id(event, again),
        body=routing.write("chat", _renamed(str(record), again)),
    )


def late(conversation: str, shown_as: str, again: int) -> Entry | None:
    """The entry that brings a parked late card or file once more; None for any other message.

    `shown_as`: the id of its member, which tells whose it is. A chat that is over by now gets
    neither: both are in the history.
    """
    wamid = _OWED.sub("", shown_as)
    if wamid == shown_as:
        return None
    kind = CARD if shown_as.endswith(LATE_CARD) else FILE
    return Entry(
        queue="voice_notes",
        group=token(conversation),
        dedup=dedup_id(shown_as, again),
        body=routing.write(kind, {"conversation": conversation, "wamid": wamid, AGAIN: again}),
    )


def as_it_was(queue: QueueName, body: str, name: str, group: str = "") -> Entry:
    """What lay in a queue, once more and unchanged. `name`: of the letter, which has its own
    deduplication id; `group`: what it lay in. It waits for nobody but what lay there with it: what
    came after it in its group is long done."""
    return Entry(queue=queue, group=token(KIND, group or name), dedup=dedup_id(name, 1), body=body)


def broken(body: str, name: str) -> Entry | None:
    """An entry that broke our code, for the queue it was in; None when it is none of ours.

    A late card or file is counted: when the agent could not be told that it does not come, there
    is another letter of it, and it is shown once for both.
    """
    try:
        kind, payload = routing.read(body)
        queue = _queue_of(kind, payload)
    except UnreadableEvent:
        return None
    if queue == "voice_notes" and isinstance(payload, dict):
        body = routing.write(kind, {**payload, AGAIN: fields.integer(payload, AGAIN) + 1})
    return as_it_was(queue, body, name)


def _queue_of(kind: str, payload: Any) -> QueueName:
    if kind in (CARD, FILE, WORDS):
        return "voice_notes"
    outbound = kind in ("chat", "again") or isinstance(parse_whatsapp(payload), DeliveryStatus)
    return "outbound" if outbound else "inbound"


def dedup_id(message: str, again: int) -> str:
    """A deduplication id that no earlier send of this message had."""
    return token("redrive", f"{message}#r{again}")


def _renamed(record: str, again: int) -> str:
    """The chat record, wrapped by SNS or not, under a new id."""
    document = json.loads(record)
    if "Message" in document and "Content" not in document:
        return json.dumps({**document, "Message": _renamed(document["Message"], again)})
    original = str(document.get("Id", "")).partition(REDRIVEN)[0]
    return json.dumps({**document, "Id": f"{original}{REDRIVEN}{again}"}, ensure_ascii=False)
