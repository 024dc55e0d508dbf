"""The door to SQS: what we put into queues, and how long a failed message waits."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalicelib.conversation import token
from chalicelib.errors import Throttled
from chalicelib.gateways.aws_errors import aws
from chalicelib.ports.queues import Parked
from chalicelib.redrive import WORDS
from chalicelib.routing import Entry, write

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SERVICE = "sqs"
BATCH = 10  # SendMessageBatch takes at most ten entries
BATCH_BYTES = 1_000_000  # ... and 1 MiB together, since August 2025
PIECE = 150_000  # characters; even if JSON writes each in six bytes a letter stays below 1 MiB
MAX_DELAY_SECONDS = 43_200  # ChangeMessageVisibility, at most 12 hours


class Queues:
    """`urls` by our name of the queue: inbound, outbound, voice_notes, dead_letters."""

    def __init__(self, client: "SQSClient", urls: dict[str, str]) -> None:
        self._client = client
        self._urls = urls

    def send(self, entries: Sequence[Entry]) -> None:
        """Put every entry into its queue; raises Throttled when one was not taken.

        Repeating the call is harmless: FIFO queues drop what they have (dedup id).
        """
        for queue in dict.fromkeys(entry.queue for entry in entries):
            for batch in _batches([entry for entry in entries if entry.queue == queue]):
                self._send_batch(queue, batch)

    def park(self, parked: Parked) -> None:
        wamids = [member.done_id for member in parked.members]
        body = {
            "reason": parked.reason,
            "conversation": parked.conversation,
            "members": [asdict(member) for member in parked.members],
            "bodies": dict(parked.bodies),
        }
        group = parked.conversation or "none"
        self._send_one("dead_letters", group, token(*wamids, "park"), _json(body))

    def park_unreadable(self, reason: str, body: str, receipt: str) -> None:
        """Park an event that nobody can parse; one too large for a letter in several.

        `receipt` may have brought several such things: what is parked enters the name, too, under
        which SQS drops a repeat. `event` tells which parts belong together.
        """
        parts = [body[at : at + PIECE] for at in range(0, len(body), PIECE)] or [body]
        event = token(receipt, reason, body) if len(parts) > 1 else ""
        for number, part in enumerate(parts, start=1):
            of = {"part": number, "parts": len(parts), "event": event} if event else {}
            name = token(receipt, reason, "park", number, part)
            letter = _json({"reason": reason, "body": part, **of})
            self._send_one("dead_letters", "unreadable", name, letter)

    def hand_over(
        self, conversation: str, wamid: str, kind: str = "voice_note", run: int = 1
    ) -> None:
        payload = {"conversation": conversation, "wamid": wamid}
        again = (run,) if run > 1 else ()
        dedup = token(wamid, "card" if kind == "voice_note" else kind, *again)
        apart = (kind,) if kind == WORDS else ()
        self._send_one("voice_notes", token(conversation, *apart), dedup, write(kind, payload))

    def delay(self, queue: str, receipt_handle: str, seconds: int) -> None:
        """Let a message that failed come back after `seconds`, not after the long time-out."""
        with aws(SERVICE):
            self._client.change_message_visibility(
                QueueUrl=self._urls[queue],
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(seconds, MAX_DELAY_SECONDS),
            )

    def _send_one(self, queue: str, group: str, dedup: str, body: str) -> None:
        with aws(SERVICE):
            self._client.send_message(
                QueueUrl=self._urls[queue],
                MessageBody=body,
                MessageGroupId=group,
                MessageDeduplicationId=dedup,
            )

    def _send_batch(self, queue: str, entries: Sequence[Entry]) -> None:
        with aws(SERVICE):
            answer = self._client.send_message_batch(
                QueueUrl=self._urls[queue],
                Entries=[
                    {
                        "Id": str(index),
                        "MessageBody": entry.body,
                        "MessageGroupId": entry.group,
                        "MessageDeduplicationId": entry.dedup,
                    }
                    for index, entry in enumerate(entries)
                ],
            )
        if answer.get("Failed"):  # a 200 answer may still hold failures
            raise Throttled("the queue did not take every entry", service=SERVICE)


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in order, as many at a time as one call takes."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        bytes_ = len(entry.body.encode())
        if batch and (len(batch) == BATCH or size + bytes_ > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += bytes_
    if batch:
        yield batch


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
