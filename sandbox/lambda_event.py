"""The event Lambda makes of SQS messages (developer guide, "Using Lambda with Amazon SQS")."""

import base64
from typing import Any

from sandbox.moto_services import REGION
from sandbox.sqs import Queue
from sandbox.sqs.message import Message, md5_of_attributes, md5_of_body


def sqs_event(queue: Queue, messages: list[Message]) -> dict[str, Any]:
    """`{"Records": [...]}` as a handler of an event source mapping receives it."""
    return {"Records": [_record(queue, message) for message in messages]}


def _record(queue: Queue, message: Message) -> dict[str, Any]:
    record: dict[str, Any] = {
        "messageId": message.message_id,
        "receiptHandle": queue.handle_of(message),
        "body": message.body,
        "attributes": message.system_attributes(),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.attributes.items()
        },
        "md5OfBody": md5_of_body(message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": REGION,
    }
    if message.attributes:
        record["md5OfMessageAttributes"] = md5_of_attributes(message.attributes)
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    spelled: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "BinaryValue" in value:
        return spelled | {"binaryValue": base64.b64encode(value["BinaryValue"]).decode()}
    return spelled | {"stringValue": value.get("StringValue", "")}


def failed_ids(response: Any, received: set[str]) -> set[str]:
    """The message ids a handler reports as failed.

    Nothing, or an empty list, is success; an answer Lambda cannot read, or an id that was not in
    the batch, fails the whole batch (developer guide, "Success and failure conditions").
    """
    if response is None or response == {}:
        return set()
    if not isinstance(response, dict):
        return received
    failures = response.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return received
    ids = {str(item.get("itemIdentifier")) for item in failures if isinstance(item, dict)}
    readable = all(isinstance(item, dict) for item in failures)
    return ids if readable and ids <= received else received
