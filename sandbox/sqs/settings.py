"""A queue's attributes: defaults, ranges and how they travel as text."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.sqs import limits
from sandbox.wire import AwsError

# Attribute -> (default, smallest, largest), from the API reference of CreateQueue.
_NUMBERS = {
    "DelaySeconds": (0, 0, limits.DELAY_S),
    "MaximumMessageSize": (limits.MESSAGE_BYTES, 1024, limits.MESSAGE_BYTES),
    "MessageRetentionPeriod": (345_600, *limits.RETENTION_S),
    "ReceiveMessageWaitTimeSeconds": (0, 0, limits.WAIT_S),
    "VisibilityTimeout": (30, 0, limits.VISIBILITY_S),
    "KmsDataKeyReusePeriodSeconds": (300, 60, 86_400),
}
_SWITCHES = {"FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled"}
_CHOICES = {
    "DeduplicationScope": {"messageGroup", "queue"},
    "FifoThroughputLimit": {"perQueue", "perMessageGroupId"},
}
_TEXTS = {"Policy", "KmsMasterKeyId", "RedriveAllowPolicy"}
_FIFO_ONLY = {"FifoQueue", "ContentBasedDeduplication", *_CHOICES}


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where a message goes that was received `max_receives` times without being deleted."""

    target_arn: str
    max_receives: int


def checked(attributes: dict[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes if SQS would take them. Raises AwsError naming the first bad one."""
    for name, value in attributes.items():
        if name in _FIFO_ONLY and not fifo:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
        if not _acceptable(name, value):
            raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    return dict(attributes)


def _acceptable(name: str, value: str) -> bool:
    if name in _NUMBERS:
        _, smallest, largest = _NUMBERS[name]
        return value.isdigit() and smallest <= int(value) <= largest
    if name in _SWITCHES:
        return value in ("true", "false")
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == "RedrivePolicy":
        return not value or _read_redrive(value) is not None
    if name in _TEXTS:
        return True
    raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")


def _read_redrive(value: str) -> Redrive | None:
    smallest, largest = limits.MAX_RECEIVE_COUNT
    try:
        policy: dict[str, Any] = json.loads(value)
        redrive = Redrive(str(policy["deadLetterTargetArn"]), int(policy["maxReceiveCount"]))
    except (ValueError, KeyError, TypeError):
        return None
    return redrive if smallest <= redrive.max_receives <= largest else None


class QueueSettings:
    """The attributes of one queue, with the defaults filled in."""

    def __init__(self, attributes: dict[str, str], *, fifo: bool) -> None:
        self.fifo = fifo
        self._given = checked(attributes, fifo=fifo)

    def update(self, attributes: dict[str, str]) -> None:
        """Set some attributes. Raises AwsError."""
        self._given |= checked(attributes, fifo=self.fifo)

    def same_as(self, attributes: dict[str, str]) -> bool:
        """Whether a repeated CreateQueue asks for what exists."""
        return all(self.texts().get(name) == value for name, value in attributes.items())

    def number(self, name: str) -> int:
        """A numeric attribute, e.g. `VisibilityTimeout` in seconds."""
        return int(self._given.get(name, _NUMBERS[name][0]))

    def is_on(self, name: str) -> bool:
        """A true/false attribute."""
        return self._given.get(name) == "true"

    @property
    def per_group_dedup(self) -> bool:
        """Whether deduplication ids are compared inside a message group only."""
        return self._given.get("DeduplicationScope") == "messageGroup"

    @property
    def redrive(self) -> Redrive | None:
        """The redrive policy, if there is one."""
        return _read_redrive(self._given.get("RedrivePolicy", ""))

    def texts(self) -> dict[str, str]:
        """All attributes as GetQueueAttributes answers them."""
        defaults = {name: str(number[0]) for name, number in _NUMBERS.items()}
        defaults["SqsManagedSseEnabled"] = "true"
        if self.fifo:
            defaults |= {
                "ContentBasedDeduplication": "false",
                "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            }
            defaults |= {"FifoQueue": "true"}
        return defaults | {name: value for name, value in self._given.items() if value}
