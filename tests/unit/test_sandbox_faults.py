"""Faults strike exactly where they were planned, and a dead process does nothing more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from sandbox.clock import START, SandboxClock
from sandbox.faults import Action, FaultPlan, Killed
from sandbox.in_process import in_process
from sandbox.sqs import SqsEmulator
from sandbox.wire import Emulator, HttpResponse, Router

ONCE = Config(retries={"total_max_attempts": 1})
INSTANCE = "11111111-1111-1111-1111-111111111111"


def outcomes(plan, calls):
    """What a plan decides for (service, operation) pairs, one second apart."""
    return [
        plan.decide(service, operation, START + timedelta(seconds=second))
        for second, (service, operation) in enumerate(calls)
    ]


def test_nothing_fails_and_nothing_is_counted_before_the_plan_is_armed():
    plan = FaultPlan()
    plan.at(0, Action.THROTTLE)
    assert outcomes(plan, [("sqs", "SendMessage")] * 3) == [Action.OK] * 3
    assert plan.calls() == 0
    plan.arm()
    assert outcomes(plan, [("sqs", "SendMessage")] * 2) == [Action.THROTTLE, Action.OK]
    assert plan.calls() == 2
    plan.arm()
    assert outcomes(plan, [("sqs", "SendMessage")]) == [Action.THROTTLE]
    plan.clear()
    assert outcomes(plan, [("sqs", "SendMessage")]) == [Action.OK]


def test_the_nth_call_of_one_operation_fails():
    plan = FaultPlan()
    plan.on("s3", "PutObject", Action.SERVER_ERROR, nth=2)
    plan.on("sns", "Publish", Action.ACCESS_DENIED, nth=None)
    plan.arm()
    calls = [("s3", "PutObject"), ("sns", "Publish"), ("s3", "PutObject"), ("s3", "PutObject")]
    assert outcomes(plan, calls) == ["ok", "access_denied", "server_error", "ok"]


def test_a_predicate_may_strike_a_limited_number_of_times():
    plan = FaultPlan()
    plan.when(lambda call: call.service == "s3", Action.THROTTLE, times=1)
    plan.when(lambda call: call.operation == "GetItem", Action.SERVER_ERROR)
    plan.arm()
    calls = [("s3", "GetObject"), ("s3", "GetObject"), ("dynamodb", "GetItem")]
    assert outcomes(plan, calls) == ["throttle", "ok", "server_error"]


def test_an_outage_begins_and_ends_on_the_clock():
    plan = FaultPlan()
    plan.outage("s3", START + timedelta(seconds=1), START + timedelta(seconds=3))
    plan.arm()
    assert outcomes(plan, [("s3", "GetObject")] * 4) == [
        "ok",
        "server_error",
        "server_error",
        "ok",
    ]


def test_chance_repeats_with_its_seed():
    def run(seed):
        plan = FaultPlan()
        plan.randomly(seed, {Action.THROTTLE: 0.3, Action.KILL_AFTER: 0.1})
        plan.arm()
        return outcomes(plan, [("s3", "GetObject")] * 200)

    assert run(1) == run(1) != run(2)
    assert {"throttle", "kill_after", "ok"} == set(run(1))


@pytest.fixture
def sqs_service():
    return SqsEmulator(SandboxClock())


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def box(sqs_service, desk):
    router = Router(sqs_service.clock)
    router.add(sqs_service, desk)
    with in_process(router) as box:
        yield box


class Desk(Emulator):
    """A contact center that only opens chats, and counts them."""

    service = "connect"

    def __init__(self):
        self.opened = 0

    def start_chat_contact(self, params):
        self.opened += 1
        return {"ContactId": str(self.opened)}


@pytest.fixture
def queue(box):
    return boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]


@pytest.fixture
def stored(queue, sqs_service):
    """How many messages the queue holds."""
    return lambda: len(sqs_service.queues["q"].messages)


def test_a_crash_before_a_call_leaves_nothing_and_one_after_leaves_the_effect(box, queue, stored):
    sqs = boto3.client("sqs")
    box.router.faults.at(0, Action.KILL_BEFORE)
    box.router.faults.at(1, Action.KILL_AFTER)
    box.router.faults.arm()
    for left in (0, 1):
        with pytest.raises(Killed):
            sqs.send_message(QueueUrl=queue, MessageBody="x")
        assert stored() == left
    assert [call.outcome for call in box.router.calls[-2:]] == ["kill_before", "kill_after"]


def test_a_dead_process_calls_nobody_whatever_it_catches(box, queue, stored):
    """A product that swallowed the crash, or runs on in another thread, still has no effect."""
    sqs = boto3.client("sqs")
    box.router.faults.at(0, Action.KILL_AFTER)
    box.router.faults.arm()

    def handler():
        with ThreadPoolExecutor(1) as pool:
            dead = pool.submit(sqs.send_message, QueueUrl=queue, MessageBody="first")
            assert isinstance(dead.exception(), Killed)
        sqs.send_message(QueueUrl=queue, MessageBody="second")

    with pytest.raises(Killed), box.router.faults.process("inbound"):
        handler()
    assert stored() == 1
    sqs.send_message(QueueUrl=queue, MessageBody="the next process lives")
    assert stored() == 2


def test_what_a_slow_service_does_after_its_client_gave_up_is_done_all_the_same(box, queue, stored):
    sqs, began = boto3.client("sqs", config=ONCE), box.router.clock.now()
    box.router.faults.slow("sqs", ["SendMessage"], 5, times=1)
    box.router.faults.slow("sqs", ["SendMessage"], 12, times=1)
    box.router.faults.arm()
    sqs.send_message(QueueUrl=queue, MessageBody="waited for")
    assert box.router.clock.now() - began == timedelta(seconds=5)
    with pytest.raises(ReadTimeoutError):
        sqs.send_message(QueueUrl=queue, MessageBody="not waited for")
    assert stored() == 1
    box.router.clock.advance(4)
    sqs.list_queues()
    assert stored() == 2


def test_a_process_is_over_when_its_time_is(box, queue, stored):
    ends_at = box.router.clock.now() + timedelta(seconds=3)
    box.router.faults.slow("sqs", ["SendMessage"], 5, times=1)
    box.router.faults.arm()
    with pytest.raises(Killed), box.router.faults.process("inbound", ends_at):
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    assert box.router.clock.now() == ends_at
    assert stored() == 0
    box.router.clock.advance(2)
    boto3.client("sqs").list_queues()
    assert stored() == 1


def test_a_process_killed_over_plain_http_sees_a_broken_connection_and_dies(box):
    box.server.mount("/files/", lambda request: HttpResponse(body=b"kept"), name="files")
    box.router.faults.on("http:files", "PUT /files/", Action.KILL_AFTER)
    box.router.faults.arm()
    with (
        pytest.raises(Killed, match="inbound died"),
        box.router.faults.process("inbound"),
        pytest.raises(urllib3.exceptions.HTTPError),
    ):
        urllib3.request("PUT", f"{box.url}/files/a", body=b"x", retries=False)
    assert box.router.calls[-1].outcome == "kill_after"


def test_a_process_inside_a_process_dies_alone(box, queue):
    """A killed flow Lambda does not take the caller of Connect with it."""
    faults = box.router.faults
    faults.at(0, Action.KILL_BEFORE)
    faults.arm()
    with faults.process("inbound") as outer:
        with pytest.raises(Killed), faults.process("flow-lambda"):
            boto3.client("sqs").list_queues()
        assert not outer.dead
        boto3.client("sqs").list_queues()


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (Action.THROTTLE, ("LimitExceededException", 429)),
        (Action.SERVER_ERROR, ("InternalServiceException", 500)),
        (Action.VALIDATION, ("InvalidParameterException", 400)),
        (Action.ACCESS_DENIED, ("AccessDeniedException", 403)),
    ],
)
def test_connect_refuses_in_its_own_words_and_opens_nothing(box, desk, action, refusal):
    box.router.faults.when(lambda call: True, action)
    box.router.faults.arm()
    with pytest.raises(ClientError) as error:
        boto3.client("connect", config=ONCE).start_chat_contact(
            InstanceId=INSTANCE, ContactFlowId="f", ParticipantDetails={"DisplayName": "n"}
        )
    assert (code(error), status(error)) == refusal
    assert desk.opened == 0


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (Action.THROTTLE, ("RequestThrottled", 400)),
        (Action.VALIDATION, ("InvalidParameterValue", 400)),
    ],
)
def test_sqs_refuses_in_its_own_words(box, action, refusal):
    box.router.faults.when(lambda call: True, action)
    box.router.faults.arm()
    with pytest.raises(ClientError) as error:
        boto3.client("sqs", config=ONCE).create_queue(QueueName="q")
    assert (code(error), status(error)) == refusal


def code(error):
    return error.value.response["Error"]["Code"]


def status(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_plain_http_is_throttled_with_429(box):
    box.server.mount("/v1/", lambda request: HttpResponse(body=b"{}"), name="openai")
    box.router.faults.on("http:openai", "POST /v1/", Action.THROTTLE)
    box.router.faults.arm()
    answer = urllib3.request("POST", f"{box.url}/v1/responses", body=b"{}")
    assert answer.status == 429
    assert answer.json()["error"]["code"] == "throttle"


def test_processes_of_other_threads_do_not_end_this_one():
    plan, seen = FaultPlan(), []

    def run():
        with plan.process("b"):
            seen.append(plan.decide("s3", "GetObject", START))

    with plan.process("a"):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert plan.decide("s3", "GetObject", START) == Action.OK
    assert seen == [Action.OK]
