"""Dead letters: reading them without taking them away, sending them again, dropping them.

Two kinds lie in two kinds of queues: what we parked, with its reason (`dead-letters.fifo`), and
what SQS moved after too many receives (`<queue>-dlq.fifo`), which is an entry as it was.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import redrive, routing
from chalicelib.conversation import token
from chalicelib.errors import UnreadableEvent
from chalicelib.routing import Entry

LOOKING_SECONDS = 60  # how long a letter is hidden from others while an operator looks
BATCH = 10
PARKED = "parked"
WORKED_ON = ("inbound", "outbound", "voice_notes")


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `queue`: "parked", or whose entry SQS gave up on; `handle` deletes it."""

    id: str
    queue: str
    url: str
    handle: str
    parked_at: datetime
    content: dict[str, Any]

    @property
    def reason(self) -> str:
        return str(self.content.get("reason", "SQS gave up after too many receives"))

    @property
    def messages(self) -> list[str]:
        """The ids (wamid or Connect id) of what is in it; none when nobody could read it."""
        return [str(member["wamid"]) for member in self.content.get("members", [])]

    @property
    def kinds(self) -> str:
        kinds = [str(member["kind"]) for member in self.content.get("members", [])]
        return ", ".join(kinds) or "unreadable"


@dataclass(frozen=True, slots=True)
class Again:
    """What goes into which of our queues."""

    queue: str
    group: str
    dedup: str
    body: str

    @classmethod
    def of(cls, entry: Entry) -> "Again":
        return cls(entry.queue, entry.group, entry.dedup, entry.body)


class NotRedrivable(Exception):
    """A letter that cannot be sent again; the message says why."""


class Letters:
    """The dead-letter queues. `sqs` is a boto3 client; `urls` by our names of the queues."""

    def __init__(self, sqs: Any, urls: dict[str, str]) -> None:
        self._sqs = sqs
        self._urls = urls

    @contextmanager
    def all(self) -> Iterator[list[Letter]]:
        """Every letter that can be had at once, oldest first; given back at the end.

        Of one conversation at most ten: SQS hides the rest while those are looked at.
        """
        found = [letter for queue in (PARKED, *WORKED_ON) for letter in self._received(queue)]
        try:
            yield sorted(found, key=lambda letter: letter.parked_at)
        finally:
            for letter in found:
                self._give_back(letter)

    def redrive(self, letter: Letter) -> list[Again]:
        """Send a letter's messages again and delete it. Raises NotRedrivable."""
        entries = entries_of(letter)
        for entry in entries:
            self._sqs.send_message(
                QueueUrl=self._urls[entry.queue],
                MessageBody=entry.body,
                MessageGroupId=entry.group,
                MessageDeduplicationId=entry.dedup,
            )
        self.drop(letter)
        return entries

    def drop(self, letter: Letter) -> None:
        """Delete a letter for good."""
        self._sqs.delete_message(QueueUrl=letter.url, ReceiptHandle=letter.handle)

    def depths(self) -> dict[str, dict[str, int]]:
        """Messages that wait and that are being worked on, by queue."""
        urls = {**self._urls, **{f"{q}-dlq": self._url(q) for q in WORKED_ON}}
        return {name: self._depth(url) for name, url in urls.items()}

    def _depth(self, url: str) -> dict[str, int]:
        names = {
            "waiting": "ApproximateNumberOfMessages",
            "in_flight": "ApproximateNumberOfMessagesNotVisible",
            "delayed": "ApproximateNumberOfMessagesDelayed",
        }
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*names.values()])
        return {name: int(answer["Attributes"].get(key, 0)) for name, key in names.items()}

    def _url(self, queue: str) -> str:
        if queue == PARKED:
            return self._urls["dead_letters"]
        return self._urls[queue].removesuffix(".fifo") + "-dlq.fifo"

    def _received(self, queue: str) -> Iterator[Letter]:
        url = self._url(queue)
        while messages := self._receive(url):
            for message in messages:
                yield _letter(queue, url, message)

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=LOOKING_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def _give_back(self, letter: Letter) -> None:
        try:
            self._sqs.change_message_visibility(
                QueueUrl=letter.url, ReceiptHandle=letter.handle, VisibilityTimeout=0
            )
        except self._sqs.exceptions.ClientError:
            return  # it was dropped or sent again


def entries_of(letter: Letter) -> list[Again]:
    """What goes into which queue to send a letter again. Raises NotRedrivable."""
    try:
        if letter.queue != PARKED:
            return [_moved_by_sqs(letter)]
        if "members" in letter.content:
            members = letter.content["members"]
            return [Again.of(_member_entry(letter, member)) for member in members]
        return [Again.of(entry) for entry in _unreadable_entries(letter)]
    except UnreadableEvent as still:
        raise NotRedrivable(f"still unreadable: {still}") from still


def _moved_by_sqs(letter: Letter) -> Again:
    """The entry as it was, in a group of its own."""
    group = token("redrive", letter.id)
    return Again(letter.queue, group, redrive.dedup_id(letter.id, 1), letter.content["body"])


def _member_entry(letter: Letter, member: dict[str, Any]) -> Entry:
    wamid, again = str(member["wamid"]), int(member.get("redrive", 0)) + 1
    body = letter.content.get("bodies", {}).get(wamid, "")
    if not body:
        raise NotRedrivable("the letter holds what the agent would have read, not the event")
    if member["kind"] == "outbound":
        event, _, before = wamid.partition("#r")
        return redrive.outbound(body, event, int(before or 0) + 1)
    return redrive.inbound(body, wamid, again, letter.content["conversation"])


def _unreadable_entries(letter: Letter) -> list[Entry]:
    """A newer version may understand what an older one parked."""
    if letter.content.get("parts", 1) > 1:
        raise NotRedrivable("the event lies in several letters; put its parts together by hand")
    body = letter.content["body"]
    entries = routing.route(body).entries
    if not entries:
        raise NotRedrivable("nothing in the event is for an agent or a customer")
    return entries


def _letter(queue: str, url: str, message: dict[str, Any]) -> Letter:
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000
    return Letter(
        id=message["MessageId"],
        queue=queue,
        url=url,
        handle=message["ReceiptHandle"],
        parked_at=datetime.fromtimestamp(sent, UTC),
        content=_content(queue, message["Body"]),
    )


def _content(queue: str, body: str) -> dict[str, Any]:
    if queue == PARKED:
        content: dict[str, Any] = json.loads(body)
        return content
    return {"body": body}
