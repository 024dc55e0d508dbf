"""A customer's messages keep their order, repeats are swallowed, dead letters can be redriven."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clock import SandboxClock
from sandbox.in_process import in_process
from sandbox.sqs import SqsEmulator
from sandbox.wire import Router

ARNS = "arn:aws:sqs:us-east-1:123456789012:"


@pytest.fixture
def clock():
    return SandboxClock()


@pytest.fixture
def sqs(clock):
    router = Router(clock)
    router.add(SqsEmulator(clock))
    with in_process(router):
        yield boto3.client("sqs")


@pytest.fixture
def line(sqs):
    return sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


@pytest.fixture
def dead(sqs):
    """A FIFO dead-letter queue and a FIFO queue that uses it after two receives."""
    fifo = {"FifoQueue": "true"}
    dead = sqs.create_queue(QueueName="line-dlq.fifo", Attributes=fifo)["QueueUrl"]
    policy = {"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 2}
    sqs.create_queue(QueueName="work.fifo", Attributes=fifo | {"RedrivePolicy": json.dumps(policy)})
    return dead


def arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]


def send(sqs, url, text, group="ana", dedup=None):
    return sqs.send_message(
        QueueUrl=url, MessageBody=text, MessageGroupId=group, MessageDeduplicationId=dedup or text
    )


def receive(sqs, url, count=10, **more):
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=count, AttributeNames=["All"], **more
    )
    return answer.get("Messages", [])


def texts(messages):
    return [message["Body"] for message in messages]


def drop(sqs, url, message):
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_order_survives_redelivery(sqs, line, clock):
    for text in ("m1", "m2", "m3", "m4"):
        send(sqs, line, text)
    assert texts(receive(sqs, line, 3)) == ["m1", "m2", "m3"]
    assert receive(sqs, line) == []
    for _ in range(3):
        clock.advance(30)
        assert texts(receive(sqs, line)) == ["m1", "m2", "m3", "m4"]


def test_a_batch_may_hold_several_customers_and_a_busy_one_waits_alone(sqs, line, clock):
    for text, group in (("a1", "ana"), ("b1", "ben"), ("a2", "ana")):
        send(sqs, line, text, group)
    (a1,) = receive(sqs, line, 1)
    assert texts(receive(sqs, line)) == ["b1"]
    drop(sqs, line, a1)
    assert texts(receive(sqs, line)) == ["a2"]


def test_a_group_waits_while_any_of_its_messages_is_worked_on(sqs, line, clock):
    for text in ("m1", "m2"):
        send(sqs, line, text)
    m1, _m2 = receive(sqs, line)
    sqs.change_message_visibility(
        QueueUrl=line, ReceiptHandle=m1["ReceiptHandle"], VisibilityTimeout=0
    )
    assert receive(sqs, line) == []
    clock.advance(30)
    assert texts(receive(sqs, line)) == ["m1", "m2"]


def test_sequence_numbers_rise_and_the_group_is_told(sqs, line):
    sent = [send(sqs, line, text)["SequenceNumber"] for text in ("m1", "m2")]
    received = receive(sqs, line)
    assert [message["Attributes"]["SequenceNumber"] for message in received] == sent
    assert sent == sorted(sent)
    assert len(sent[0]) == 20
    assert received[0]["Attributes"]["MessageGroupId"] == "ana"
    assert received[0]["Attributes"]["MessageDeduplicationId"] == "m1"


def test_a_repeat_is_swallowed_for_five_minutes_even_after_deletion(sqs, line, clock):
    first = send(sqs, line, "m1", dedup="d")
    (message,) = receive(sqs, line)
    drop(sqs, line, message)
    clock.advance(299)
    assert send(sqs, line, "m1", dedup="d")["MessageId"] == first["MessageId"]
    assert receive(sqs, line) == []
    clock.advance(1)
    send(sqs, line, "m1", dedup="d")
    assert texts(receive(sqs, line)) == ["m1"]


def test_repeats_can_be_told_by_content_or_inside_a_group_only(sqs):
    attributes = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    }
    url = sqs.create_queue(QueueName="c.fifo", Attributes=attributes)["QueueUrl"]
    for group in ("ana", "ana", "ben"):
        sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId=group)
    groups = [message["Attributes"]["MessageGroupId"] for message in receive(sqs, url)]
    assert groups == ["ana", "ben"]


def test_a_fifo_message_cannot_be_deleted_after_its_visibility_ran_out(sqs, line, clock):
    send(sqs, line, "m1")
    (message,) = receive(sqs, line)
    clock.advance(30)
    with pytest.raises(ClientError, match="has expired"):
        drop(sqs, line, message)
    (message,) = receive(sqs, line)
    drop(sqs, line, message)


def test_a_standard_queue_takes_group_ids_without_making_anyone_wait(sqs):
    url = sqs.create_queue(QueueName="fair")["QueueUrl"]
    for text in ("a", "b"):
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId="tenant")
    assert len(receive(sqs, url, 1)) == len(receive(sqs, url, 1)) == 1


def spend(sqs, clock, url, times=2):
    """Receive without deleting, as a failing consumer does."""
    for _ in range(times):
        receive(sqs, url)
        clock.advance(30)


def test_a_message_nobody_can_handle_moves_aside_and_the_next_goes_on(sqs, dead, clock):
    work = sqs.get_queue_url(QueueName="work.fifo")["QueueUrl"]
    sent = send(sqs, work, "killer")
    spend(sqs, clock, work)
    send(sqs, work, "next")
    assert texts(receive(sqs, work)) == ["next"]
    (moved,) = receive(sqs, dead)
    assert moved["MessageId"] == sent["MessageId"]
    assert moved["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, work)
    assert moved["Attributes"]["ApproximateReceiveCount"] == "1"
    assert moved["Attributes"]["MessageGroupId"] == "ana"


def test_without_its_dead_letter_queue_a_message_stays(sqs, dead, clock):
    work = sqs.get_queue_url(QueueName="work.fifo")["QueueUrl"]
    sqs.delete_queue(QueueUrl=dead)
    send(sqs, work, "m1")
    spend(sqs, clock, work, 5)
    assert texts(receive(sqs, work)) == ["m1"]


def test_dead_letters_go_back_to_where_they_came_from(sqs, dead, clock):
    work = sqs.get_queue_url(QueueName="work.fifo")["QueueUrl"]
    sent = send(sqs, work, "again")
    spend(sqs, clock, work)
    receive(sqs, work)
    started = sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    (message,) = receive(sqs, work)
    assert message["Body"] == "again"
    assert message["MessageId"] != sent["MessageId"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    (task,) = sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    with pytest.raises(sqs.exceptions.ResourceNotFoundException):
        sqs.cancel_message_move_task(TaskHandle=started["TaskHandle"])


def test_a_slow_move_goes_on_with_the_clock_and_can_be_stopped(sqs, dead, line, clock):
    for number in range(5):
        send(sqs, dead, f"m{number}", group=f"g{number}")
    task = sqs.start_message_move_task(
        SourceArn=arn(sqs, dead), DestinationArn=arn(sqs, line), MaxNumberOfMessagesPerSecond=1
    )
    with pytest.raises(sqs.exceptions.UnsupportedOperation):
        sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    clock.advance(2)
    assert texts(receive(sqs, line)) == ["m0", "m1"]
    (running,) = sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"]
    assert running["Status"] == "RUNNING"
    assert running["TaskHandle"] == task["TaskHandle"]
    cancelled = sqs.cancel_message_move_task(TaskHandle=task["TaskHandle"])
    assert cancelled["ApproximateNumberOfMessagesMoved"] == 2
    clock.advance(10)
    assert receive(sqs, line) == []
    (stopped,) = sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"]
    assert stopped["Status"] == "CANCELLED"


def test_messages_that_came_from_nowhere_stay_in_the_dead_letter_queue(sqs, dead):
    send(sqs, dead, "put-here-by-hand")
    sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    (task,) = sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"]
    assert task["ApproximateNumberOfMessagesMoved"] == 0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"SourceArn": f"{ARNS}line.fifo"}, "InvalidParameterValue"),
        ({"SourceArn": f"{ARNS}none.fifo"}, "ResourceNotFoundException"),
        (
            {"SourceArn": f"{ARNS}line-dlq.fifo", "MaxNumberOfMessagesPerSecond": 501},
            "InvalidParameterValue",
        ),
        (
            {"SourceArn": f"{ARNS}line-dlq.fifo", "DestinationArn": f"{ARNS}none.fifo"},
            "ResourceNotFoundException",
        ),
    ],
)
def test_moves_that_sqs_refuses(sqs, dead, line, params, code):
    with pytest.raises(ClientError) as error:
        sqs.start_message_move_task(**params)
    assert error.value.response["Error"]["Code"] == code
