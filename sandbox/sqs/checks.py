"""What SQS refuses when a message is sent: sizes, characters, missing or misplaced ids."""

import re
from typing import Any

from sandbox.sqs import limits
from sandbox.sqs.message import attributes_size
from sandbox.sqs.queue import Queue
from sandbox.wire import AwsError

# API, SendMessage: `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# API: MessageGroupId and MessageDeduplicationId, up to 128 of these characters
_ID = re.compile(r"""[a-zA-Z0-9!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}""")
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)", re.ASCII)
_ATTRIBUTE_TYPE = re.compile(r"(String|Number|Binary)(\..+)?")
_QUEUE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,80}|[a-zA-Z0-9_-]{1,75}\.fifo")


def invalid(parameter: str, value: object, reason: str) -> AwsError:
    """SQS's usual refusal of one parameter."""
    return AwsError(
        "InvalidParameterValue",
        f"Value {value} for parameter {parameter} is invalid. Reason: {reason}",
    )


def check_queue_name(name: str, attributes: dict[str, str]) -> bool:
    """Whether a new queue is FIFO. Raises AwsError for a bad name."""
    if not _QUEUE_NAME.fullmatch(name):
        raise AwsError(
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    fifo = attributes.get("FifoQueue") == "true"
    if fifo is not name.endswith(".fifo"):
        raise AwsError(
            "InvalidParameterValue", "The name of a FIFO queue can only end with .fifo and must."
        )
    return fifo


def check_message(queue: Queue, params: dict[str, Any]) -> None:
    """Raises AwsError when `queue` does not take this message (SendMessage's parameters)."""
    _check_contents(queue, params)
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        if name in params and not _ID.fullmatch(params[name]):
            raise invalid(name, params[name], f"{name} has 1 to 128 alphanumeric or punctuation")
    if queue.fifo:
        _check_fifo(queue, params)
    elif "MessageDeduplicationId" in params:
        raise AwsError(
            "InvalidParameterValue",
            "The request includes a parameter that is not valid for this queue type: "
            "MessageDeduplicationId",
        )
    if not 0 <= params.get("DelaySeconds", 0) <= limits.DELAY_S:
        raise invalid("DelaySeconds", params["DelaySeconds"], f"0 to {limits.DELAY_S}")


def _check_contents(queue: Queue, params: dict[str, Any]) -> None:
    body, attributes = params["MessageBody"], params.get("MessageAttributes", {})
    if not body:
        raise AwsError("MissingParameter", "The request must contain the parameter MessageBody.")
    largest = queue.settings.number("MaximumMessageSize")
    if len(body.encode("utf-8", "surrogatepass")) + attributes_size(attributes) > largest:
        raise AwsError(
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{largest} bytes.",
        )
    if _FORBIDDEN.search(body):
        raise AwsError("InvalidMessageContents", "The message contains characters not allowed.")
    _check_attributes(attributes)


def _check_attributes(attributes: dict[str, dict[str, Any]]) -> None:
    if len(attributes) > limits.ATTRIBUTES:
        raise AwsError(
            "InvalidParameterValue",
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{limits.ATTRIBUTES}].",
        )
    for name, value in attributes.items():
        if not _ATTRIBUTE_NAME.fullmatch(name):
            raise invalid("MessageAttributes", name, "The attribute name is not allowed.")
        kind = _ATTRIBUTE_TYPE.fullmatch(value["DataType"])
        content = value.get("BinaryValue" if kind and kind[1] == "Binary" else "StringValue")
        if kind is None or not content:
            raise AwsError(
                "InvalidParameterValue",
                f"The message attribute '{name}' must contain a non-empty value of its type.",
            )


def _check_fifo(queue: Queue, params: dict[str, Any]) -> None:
    if "MessageGroupId" not in params:
        raise AwsError("MissingParameter", "The request must contain the parameter MessageGroupId.")
    deduplicates = queue.settings.is_on("ContentBasedDeduplication")
    if "MessageDeduplicationId" not in params and not deduplicates:
        raise AwsError(
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly",
        )
    if params.get("DelaySeconds", 0):
        raise invalid(
            "DelaySeconds",
            params["DelaySeconds"],
            "The request include parameter that is not valid for this queue type",
        )


def check_batch(entries: list[dict[str, Any]]) -> None:
    """Raises AwsError when a batch is empty, too long or its ids are not distinct."""
    if not entries:
        raise AwsError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > limits.BATCH_ENTRIES:
        raise AwsError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {limits.BATCH_ENTRIES}. "
            f"You have sent {len(entries)}.",
        )
    ids = [entry["Id"] for entry in entries]
    if any(not re.fullmatch(rf"[\w-]{{1,{limits.BATCH_ENTRY_ID}}}", each, re.A) for each in ids):
        raise AwsError(
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            f"It can be at most {limits.BATCH_ENTRY_ID} letters long.",
        )
    if len(set(ids)) < len(ids):
        raise AwsError("BatchEntryIdsNotDistinct", "Id repeated in the batch.")


def check_batch_bytes(entries: list[dict[str, Any]]) -> None:
    """Raises AwsError when the messages of a batch are too long together."""
    size = sum(
        len(entry["MessageBody"].encode("utf-8", "surrogatepass"))
        + attributes_size(entry.get("MessageAttributes", {}))
        for entry in entries
    )
    if size > limits.BATCH_BYTES:
        raise AwsError(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {limits.BATCH_BYTES} bytes. You have sent "
            f"{size} bytes.",
        )
