"""Dead letters: reading them without taking them away, sending them again, dropping them.

Two kinds lie in two kinds of queues: what we parked, with its reason (`dead_letters`), and what SQS
or SNS gave up on (`<queue>-dlq`), which is as it was.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import redrive, routing
from chalicelib.contact import REDRIVEN
from chalicelib.errors import UnreadableEvent
from chalicelib.gateways.dead_letters import MOVED, PARKED, DeadLetterQueues, Received, letters_urls
from chalicelib.ports.queues import Outbox
from chalicelib.routing import Entry, QueueName

EVENTS = ("whatsapp-events-dlq", "chat-events-dlq")
ENTRIES: dict[str, QueueName] = {
    "inbound-dlq": "inbound",
    "outbound-dlq": "outbound",
    "voice_notes-dlq": "voice_notes",
}
GAVE_UP = "SQS gave up after too many receives"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `content`: what we parked, or {"body": the entry or event as it was};
    `rest`: the other letters of an event that was too large for one."""

    received: Received
    content: dict[str, Any]
    rest: tuple[Received, ...] = ()

    @property
    def id(self) -> str:
        return self.received.id

    @property
    def queue(self) -> str:
        return self.received.queue

    @property
    def parked_at(self) -> datetime:
        return datetime.fromtimestamp(self.received.since, UTC)

    @property
    def is_parked(self) -> bool:
        """Whether our code put it there; what was looked at too often lies in another queue."""
        return self.queue in (PARKED, PARKED + MOVED)

    @property
    def reason(self) -> str:
        return str(self.content.get("reason", GAVE_UP))

    @property
    def kinds(self) -> str:
        kinds = [str(member["kind"]) for member in self.content.get("members", [])]
        return ", ".join(kinds) or ("unreadable" if self.is_parked else "not looked into")

    def holds(self, wamid: str) -> bool:
        """Whether the message of this id (wamid or Connect id) is in it."""
        named = [str(member["wamid"]) for member in self.content.get("members", [])]
        return wamid in named or wamid in self.content.get("body", "")


class NotRedrivable(Exception):
    """A letter that cannot be sent again; the message says why."""


class Letters:
    """The dead-letter queues. `sqs` is a boto3 client; `urls`: see `Settings.queue_urls`."""

    def __init__(
        self, queues: DeadLetterQueues, outbox: Outbox, sqs: Any, urls: Mapping[str, str]
    ) -> None:
        self._queues = queues
        self._outbox = outbox
        self._sqs = sqs
        self._urls = {**urls, **letters_urls(urls)}

    @contextmanager
    def all(self) -> Iterator[list[Letter]]:
        """Every letter that can be had at once, oldest first; given back at the end.

        Of one conversation at most ten: SQS hides the rest while those are looked at.
        """
        found: list[Letter] = []
        try:
            for queue in self._urls:
                if queue == PARKED or queue.endswith(MOVED):
                    found += map(_letter, self._queues.received(queue))
            yield sorted(joined(found), key=lambda letter: letter.parked_at)
        finally:
            for letter in found:
                self._queues.give_back(letter.received)

    def redrive(self, letter: Letter) -> int:
        """Send a letter's messages again, and delete it; returns how many. Raises NotRedrivable.

        A message larger than the queue takes goes shortened; the letter, which has it whole, stays.
        """
        if letter.queue in EVENTS:
            self._queues.send_as_it_was(letter.received)
            sent = 1
        else:
            entries = entries_of(letter)
            fitting = [each if routing.fits(each) else routing.shortened(each) for each in entries]
            self._outbox.send(fitting)
            sent = len(entries)
            if fitting != entries:
                return sent
        self.drop(letter)
        return sent

    def drop(self, letter: Letter) -> None:
        """Delete a letter for good, with every part of its event."""
        for received in (letter.received, *letter.rest):
            self._queues.drop(received)

    def depths(self) -> dict[str, dict[str, int]]:
        """Messages that wait and that are being worked on, by queue."""
        return {name: self._depth(url) for name, url in self._urls.items()}

    def _depth(self, url: str) -> dict[str, int]:
        names = {
            "waiting": "ApproximateNumberOfMessages",
            "in_flight": "ApproximateNumberOfMessagesNotVisible",
            "delayed": "ApproximateNumberOfMessagesDelayed",
        }
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*names.values()])
        return {name: int(answer["Attributes"].get(key, 0)) for name, key in names.items()}


def joined(letters: Iterable[Letter]) -> list[Letter]:
    """The letters, those of one event put together; where a part is missing they stay apart."""
    events: dict[str, list[Letter]] = {}
    for letter in letters:
        events.setdefault(str(letter.content.get("event") or letter.id), []).append(letter)
    return [letter for parts in events.values() for letter in _together(parts)]


def _together(letters: list[Letter]) -> list[Letter]:
    """`part` counts from 1. A crash while parking may have left one twice."""
    first = letters[0]
    bodies = {letter.content.get("part", 1): letter.content.get("body", "") for letter in letters}
    if sorted(bodies) != list(range(1, first.content.get("parts", 1) + 1)) or len(letters) == 1:
        return letters
    whole = "".join(bodies[part] for part in sorted(bodies))
    content = {"reason": first.content["reason"], "body": whole}
    return [Letter(first.received, content, tuple(other.received for other in letters[1:]))]


def entries_of(letter: Letter) -> list[Entry]:
    """What goes into which queue to send a letter again. Raises NotRedrivable."""
    try:
        if not letter.is_parked:
            # Whatever is in it: SQS knows the queue it was for.
            queue, one = ENTRIES[letter.queue], letter.received
            return [redrive.as_it_was(queue, one.body, one.id, one.group)]
        if "members" in letter.content:
            return [_member_entry(letter, member) for member in letter.content["members"]]
        return _unreadable_entries(letter)
    except UnreadableEvent as still:
        raise NotRedrivable(f"still unreadable: {still}") from still
    except NotRedrivable:
        raise
    except Exception as bug:
        raise NotRedrivable(f"still breaks our code: {type(bug).__name__}") from bug


def _member_entry(letter: Letter, member: dict[str, Any]) -> Entry:
    wamid, again = str(member["wamid"]), int(member.get("redrive", 0)) + 1
    if late := redrive.late(letter.content.get("conversation", ""), wamid, again):
        return late
    body = letter.content.get("bodies", {}).get(wamid, "")
    if not body:
        raise NotRedrivable("the letter holds what the agent would have read, not the event")
    if member["kind"] == "outbound":
        event, _, before = wamid.partition(REDRIVEN)
        return redrive.outbound(body, event, int(before or 0) + 1)
    return redrive.inbound(body, wamid, again, letter.content["conversation"])


def _unreadable_entries(letter: Letter) -> list[Entry]:
    """A newer version may understand what an older one parked."""
    if letter.content.get("parts", 1) > 1:
        raise NotRedrivable("a part of its event is missing; redrive or drop older letters first")
    if letter.reason == routing.TOO_LARGE:
        raise NotRedrivable("the agent has it, shortened: read the rest with show, then drop it")
    body = letter.content["body"]
    ours = redrive.broken(body, letter.id)
    entries = [ours] if ours else routing.route(body).entries
    if not entries:
        raise NotRedrivable("nothing in the event is for an agent or a customer")
    return entries


def _letter(received: Received) -> Letter:
    letter = Letter(received, {"body": received.body})
    if not letter.is_parked:
        return letter
    content: dict[str, Any] = json.loads(received.body)
    return Letter(received, content)
