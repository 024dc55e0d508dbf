"""SQS as the product's clients meet it: sending, receiving, deleting, and what is refused."""

import hashlib

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clock import SandboxClock
from sandbox.in_process import in_process
from sandbox.sqs import SqsEmulator, limits
from sandbox.wire import Router

HOLA_MD5 = "4d186321c1a7f0f354b297e8914ab240"  # printf hola | md5sum


@pytest.fixture
def clock():
    return SandboxClock()


@pytest.fixture
def service(clock):
    return SqsEmulator(clock)


@pytest.fixture
def sqs(clock, service):
    router = Router(clock)
    router.add(service)
    with in_process(router):
        yield boto3.client("sqs")


@pytest.fixture
def url(sqs):
    return sqs.create_queue(QueueName="plain")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def receive(sqs, url, count=10, **more):
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **more)
    return answer.get("Messages", [])


def refused(error):
    return error.value.response["Error"]["Code"]


def test_a_message_is_hidden_while_someone_works_on_it_and_comes_back(sqs, url, clock):
    sent = sqs.send_message(QueueUrl=url, MessageBody="hola")
    (first,) = receive(sqs, url, AttributeNames=["All"])
    assert first["Body"] == "hola"
    assert first["MessageId"] == sent["MessageId"]
    assert first["MD5OfBody"] == sent["MD5OfMessageBody"] == HOLA_MD5
    assert receive(sqs, url) == []
    clock.advance(30)
    (again,) = receive(sqs, url, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert again["ReceiptHandle"] != first["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    clock.advance(60)
    assert receive(sqs, url) == []


def test_an_old_handle_of_a_standard_queue_deletes_nothing(sqs, url, clock):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (old,) = receive(sqs, url)
    clock.advance(30)
    assert len(receive(sqs, url)) == 1
    sqs.delete_message(QueueUrl=url, ReceiptHandle=old["ReceiptHandle"])
    clock.advance(30)
    assert len(receive(sqs, url)) == 1
    with pytest.raises(ClientError) as error:
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")
    assert refused(error) == "ReceiptHandleIsInvalid"


def test_waiting_for_messages_answers_at_once(sqs, url, clock):
    before = clock.now()
    assert receive(sqs, url, WaitTimeSeconds=20) == []
    assert clock.now() == before


def test_visibility_can_be_shortened_and_prolonged(sqs, url, clock):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    clock.advance(5)
    (message,) = receive(sqs, url, VisibilityTimeout=100)
    entry = {"Id": "a", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[entry])
    assert [done["Id"] for done in answer["Successful"]] == ["a"]
    assert len(receive(sqs, url)) == 1


def test_visibility_cannot_be_changed_when_nobody_works_on_it(sqs, url, clock):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(sqs, url)
    handle = message["ReceiptHandle"]
    clock.advance(30)
    with pytest.raises(sqs.exceptions.MessageNotInflight):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    (message,) = receive(sqs, url)
    clock.advance(10)
    with pytest.raises(ClientError, match="beyond the limit"):
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43_200
        )
    with pytest.raises(ClientError, match="Must be between 0 and 43200"):
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43_201
        )


def test_a_delayed_message_appears_when_its_time_has_come(sqs, url, clock):
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=10)
    assert receive(sqs, url) == []
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
    clock.advance(10)
    assert len(receive(sqs, url)) == 1


def test_what_is_too_old_is_gone(sqs, clock):
    attributes = {"MessageRetentionPeriod": "60"}
    url = sqs.create_queue(QueueName="short", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="old")
    clock.advance(30)
    sqs.send_message(QueueUrl=url, MessageBody="young")
    clock.advance(30)
    assert [message["Body"] for message in receive(sqs, url)] == ["young"]


def test_attributes_travel_with_their_fingerprint(sqs, url):
    attributes = {
        "kind": {"DataType": "String", "StringValue": "text"},
        "kind.sub": {"DataType": "Number", "StringValue": "7"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="x",
        MessageAttributes=attributes,
        MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}
        },
    )
    # Computed once with the algorithm of the developer guide, independently of the emulator.
    assert sent["MD5OfMessageAttributes"] == digest_of(attributes)
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    (message,) = receive(
        sqs,
        url,
        MessageAttributeNames=["kind.*", "raw"],
        AttributeNames=["AWSTraceHeader"],
        VisibilityTimeout=0,
    )
    assert message["MessageAttributes"] == {
        "kind.sub": attributes["kind.sub"],
        "raw": attributes["raw"],
    }
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-2-3"}
    (whole,) = receive(sqs, url, MessageAttributeNames=["All"])
    assert whole["MessageAttributes"] == attributes


def digest_of(attributes):
    """The guide's recipe: for each name in order, length and bytes of name, type, value."""
    encoded = b""
    for name in sorted(attributes):
        value = attributes[name]
        kind, content = value["DataType"].encode(), value.get("BinaryValue")
        mark = b"\x01" if content is None else b"\x02"
        content = value["StringValue"].encode() if content is None else content
        encoded += len(name).to_bytes(4, "big") + name.encode()
        encoded += len(kind).to_bytes(4, "big") + kind
        encoded += mark + len(content).to_bytes(4, "big") + content
    return hashlib.md5(encoded, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"MessageBody": ""}, "MissingParameter"),
        ({"MessageBody": "x" * (limits.MESSAGE_BYTES + 1)}, "InvalidParameterValue"),
        ({"MessageBody": "a\x00b"}, "InvalidMessageContents"),
        ({"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
        ({"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
        (
            {"MessageBody": "x", "MessageAttributes": {"a..b": {"DataType": "String"}}},
            "InvalidParameterValue",
        ),
        (
            {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String"}}},
            "InvalidParameterValue",
        ),
        (
            {
                "MessageBody": "x",
                "MessageAttributes": {
                    str(n): {"DataType": "String", "StringValue": "v"} for n in range(11)
                },
            },
            "InvalidParameterValue",
        ),
    ],
)
def test_a_standard_queue_refuses_what_sqs_refuses(sqs, url, params, code):
    with pytest.raises(ClientError) as error:
        sqs.send_message(QueueUrl=url, **params)
    assert refused(error) == code
    assert receive(sqs, url) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "MissingParameter"),
        ({"MessageGroupId": "g"}, "InvalidParameterValue"),
        ({"MessageGroupId": "g" * 129, "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
        ({"MessageGroupId": "g", "MessageDeduplicationId": "a b"}, "InvalidParameterValue"),
        (
            {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 1},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_fifo_queue_refuses_what_sqs_refuses(sqs, fifo, params, code):
    with pytest.raises(ClientError) as error:
        sqs.send_message(QueueUrl=fifo, MessageBody="x", **params)
    assert refused(error) == code


def test_a_message_of_exactly_one_mebibyte_is_taken(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x" * limits.MESSAGE_BYTES)
    assert len(receive(sqs, url)) == 1


def test_a_batch_reports_each_entry_by_itself(sqs, url, service):
    service.fail_entry = lambda queue, entry: entry["Id"] == "unlucky"
    entries = [{"Id": each, "MessageBody": "x"} for each in ("fine", "unlucky")]
    entries.append({"Id": "wrong", "MessageBody": "\x01"})
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [done["Id"] for done in answer["Successful"]] == ["fine"]
    failed = {each["Id"]: (each["Code"], each["SenderFault"]) for each in answer["Failed"]}
    assert failed == {
        "unlucky": ("InternalError", False),
        "wrong": ("InvalidMessageContents", True),
    }
    (message,) = receive(sqs, url)
    entries = [
        {"Id": "a", "ReceiptHandle": message["ReceiptHandle"]},
        {"Id": "b", "ReceiptHandle": "bad"},
    ]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert [done["Id"] for done in answer["Successful"]] == ["a"]
    assert [each["Code"] for each in answer["Failed"]] == ["ReceiptHandleIsInvalid"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(n), "MessageBody": "x"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"Id": each, "MessageBody": "x" * 600_000} for each in "ab"], "BatchRequestTooLong"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_is_refused(sqs, url, entries, code):
    with pytest.raises(ClientError) as error:
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert code in refused(error)


def test_only_up_to_ten_messages_are_asked_for(sqs, url):
    with pytest.raises(ClientError, match="Must be between 1 and 10"):
        receive(sqs, url, 11)


def test_creating_a_queue_twice_is_harmless_unless_it_differs(sqs, url):
    assert sqs.create_queue(QueueName="plain")["QueueUrl"] == url
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="plain", Attributes={"VisibilityTimeout": "31"})


@pytest.mark.parametrize(
    ("name", "attributes", "code"),
    [
        ("a b", {}, "InvalidParameterValue"),
        ("line.fifo", {}, "InvalidParameterValue"),
        ("line", {"FifoQueue": "true"}, "InvalidParameterValue"),
        ("q", {"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ("q", {"Colour": "blue"}, "InvalidAttributeName"),
        ("q", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName"),
        ("q", {"SqsManagedSseEnabled": "perhaps"}, "InvalidAttributeValue"),
        ("q", {"RedrivePolicy": "{}"}, "InvalidAttributeValue"),
        ("l.fifo", {"FifoQueue": "true", "DeduplicationScope": "x"}, "InvalidAttributeValue"),
    ],
)
def test_a_queue_that_sqs_would_not_create_is_refused(sqs, name, attributes, code):
    with pytest.raises(ClientError) as error:
        sqs.create_queue(QueueName=name, Attributes=attributes)
    assert refused(error) == code


def test_queues_can_be_listed_found_changed_emptied_and_deleted(sqs, url, fifo, clock):
    assert sqs.list_queues(QueueNamePrefix="pl")["QueueUrls"] == [url]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="none")
    assert sqs.get_queue_url(QueueName="line.fifo")["QueueUrl"] == fifo
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7", "Policy": "{}"})
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.send_message(QueueUrl=url, MessageBody="y")
    receive(sqs, url, 1)
    found = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "VisibilityTimeout",
            "QueueArn",
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    assert found == {
        "VisibilityTimeout": "7",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:plain",
        "ApproximateNumberOfMessages": "1",
        "ApproximateNumberOfMessagesNotVisible": "1",
    }
    sqs.purge_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress):
        sqs.purge_queue(QueueUrl=url)
    clock.advance(60)
    assert receive(sqs, url) == []
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="plain")
    with pytest.raises(sqs.exceptions.QueueDeletedRecently):
        sqs.create_queue(QueueName="plain")
    clock.advance(60)
    assert sqs.create_queue(QueueName="plain")["QueueUrl"] == url


def test_errors_carry_the_code_older_clients_know(sqs):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as error:
        sqs.send_message(QueueUrl="https://sqs/1/none", MessageBody="x")
    assert error.value.response["Error"]["QueryErrorCode"] == "QueueDoesNotExist"
    assert error.value.response["Error"]["Type"] == "Sender"
