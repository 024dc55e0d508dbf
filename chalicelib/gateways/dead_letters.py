"""The door to the dead-letter queues: letters are received, given back, deleted, sent again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.erasure import DeadLetter
from chalicelib.errors import Rejected
from chalicelib.gateways.aws_errors import aws

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SERVICE = "sqs"
BATCH = 10
HIDDEN_SECONDS = 60  # how long a letter is hidden from others while it is looked at
PARKED = "dead_letters"
MOVED = "-dlq"  # ends the name of a queue into which SQS moves what it gave up on


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A letter in hand. `queue`: our name of where it lay; `since`: when it was put there, epoch
    seconds; `handle`: under which it is deleted or given back; `group`: its FIFO group, "" without.
    """

    id: str
    queue: str
    handle: str
    since: float
    body: str
    group: str = ""


class DeadLetterQueues:
    """`urls` of the queues by our names of them, see `letters_urls`."""

    def __init__(self, client: "SQSClient", urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    def received(self, queue: str) -> Iterator[Received]:
        """Each letter once: what was received stays hidden until it is given back."""
        while True:
            with aws(SERVICE):
                answer = self._client.receive_message(
                    QueueUrl=self._urls[queue],
                    MaxNumberOfMessages=BATCH,
                    VisibilityTimeout=HIDDEN_SECONDS,
                    MessageSystemAttributeNames=["SentTimestamp", "MessageGroupId"],
                )
            if not answer.get("Messages"):
                return
            yield from (_received(queue, message) for message in answer["Messages"])

    def forget(self, theirs: Callable[[DeadLetter], bool]) -> None:
        """Delete the letters of which this is true; the others are given back."""
        for queue in self._urls:
            others = []
            try:
                for letter in self.received(queue):
                    if theirs(DeadLetter(letter.body, int(letter.since))):
                        self.drop(letter)
                    else:
                        others.append(letter)
            finally:
                for letter in others:
                    self.give_back(letter)

    def drop(self, letter: Received) -> None:
        """Delete it for good."""
        with aws(SERVICE):
            self._client.delete_message(
                QueueUrl=self._urls[letter.queue], ReceiptHandle=letter.handle
            )

    def give_back(self, letter: Received) -> None:
        """Show it to others again at once, if it is still there."""
        try:
            with aws(SERVICE):
                self._client.change_message_visibility(
                    QueueUrl=self._urls[letter.queue],
                    ReceiptHandle=letter.handle,
                    VisibilityTimeout=0,
                )
        except Rejected:
            return  # somebody deleted it, or it is shown already

    def send_as_it_was(self, letter: Received) -> None:
        """Put what SQS, or SNS, gave up on into the standard queue it was for."""
        url = self._urls[letter.queue].removesuffix(MOVED)
        with aws(SERVICE):
            self._client.send_message(QueueUrl=url, MessageBody=letter.body)


def _received(queue: str, message: Any) -> Received:
    told = message.get("Attributes", {})
    return Received(
        id=message["MessageId"],
        queue=queue,
        handle=message["ReceiptHandle"],
        since=int(told.get("SentTimestamp", 0)) / 1000,
        body=message["Body"],
        group=told.get("MessageGroupId", ""),
    )


def letters_urls(ours: Mapping[str, str]) -> dict[str, str]:
    """Every queue in which a dead letter may lie, from the addresses of those we write to.

    As infra and the sandbox name them: "<queue>-dlq", and those of the event queues beside them.
    """
    moved = {
        f"{name}{MOVED}": f"{url.removesuffix('.fifo')}{MOVED}.fifo" for name, url in ours.items()
    }
    beside = ours["inbound"].removesuffix("inbound.fifo")
    events = {
        f"{name}{MOVED}": f"{beside}{name}{MOVED}" for name in ("whatsapp-events", "chat-events")
    }
    return {PARKED: ours[PARKED], **moved, **events}
