"""Forgetting a customer: the command, what belongs to them, and what was written since. Pure.

The command names keys, never a phone number: it may lie in a queue, and keys are hashes. Whether a
dead letter is the customer's is found the same way: everything in it that looks like an identifier
is made into a key and compared.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib import redrive, routing
from chalicelib.conversation import token, written_by
from chalicelib.customer import BSUID, conversation_key
from chalicelib.errors import UnreadableEvent
from chalicelib.routing import Entry
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.parsing import parse

ERASE, SWEEP = "erase", "erase_again"
SWEEP_AFTER_SECONDS = 900
"""Until then whoever had something of the customer in hand has written it or given up: functions
end after 20 s, and DynamoDB's indexes lag by seconds."""
TOMBSTONE_SECONDS = 30 * 24 * 3600
"""A message may wait 14 days in a dead-letter queue (SQS's longest), then be sent again and wait
4 more; after that nothing of before can come back."""
# A phone number has 7 to 15 digits (ITU-T E.164); JSON may put quotes, "+" or escapes around it.
_NUMBER = re.compile(r"(?<![0-9])[0-9]{7,15}(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCommand:
    """Forget who is found under `key`. `at`: when they asked, epoch seconds; `numbers`: Meta's ids
    of the business numbers."""

    key: str
    at: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """All by which the rest of a customer is found. `keys`: every key that led to them;
    `customers`: their ids in the tables; `contacts`: the chat that may still be open; `due`: not
    looked for before, epoch seconds."""

    keys: tuple[str, ...]
    customers: tuple[str, ...]
    contacts: tuple[str, ...]
    numbers: tuple[str, ...]
    before: int
    due: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter as it lies in a queue: its JSON text and when it was put there, epoch seconds."""

    body: str
    since: int


_BEGINNINGS = tuple(routing.write(kind, 0).removesuffix("0}") for kind in (ERASE, SWEEP))


def is_command(body: str) -> bool:
    """Whether an entry of the inbound queue is ours; costs a text next to nothing."""
    return body.startswith(_BEGINNINGS)


def command_entry(command: EraseCommand) -> Entry:
    """The command in the customer's own group: it waits for what they wrote before."""
    return Entry(
        queue="inbound",
        group=command.key,
        dedup=token(ERASE, command.key, command.at),
        body=routing.write(ERASE, asdict(command)),
    )


def sweep_entry(traces: Traces) -> Entry:
    """The second look, in a group of its own: it blocks nobody while it waits."""
    name = token(SWEEP, traces.before, *traces.keys, *traces.customers, *traces.contacts)
    return Entry(queue="inbound", group=name, dedup=name, body=routing.write(SWEEP, asdict(traces)))


def read(body: str) -> EraseCommand | Traces:
    """Open an entry. Raises UnreadableEvent when it is none."""
    kind, payload = routing.read(body)
    try:
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in payload.items()
        }
        return EraseCommand(**plain) if kind == ERASE else Traces(**plain)
    except (AttributeError, TypeError) as error:
        raise UnreadableEvent("an erase command without its parts", code=kind) from error


def belongs(letter: DeadLetter, traces: Traces, contacts: Iterable[str]) -> bool:
    """Whether a dead letter is of this customer and from before they asked to be forgotten.

    `contacts`: every chat of theirs.
    """
    names = (*traces.keys, *traces.customers, *contacts)
    theirs = any(name in letter.body for name in names) or _mentions(letter.body, traces)
    return theirs and _written_at(letter) <= traces.before


def _mentions(text: str, traces: Traces) -> bool:
    """Whether a number or id in `text` leads to one of the keys."""
    found = {*_NUMBER.findall(text), *(match[0] for match in BSUID.finditer(text))}
    every = (conversation_key(number, one) for number in traces.numbers for one in found)
    return any(key in traces.keys for key in every)


def _written_at(letter: DeadLetter) -> int:
    """By when the customer had surely written the oldest message in a letter; of what nobody can
    read, when it was put there."""
    try:
        content = json.loads(letter.body)
        members = content.get("members") if isinstance(content, dict) else None
        times = [_member_time(member) for member in members or []] or [_event_time(letter.body)]
    except (ValueError, KeyError, TypeError, UnreadableEvent):
        times = []
    return min((time for time in (*times, letter.since) if time), default=letter.since)


def _member_time(member: Any) -> int:
    return written_by(int(member["sent_at"]), int(member.get("received_at", 0)))


def _event_time(body: str) -> int:
    message: Any = parse(redrive.opened(body).payload)
    if isinstance(message, InboundMessage) and message.sent_at:
        return written_by(int(message.sent_at.timestamp()), message.received_at)
    return 0
