"""The door to the dead-letter queues: everything that was parked is read, some of it deleted."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.erasure import DeadLetter
from chalicelib.gateways.aws_errors import aws

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SERVICE = "sqs"
BATCH = 10
HIDDEN_SECONDS = 60  # how long a letter is hidden from others while it is looked at


class DeadLetterQueues:
    """`urls` of the queues."""

    def __init__(self, client: "SQSClient", urls: Sequence[str]) -> None:
        self._client = client
        self._urls = urls

    def forget(self, theirs: Callable[[DeadLetter], bool]) -> None:
        """Delete the letters of which this is true; the others are given back."""
        for url in self._urls:
            others = []
            try:
                for message in self._received(url):
                    if theirs(_letter(message)):
                        self._delete(url, message)
                    else:
                        others.append(message)
            finally:
                for message in others:
                    self._give_back(url, message)

    def _received(self, url: str) -> Iterator[Any]:
        """Each letter once: what was received stays hidden until it is given back."""
        while True:
            with aws(SERVICE):
                answer = self._client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=BATCH,
                    VisibilityTimeout=HIDDEN_SECONDS,
                    MessageSystemAttributeNames=["SentTimestamp"],
                )
            if not answer.get("Messages"):
                return
            yield from answer["Messages"]

    def _delete(self, url: str, message: Any) -> None:
        with aws(SERVICE):
            self._client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def _give_back(self, url: str, message: Any) -> None:
        with aws(SERVICE):
            self._client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )


def _letter(message: Any) -> DeadLetter:
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) // 1000
    return DeadLetter(message["Body"], sent)


def letters_urls(inbound: str, outbound: str, voice_notes: str, parked: str) -> list[str]:
    """Every queue in which a dead letter may lie, from the addresses of those we write to.

    As infra and the sandbox name them: "<queue>-dlq", and those of the event queues beside them.
    """
    moved = [
        url.removesuffix(".fifo") + "-dlq.fifo" for url in (inbound, outbound, voice_notes, parked)
    ]
    beside = inbound.removesuffix("inbound.fifo")
    return [parked, *moved, f"{beside}whatsapp-events-dlq", f"{beside}chat-events-dlq"]
