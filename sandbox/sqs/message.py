"""One message in a queue, its fingerprints, and how a receiver sees it."""

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SENDER_ID = "AIDASANDBOX0000000000"


@dataclass(slots=True, kw_only=True)
class Message:
    """A stored message. `attributes` are boto3-shaped message attributes.

    `receipt` is the number of the receive that holds it (0: never received); `visible_at` is when
    it can be received (again).
    """

    message_id: str
    body: str
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    system: dict[str, dict[str, Any]] = field(default_factory=dict)
    group: str | None = None
    dedup_id: str | None = None
    sequence: str | None = None
    sent_at: datetime
    visible_at: datetime
    receive_count: int = 0
    receipt: int = 0
    received_at: datetime | None = None
    first_received_at: datetime | None = None
    source_arn: str | None = None

    def size(self) -> int:
        """Bytes that count against the message limit: body, attribute names, types and values."""
        return len(self.body.encode()) + attributes_size(self.attributes)

    def system_attributes(self) -> dict[str, str]:
        """The attributes SQS itself keeps, all of them, as ReceiveMessage spells them."""
        found = {
            "SenderId": SENDER_ID,
            "SentTimestamp": _millis(self.sent_at),
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": _millis(self.first_received_at),
            "MessageGroupId": self.group,
            "MessageDeduplicationId": self.dedup_id,
            "SequenceNumber": self.sequence,
            "DeadLetterQueueSourceArn": self.source_arn,
        }
        found |= {name: value.get("StringValue") for name, value in self.system.items()}
        return {name: value for name, value in found.items() if value is not None}


def _millis(moment: datetime | None) -> str | None:
    return None if moment is None else str(int(moment.timestamp() * 1000))


def attributes_size(attributes: dict[str, dict[str, Any]]) -> int:
    """Bytes of message attributes as the quota counts them."""
    return sum(
        len(name.encode()) + len(value.get("DataType", "")) + len(_value_bytes(value))
        for name, value in attributes.items()
    )


def md5_of_body(body: str) -> str:
    """MD5OfBody as SQS answers it."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: dict[str, dict[str, Any]]) -> str:
    """MD5OfMessageAttributes (developer guide, "Calculating the MD5 message digest")."""
    digest = hashlib.md5(usedforsecurity=False)
    for name, value in sorted(attributes.items()):
        for part in (name.encode(), value["DataType"].encode()):
            digest.update(struct.pack("!I", len(part)) + part)
        content = _value_bytes(value)
        digest.update(b"\x02" if "BinaryValue" in value else b"\x01")
        digest.update(struct.pack("!I", len(content)) + content)
    return digest.hexdigest()


def _value_bytes(value: dict[str, Any]) -> bytes:
    return bytes(value["BinaryValue"]) if "BinaryValue" in value else _text(value).encode()


def _text(value: dict[str, Any]) -> str:
    return str(value.get("StringValue", ""))


def receipt_handle(queue: str, message: Message) -> str:
    """An opaque handle that names the queue, the message and the receive it belongs to."""
    return base64.b64encode(f"{queue}|{message.message_id}|{message.receipt}".encode()).decode()


def read_handle(handle: str) -> tuple[str, str, int] | None:
    """(queue, message id, receive) of a handle; None when it was never one."""
    try:
        queue, message_id, receipt = base64.b64decode(handle, validate=True).decode().split("|")
        return queue, message_id, int(receipt)
    except ValueError:
        return None
