"""One process, all of AWS, no network: boto3 and pynamodb as the product uses them."""

import io
import os
import threading

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import GetError
from pynamodb.models import Model

from sandbox.clock import START, SandboxClock
from sandbox.faults import Action
from sandbox.in_process import NoNetwork, in_process
from sandbox.sqs import SqsEmulator
from sandbox.wire import HttpResponse, Router

ONCE = Config(retries={"total_max_attempts": 1})


class Note(Model):
    """A table as the product defines its own."""

    class Meta:
        table_name = "sandbox-notes"
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    name = UnicodeAttribute(hash_key=True)


@pytest.fixture
def router():
    clock = SandboxClock()
    router = Router(clock)
    router.add(SqsEmulator(clock))
    return router


@pytest.fixture
def box(router):
    with in_process(router) as box:
        yield box


def test_pynamodb_is_caught_although_it_opens_its_own_session(box):
    Note.create_table(wait=True)
    Note("a").save()
    assert Note.get("a").name == "a"
    assert box.router.operations()["dynamodb.PutItem"] == 1


def test_tables_start_empty_in_every_sandbox(router):
    with in_process(router):
        Note.create_table(wait=True)
        Note("a").save()
    with in_process(router):
        assert not Note.exists()


def test_files_are_kept_and_presigned_addresses_work_over_plain_http(box):
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="media")
    s3.upload_fileobj(io.BytesIO(b"sound"), "media", "in/voz é.ogg")
    where = {"Bucket": "media", "Key": "in/voz é.ogg"}
    assert s3.get_object(**where)["Body"].read() == b"sound"
    url = s3.generate_presigned_url("get_object", Params=where)
    assert url.startswith(box.url)
    assert urllib3.request("GET", url).data == b"sound"
    assert box.router.operations()["http:s3.GET presigned"] == 1


def test_an_error_of_moto_is_logged_with_its_code(box):
    s3 = boto3.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="nowhere")
    assert box.router.calls[-1].outcome == "NoSuchBucket"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        boto3.client("secretsmanager").get_secret_value(SecretId="nothing")
    assert box.router.calls[-1].outcome == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket="nowhere")
    assert box.router.calls[-1].outcome == "404"


def test_a_service_nobody_plays_is_refused_and_never_asked(box):
    with pytest.raises(NoNetwork, match=r"lambda\.ListFunctions"):
        boto3.client("lambda").list_functions()


def test_a_client_from_before_is_refused_instead_of_reaching_the_network(router):
    session = boto3.Session("key", "secret", region_name="us-east-1")
    early = session.client("sqs", config=ONCE)
    with in_process(router), pytest.raises(NoNetwork, match="created before"):
        early.list_queues()


def test_a_client_from_inside_is_refused_once_the_sandbox_is_gone(router):
    with in_process(router):
        client = boto3.client("sqs", config=ONCE)
    with pytest.raises(NoNetwork):
        client.list_queues()


def test_a_client_from_inside_works_in_the_next_sandbox(router):
    with in_process(router):
        client = boto3.client("sqs")
    with in_process(router):
        assert "QueueUrls" not in client.list_queues()


def test_everything_is_put_back_when_it_ends(router, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    handlers = list(BUILTIN_HANDLERS)
    with in_process(router):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_REGION"] == "us-east-1"
    assert handlers == list(BUILTIN_HANDLERS)
    assert os.environ["AWS_PROFILE"] == "mine"
    assert "AWS_ENDPOINT_URL_S3" not in os.environ


def test_only_one_sandbox_at_a_time(router, box):
    with pytest.raises(RuntimeError, match="already active"), in_process(router):
        pytest.fail("a second sandbox opened")


def test_a_lost_answer_is_the_clients_own_time_out_and_needs_no_waiting(box):
    sqs = boto3.client("sqs", config=ONCE)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    faults = box.router.faults
    faults.on("sqs", "SendMessage", Action.TIMEOUT_AFTER, nth=1)
    faults.on("sqs", "SendMessage", Action.TIMEOUT_BEFORE, nth=2)
    faults.on("sqs", "SendMessage", Action.CONNECT_TIMEOUT, nth=3)
    faults.arm()
    for error in (ReadTimeoutError, ReadTimeoutError, ConnectTimeoutError):
        with pytest.raises(error):
            sqs.send_message(QueueUrl=url, MessageBody="x")
    outcomes = [call.outcome for call in box.router.calls[-3:]]
    assert outcomes == ["timeout_after", "timeout_before", "connect_timeout"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"


def test_sdk_retries_take_sandbox_time_and_are_counted(box):
    sqs = boto3.client("sqs")
    box.router.faults.on("sqs", "ListQueues", Action.SERVER_ERROR, nth=1)
    box.router.faults.arm()
    sqs.list_queues()
    assert [call.outcome for call in box.router.calls] == ["InternalFailure", "ok"]
    assert (box.router.clock.now() - START).total_seconds() == 1


def test_throttles_use_each_services_own_word(box):
    Note.create_table(wait=True)
    s3 = boto3.client("s3", config=ONCE)
    box.router.faults.when(lambda call: True, Action.THROTTLE)
    box.router.faults.arm()
    with pytest.raises(GetError, match="ThrottlingException"):
        Note.get("a")
    with pytest.raises(ClientError, match="SlowDown") as refused:
        s3.list_buckets()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    with pytest.raises(ClientError, match="ThrottlingException"):
        boto3.client("sns", config=ONCE).get_topic_attributes(TopicArn="arn:aws:sns:x")


def test_calls_from_several_threads_are_all_answered(box):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]

    def send():
        for _ in range(10):
            sqs.send_message(QueueUrl=url, MessageBody="x")

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.router.operations()["sqs.SendMessage"] == 40


def test_a_call_made_over_plain_http_from_inside_a_call_does_not_wait_for_it(box):
    """A flow Lambda runs inside a Connect call and asks the loopback server for something."""
    box.server.mount("/side/", lambda request: HttpResponse(body=b"answered"))
    answers = []

    def lambda_like(record):
        if record.service == "sqs":
            answers.append(requests.get(f"{box.url}/side/x", timeout=5).content)

    box.router.after_call.append(lambda_like)
    with box.router.lock, box.router.lock.released():
        boto3.client("sqs").list_queues()
    assert answers == [b"answered"]
