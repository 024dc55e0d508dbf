"""How SQS spells its answers: batches, fingerprints, the attributes that were asked for."""

from collections.abc import Callable

from sandbox.sqs.message import Message, md5_of_attributes, md5_of_body
from sandbox.sqs.queue import Queue
from sandbox.wire import AwsError
from sandbox.wire.emulator import Params


def each(entries: list[Params], act: Callable[[Params], Params]) -> Params:
    """A batch answer: what succeeded and what failed, by entry id."""
    done: list[Params] = []
    failed: list[Params] = []
    for entry in entries:
        try:
            done.append({"Id": entry["Id"], **act(entry)})
        except AwsError as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "SenderFault": (error.status or 400) < 500,
                    "Code": error.code,
                    "Message": error.message,
                }
            )
    return {"Successful": done, "Failed": failed} if failed else {"Successful": done}


def sent(stored: Message, asked: Message) -> Params:
    """What SendMessage answers; a repeat gets the first message's id and number."""
    answer = {"MessageId": stored.message_id, "MD5OfMessageBody": md5_of_body(asked.body)}
    if asked.attributes:
        answer["MD5OfMessageAttributes"] = md5_of_attributes(asked.attributes)
    if asked.system:
        answer["MD5OfMessageSystemAttributes"] = md5_of_attributes(asked.system)
    if stored.sequence:
        answer["SequenceNumber"] = stored.sequence
    return answer


def received(queue: Queue, message: Message, params: Params) -> Params:
    """One message as ReceiveMessage answers it."""
    wanted = [*params.get("AttributeNames", []), *params.get("MessageSystemAttributeNames", [])]
    system = named(message.system_attributes(), wanted)
    attributes = _matching(message.attributes, params.get("MessageAttributeNames", []))
    answer: Params = {
        "MessageId": message.message_id,
        "ReceiptHandle": queue.handle_of(message),
        "Body": message.body,
        "MD5OfBody": md5_of_body(message.body),
    }
    if system:
        answer["Attributes"] = system
    if attributes:
        answer["MessageAttributes"] = attributes
        answer["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
    return answer


def named(found: dict[str, str], names: list[str]) -> dict[str, str]:
    """The attributes asked for; `All` means all."""
    return found if "All" in names else {n: found[n] for n in names if n in found}


def _matching(attributes: Params, names: list[str]) -> Params:
    """MessageAttributeNames: `All`, `.*`, a name, or `prefix.*`."""
    if {"All", ".*"} & set(names):
        return attributes
    prefixes = tuple(name[:-1] for name in names if name.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in names or (prefixes and name.startswith(prefixes))
    }
