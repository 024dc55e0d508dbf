"""AWS on one local port, for other processes: real clients by their endpoint address."""

import socket
import subprocess
import sys

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.clock import SandboxClock
from sandbox.faults import Action
from sandbox.moto_services import MotoServices
from sandbox.server import HOST, PortTaken, SandboxServer
from sandbox.sqs import SqsEmulator
from sandbox.wire import AwsError, Emulator, HttpResponse, Router

PHONE = "phone-number-id-0123456789abcdef0123456789abcdef"
ONCE = Config(retries={"total_max_attempts": 1}, signature_version="s3v4")


class Center(Emulator):
    """A contact center that says who asked for what."""

    service = "connect"

    def describe_contact(self, params):
        if params["ContactId"] == "gone":
            raise AwsError("ResourceNotFoundException", "no such contact")
        return {"Contact": {"Id": params["ContactId"]}}


class Chat(Emulator):
    service = "connectparticipant"

    def send_message(self, params):
        return {"Id": params["ConnectionToken"]}


class Business(Emulator):
    service = "socialmessaging"

    def send_whatsapp_message(self, params):
        return {"messageId": f"wamid.{len(params['message'])}"}


@pytest.fixture
def queues():
    return SqsEmulator(SandboxClock.real())


@pytest.fixture
def served(queues):
    router = Router(queues.clock)
    router.add(Center(), Chat(), Business(), queues)
    router.fallback = MotoServices()
    router.fallback.reset()
    with SandboxServer(router, port=0) as server:
        yield server
    router.fallback.reset()


def client(served, service):
    session = boto3.Session("key", "secret", region_name="us-east-1")
    return session.client(service, endpoint_url=served.url, config=ONCE)


def test_all_services_share_one_port(served):
    connect = client(served, "connect")
    assert connect.describe_contact(InstanceId="i", ContactId="a/b")["Contact"]["Id"] == "a/b"
    chat = client(served, "connectparticipant")
    sent = chat.send_message(ConnectionToken="t", ContentType="text/plain", Content="x")
    assert sent["Id"] == "t"
    eum = client(served, "socialmessaging")
    message = {"originationPhoneNumberId": PHONE, "message": b"1234", "metaApiVersion": "v20.0"}
    assert eum.send_whatsapp_message(**message)["messageId"] == "wamid.4"
    sqs = client(served, "sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert sqs.send_message(QueueUrl=url, MessageBody="hola")["MessageId"]
    with pytest.raises(connect.exceptions.ResourceNotFoundException):
        connect.describe_contact(InstanceId="i", ContactId="gone")
    names = [f"{call.service}.{call.operation}" for call in served.router.calls]
    assert names[:3] == [
        "connect.DescribeContact",
        "connectparticipant.SendMessage",
        "socialmessaging.SendWhatsAppMessage",
    ]


def test_moto_answers_the_rest_on_the_same_port(served):
    dynamodb = client(served, "dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="t", Item={"k": {"S": "a"}})
    assert dynamodb.get_item(TableName="t", Key={"k": {"S": "a"}})["Item"] == {"k": {"S": "a"}}
    client(served, "secretsmanager").create_secret(Name="s", SecretString="x")
    assert client(served, "sns").list_topics()["Topics"] == []
    operations = served.router.operations()
    assert operations["dynamodb.GetItem"] == operations["sns.ListTopics"] == 1


def test_files_go_in_and_out_by_client_and_by_presigned_address(served):
    s3 = client(served, "s3")
    s3.create_bucket(Bucket="media")
    s3.put_object(Bucket="media", Key="a b", Body=b"12345")
    assert s3.head_object(Bucket="media", Key="a b")["ContentLength"] == 5
    assert s3.get_object(Bucket="media", Key="a b")["Body"].read() == b"12345"
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "media", "Key": "up"})
    assert urllib3.request("PUT", url, body=iter([b"chu", b"nked"])).status == 200
    assert s3.get_object(Bucket="media", Key="up")["Body"].read() == b"chunked"
    s3.delete_object(Bucket="media", Key="up")
    operations = served.router.operations()
    assert operations["s3.PutObject"] == operations["s3.HeadObject"] == 1
    assert operations["http:s3.PUT presigned"] == 1


def test_a_service_or_operation_nobody_plays_is_refused(served):
    with pytest.raises(ClientError, match="does not play lambda"):
        client(served, "lambda").list_functions()
    with pytest.raises(ClientError, match=r"connect\.StopContact"):
        client(served, "connect").stop_contact(InstanceId="i", ContactId="c")
    headers = {"authorization": "Credential=k/20261120/us-east-1/connect/aws4_request"}
    answer = urllib3.request("GET", f"{served.url}/no/such/path", headers=headers)
    assert answer.status == 404
    assert urllib3.request("GET", f"{served.url}/nothing").status == 404


def test_a_lost_answer_and_a_crash_break_the_connection(served, queues):
    sqs = client(served, "sqs")
    served.router.faults.at(0, Action.TIMEOUT_AFTER)
    served.router.faults.at(1, Action.KILL_BEFORE)
    served.router.faults.arm()
    for name in ("a", "b"):
        with pytest.raises(ConnectionClosedError):
            sqs.create_queue(QueueName=name)
    assert list(queues.queues) == ["a"]


def test_mounted_paths_get_the_whole_request_and_the_longest_prefix_wins(served):
    seen = []

    def keep(request):
        seen.append(request)
        return HttpResponse(status=201, headers={"x-kept": "yes"}, body=b"done")

    served.mount("/files/", keep, name="files")
    served.mount("/files/other/", lambda request: HttpResponse(status=204), locked=False)
    answer = urllib3.request("POST", f"{served.url}/files/a?x=1&x=2", body=b"bytes")
    assert (answer.status, answer.data, answer.headers["x-kept"]) == (201, b"done", "yes")
    assert (seen[0].method, seen[0].path, seen[0].body) == ("POST", "/files/a", b"bytes")
    assert seen[0].query == {"x": ["1", "2"]}
    assert urllib3.request("GET", f"{served.url}/files/other/1").status == 204
    head = urllib3.request("HEAD", f"{served.url}/files/a")
    assert (head.status, head.data) == (201, b"")
    services = [call.service for call in served.router.calls]
    assert services == ["http:files", "http:files.other", "http:files"]


def test_a_taken_port_says_which_and_what_to_do(served):
    with pytest.raises(PortTaken, match=rf"port {served.port} .*--port"):
        SandboxServer(served.router, port=served.port).start()


def test_only_this_machine_can_reach_it(served):
    assert served.url.startswith("http://127.0.0.1:")
    assert served._http.server_address[0] == HOST
    with socket.create_connection((HOST, served.port), timeout=2):
        pass


def test_another_process_uses_it_by_endpoint_address_alone(served, queues):
    """As `aws --endpoint-url` does."""
    program = (
        "import boto3, sys;"
        "s = boto3.client('sqs', endpoint_url=sys.argv[1], region_name='us-east-1',"
        " aws_access_key_id='k', aws_secret_access_key='s');"
        "u = s.create_queue(QueueName='far')['QueueUrl'];"
        "s.send_message(QueueUrl=u, MessageBody='from afar')"
    )
    subprocess.run([sys.executable, "-c", program, served.url], check=True, timeout=60)
    assert len(queues.queues["far"].messages) == 1
