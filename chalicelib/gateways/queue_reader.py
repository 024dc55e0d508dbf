"""The door to SQS for a process that reads queues itself, where no function does: `container/`."""

from typing import TYPE_CHECKING, Any

from chalicelib.gateways.aws_errors import aws

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SERVICE = "sqs"
BATCH = 10  # ReceiveMessage gives at most ten
WAIT_SECONDS = 10  # long polling asks every server of the queue; 20 at most
Event = dict[str, list[dict[str, Any]]]


class QueueReader:
    """One queue. `url` is its address."""

    def __init__(self, client: "SQSClient", url: str, wait_s: int = WAIT_SECONDS) -> None:
        self._client = client
        self._url = url
        self._wait_s = wait_s

    def receive(self) -> Event:
        """Up to ten messages, as Lambda's event source mapping would give them."""
        with aws(SERVICE):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=self._wait_s,
                MessageSystemAttributeNames=[
                    "ApproximateReceiveCount",
                    "MessageGroupId",
                    "SentTimestamp",
                ],
            )
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message.get("Attributes", {}),
                }
                for message in answer.get("Messages", [])
            ]
        }

    def delete(self, receipt_handles: list[str]) -> None:
        """Done with these. One that is not deleted comes again, and is recognised."""
        if not receipt_handles:
            return
        entries = [
            {"Id": str(number), "ReceiptHandle": handle}
            for number, handle in enumerate(receipt_handles)
        ]
        with aws(SERVICE):
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]

    def is_empty(self) -> bool:
        """Nothing waits in it and nothing of it is in work, as far as SQS has counted."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        with aws(SERVICE):
            told = self._client.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=list(names),  # type: ignore[arg-type]
            )
        return not any(int(count) for count in told["Attributes"].values())
