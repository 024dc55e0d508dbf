"""Lambda's side of a queue: what a handler gets, and what becomes of what it did not handle."""

import time

import boto3
import pytest

from sandbox.clock import START, SandboxClock
from sandbox.deliverer import Deliverer, Mapping, NotIdle
from sandbox.faults import Action, Killed
from sandbox.in_process import in_process
from sandbox.scheduler import Scheduler
from sandbox.sqs import SqsEmulator
from sandbox.wire import Router

FIFO = {"FifoQueue": "true", "VisibilityTimeout": "30"}


@pytest.fixture
def sqs():
    sqs = SqsEmulator(SandboxClock())
    sqs.create_queue({"QueueName": "inbound.fifo", "Attributes": FIFO})
    sqs.create_queue({"QueueName": "events"})
    return sqs


@pytest.fixture
def router(sqs):
    router = Router(sqs.clock)
    router.add(sqs)
    return router


@pytest.fixture
def scheduler(router):
    return Scheduler(router.clock, router.lock)


@pytest.fixture
def deliverer(router, scheduler, sqs):
    return Deliverer(router, scheduler, sqs)


def send(sqs, body, group="ana", queue="inbound.fifo", **more):
    ids = {"MessageGroupId": group, "MessageDeduplicationId": body} if group else {}
    sqs.send(queue, {"MessageBody": body, **ids, **more})


def bodies(event):
    return [record["body"] for record in event["Records"]]


def keep(seen, answer=None):
    """A handler that notes what it got and answers `answer(event)`."""

    def handler(event, context):
        seen.append(bodies(event))
        return answer(event) if answer else None

    return handler


def reporting(*texts):
    """The partial failure answer for the records with these bodies."""

    def answer(event):
        failed = [r["messageId"] for r in event["Records"] if r["body"] in texts]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return answer


def mapping(handler, queue="inbound.fifo", **more):
    return Mapping(queue=queue, handler=handler, function_name="puente-inbound", **more)


def left(sqs, queue="inbound.fifo"):
    return [message.body for message in sqs.queues[queue].messages.values()]


def test_the_event_is_the_one_lambda_builds(deliverer, sqs):
    events = []
    deliverer.map(mapping(lambda event, context: events.append(event)))
    attributes = {
        "kind": {"DataType": "String", "StringValue": "text"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    send(sqs, "hola", MessageAttributes=attributes)
    assert deliverer.step()
    (record,) = events[0]["Records"]
    assert record["body"] == "hola"
    assert record["md5OfBody"] == "4d186321c1a7f0f354b297e8914ab240"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:inbound.fifo"
    assert record["awsRegion"] == "us-east-1"
    assert record["messageId"]
    assert record["receiptHandle"]
    millis = str(int(START.timestamp() * 1000))
    assert record["attributes"].items() >= {
        ("ApproximateReceiveCount", "1"),
        ("SentTimestamp", millis),
        ("ApproximateFirstReceiveTimestamp", millis),
        ("MessageGroupId", "ana"),
        ("MessageDeduplicationId", "hola"),
    }
    assert {"SequenceNumber", "SenderId"} <= record["attributes"].keys()
    assert record["messageAttributes"]["kind"] == {
        "stringValue": "text",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["messageAttributes"]["raw"]["binaryValue"] == "AQ=="
    assert len(record["md5OfMessageAttributes"]) == 32


def test_the_context_tells_who_runs_and_how_long_it_may(deliverer, sqs, router):
    told = []

    def handler(event, context):
        told.append(context.get_remaining_time_in_millis())
        router.clock.advance(5)
        told.append(context.get_remaining_time_in_millis())
        told.append(context)

    deliverer.map(mapping(handler, timeout_s=20))
    send(sqs, "x")
    deliverer.step()
    assert 15_000 < told[0] <= 20_000
    assert 0 < told[1] <= 15_000
    assert told[2].function_name == "puente-inbound"
    assert told[2].invoked_function_arn.endswith(":function:puente-inbound")
    assert told[2].aws_request_id


def test_what_succeeds_is_deleted_and_not_counted_as_our_calls(deliverer, sqs, router):
    seen = []
    deliverer.map(mapping(keep(seen)))
    send(sqs, "a")
    send(sqs, "b", group="ben")
    assert deliverer.run_until_idle() == 1
    assert seen == [["a", "b"]]
    assert left(sqs) == []
    assert router.count() == 0
    assert deliverer.deliveries[0].outcome == "ok"


def test_reported_failures_come_back_after_the_visibility_timeout(deliverer, sqs):
    seen = []
    deliverer.map(mapping(keep(seen, reporting("b", "c"))))
    for body in ("a", "b", "c"):
        send(sqs, body)
    deliverer.run_until_idle()
    assert left(sqs) == ["b", "c"]
    assert deliverer.deliveries[0].outcome == "partial"
    assert len(deliverer.deliveries[0].failed) == 2
    deliverer.run_for(29)
    assert seen == [["a", "b", "c"]]
    deliverer.run_for(1)
    assert seen[1:] == [["b", "c"]]


def test_without_the_setting_a_reported_failure_is_a_lost_message(deliverer, sqs):
    """As in AWS: ReportBatchItemFailures missing from the mapping."""
    deliverer.map(mapping(keep([], reporting("a")), report_batch_item_failures=False))
    send(sqs, "a")
    deliverer.run_until_idle()
    assert left(sqs) == []


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (None, 0),
        ({}, 0),
        ({"batchItemFailures": []}, 0),
        ({"batchItemFailures": None}, 0),
        ({"something": "else"}, 0),
        ("a sentence", 2),
        ({"batchItemFailures": "all"}, 2),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 2),
        ({"batchItemFailures": [{"wrongKey": "x"}]}, 2),
        ({"batchItemFailures": ["x"]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "never received"}]}, 2),
        ({"unreadable": {1, 2}}, 2),
    ],
)
def test_answers_lambda_cannot_read_fail_the_whole_batch(deliverer, sqs, answer, kept):
    deliverer.map(mapping(lambda event, context: answer))
    send(sqs, "a")
    send(sqs, "b")
    deliverer.step()
    assert len(left(sqs)) == kept


def test_an_exception_fails_the_whole_batch(deliverer, sqs):
    def handler(event, context):
        raise RuntimeError("broken")

    deliverer.map(mapping(handler))
    send(sqs, "a")
    deliverer.run_until_idle()
    assert left(sqs) == ["a"]
    assert deliverer.deliveries[0].outcome == "RuntimeError"
    deliverer.raise_errors = True
    with pytest.raises(RuntimeError, match="broken"):
        deliverer.run_for(30)


def test_a_crash_deletes_nothing_and_the_message_comes_again(deliverer, sqs, router):
    attempts = []

    def handler(event, context):
        attempts.append(bodies(event))
        boto3.client("sqs").list_queues()

    deliverer.map(mapping(handler))
    send(sqs, "a")
    router.faults.on("sqs", "ListQueues", Action.KILL_AFTER)
    router.faults.arm()
    with in_process(router):
        deliverer.run_until_idle()
        assert deliverer.deliveries[0].outcome == "killed"
        assert left(sqs) == ["a"]
        deliverer.run_for(30)
    assert attempts == [["a"], ["a"]]
    assert left(sqs) == []


def test_a_handler_that_raises_killed_itself_is_a_crash(deliverer, sqs):
    def handler(event, context):
        raise Killed("power cut")

    deliverer.map(mapping(handler))
    send(sqs, "a")
    deliverer.step()
    assert (deliverer.deliveries[0].outcome, left(sqs)) == ("killed", ["a"])


def test_a_handler_over_its_time_counts_as_ended_by_lambda(deliverer, sqs):
    deliverer.map(mapping(lambda event, context: time.sleep(0.02), timeout_s=0.01))
    send(sqs, "a")
    deliverer.step()
    assert (deliverer.deliveries[0].outcome, left(sqs)) == ("timed out", ["a"])


def test_a_shorter_visibility_set_by_the_handler_brings_the_message_back_sooner(
    deliverer, sqs, router
):
    seen = []

    def handler(event, context):
        seen.append(router.clock.now())
        if len(seen) > 1:
            return None
        client, url = boto3.client("sqs"), sqs.url("inbound.fifo")
        for record in event["Records"]:
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=4
            )
        return reporting("a")(event)

    deliverer.map(mapping(handler))
    send(sqs, "a")
    with in_process(router):
        deliverer.run_for(30)
    assert [(moment - START).total_seconds() for moment in seen] == [0, 4]


def test_a_message_whose_visibility_ran_out_during_the_work_comes_again(deliverer, sqs, router):
    seen = []

    def handler(event, context):
        seen.append(bodies(event))
        if len(seen) == 1:
            router.clock.advance(30)

    deliverer.map(mapping(handler, timeout_s=60))
    send(sqs, "a")
    deliverer.run_until_idle()
    assert seen == [["a"], ["a"]]
    assert left(sqs) == []


def test_queues_take_turns(deliverer, sqs):
    seen = []
    deliverer.map(mapping(keep(seen), batch_size=1))
    deliverer.map(mapping(keep(seen), queue="events", batch_size=1))
    for body in ("i1", "i2"):
        send(sqs, body, group=body)
    for body in ("e1", "e2"):
        send(sqs, body, group=None, queue="events")
    deliverer.run_until_idle()
    assert seen == [["i1"], ["e1"], ["i2"], ["e2"]]
    assert not deliverer.step()


def test_a_batch_is_no_larger_than_what_one_invocation_may_carry(deliverer, sqs):
    seen = []
    deliverer.map(mapping(keep(seen), queue="events", batch_size=10))
    for letter in "abcdefgh":
        send(sqs, letter * 1_000_000, group=None, queue="events")
    deliverer.run_until_idle()
    assert [len(batch) for batch in seen] == [6, 2]


def test_jobs_and_messages_happen_in_the_order_of_the_clock(deliverer, sqs, scheduler, router):
    story = []

    def handler(event, context):
        story.append((bodies(event)[0], (router.clock.now() - START).total_seconds()))

    deliverer.map(mapping(handler, queue="events"))
    scheduler.after(5, lambda: send(sqs, "five", group=None, queue="events"))
    send(sqs, "three", group=None, queue="events", DelaySeconds=3)
    assert (deliverer.next_event_at() - START).total_seconds() == 3
    assert deliverer.run_for(60) == len(["three", "the job", "five"])
    assert story == [("three", 3), ("five", 5)]
    assert (router.clock.now() - START).total_seconds() == 60
    assert deliverer.next_event_at() is None


def test_work_that_never_ends_is_reported(deliverer, sqs):
    sqs.set_queue_attributes(
        {"QueueUrl": sqs.url("inbound.fifo"), "Attributes": {"VisibilityTimeout": "0"}}
    )
    deliverer.map(mapping(keep([], reporting("a"))))
    send(sqs, "a")
    with pytest.raises(NotIdle, match="after 5 steps"):
        deliverer.run_until_idle(max_steps=5)


def test_retries_without_end_are_reported_while_time_passes(deliverer, sqs):
    deliverer.map(mapping(keep([], reporting("a"))))
    send(sqs, "a")
    with pytest.raises(NotIdle):
        deliverer.run_for(3600, max_steps=10)


def test_a_batch_size_lambda_refuses_is_refused(deliverer):
    with pytest.raises(ValueError, match="1 to 10"):
        deliverer.map(mapping(keep([]), batch_size=11))
