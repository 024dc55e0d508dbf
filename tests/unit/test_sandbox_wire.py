"""What a real AWS client sees when the sandbox answers it."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.clock import SandboxClock
from sandbox.in_process import in_process
from sandbox.wire import AwsError, Emulator, EmulatorMistake, HttpRequest, LendableLock, Router
from sandbox.wire.models import service_api
from sandbox.wire.parse import read_params

PHONE = "phone-number-id-0123456789abcdef0123456789abcdef"
INSTANCE = "11111111-1111-1111-1111-111111111111"
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class Business(Emulator):
    """A WhatsApp number that keeps what was sent and knows one picture."""

    service = "socialmessaging"

    def __init__(self):
        self.sent = []

    def send_whatsapp_message(self, params):
        self.sent.append(params)
        return {"messageId": f"wamid.{len(self.sent)}"}

    def get_whatsapp_message_media(self, params):
        if params["mediaId"] != "picture":
            raise AwsError("ResourceNotFoundException", "no such media")
        return {"mimeType": "image/jpeg", "fileSize": 7}

    def delete_whatsapp_message_template(self, params):
        self.sent.append(params)

    def list_linked_whatsapp_business_accounts(self, params):
        return {"linkedAccounts": [{"linkDate": "yesterday"}]}


class Center(Emulator):
    """A contact center with one contact, whose tags and times can be read."""

    service = "connect"

    def __init__(self):
        self.asked = []

    def describe_contact(self, params):
        self.asked.append(params)
        return {"Contact": {"Id": params["ContactId"], "InitiationTimestamp": MOMENT}}

    def list_queues(self, params):
        self.asked.append(params)
        return {"QueueSummaryList": [{"Id": "q", "LastModifiedTime": MOMENT}], "NextToken": None}

    def update_test_case(self, params):
        self.asked.append(params)
        return {}

    def delete_view_version(self, params):
        self.asked.append(params)
        return {}

    def describe_queue(self, params):
        return {"Color": "blue"}

    def tag_resource(self, params):
        self.asked.append(params)


class Chat(Emulator):
    """A chat that reads its token from the header."""

    service = "connectparticipant"

    def __init__(self):
        self.asked = []

    def send_message(self, params):
        self.asked.append(params)
        return {"Id": "m-1", "AbsoluteTime": "2026-11-20T09:30:00.000Z"}


@pytest.fixture
def box():
    router = Router(SandboxClock())
    router.business, router.center, router.chat = Business(), Center(), Chat()
    router.add(router.business, router.center, router.chat)
    with in_process(router):
        yield router


def test_a_message_body_arrives_as_the_bytes_that_were_sent(box):
    answer = boto3.client("socialmessaging").send_whatsapp_message(
        originationPhoneNumberId=PHONE, message=b'{"to":"+1"}', metaApiVersion="v20.0"
    )
    assert answer["messageId"] == "wamid.1"
    assert box.business.sent[0]["message"] == b'{"to":"+1"}'


def test_the_token_of_a_chat_arrives_from_its_header(box):
    boto3.client("connectparticipant").send_message(
        ConnectionToken="secret", ContentType="text/plain", Content="hola"
    )
    assert box.chat.asked[0]["ConnectionToken"] == "secret"
    assert box.chat.asked[0]["Content"] == "hola"


def test_times_travel_in_both_directions(box):
    connect = boto3.client("connect")
    contact = connect.describe_contact(InstanceId=INSTANCE, ContactId="c 1/x")["Contact"]
    assert contact["InitiationTimestamp"] == MOMENT
    assert box.center.asked[0]["ContactId"] == "c 1/x"
    connect.update_test_case(InstanceId=INSTANCE, TestCaseId="t", LastModifiedTime=MOMENT)
    assert box.center.asked[1]["LastModifiedTime"] == MOMENT


def test_lists_numbers_and_switches_in_a_query_keep_their_types(box):
    boto3.client("connect").list_queues(
        InstanceId=INSTANCE, QueueTypes=["STANDARD", "AGENT"], MaxResults=7
    )
    assert box.center.asked[0]["QueueTypes"] == ["STANDARD", "AGENT"]
    assert box.center.asked[0]["MaxResults"] == 7
    boto3.client("socialmessaging").delete_whatsapp_message_template(
        id="waba-0123456789abcdef0123456789abcdef",
        metaTemplateId="1",
        templateName="t",
        deleteAllLanguages=True,
    )
    assert box.business.sent[0]["deleteAllLanguages"] is True


def test_an_operation_without_output_answers_an_empty_success(box):
    boto3.client("connect").tag_resource(
        resourceArn="arn:aws:connect:us-east-1:1:instance/i/queue/q", tags={"a": "b"}
    )
    assert box.center.asked[0]["resourceArn"].endswith("instance/i/queue/q")


def test_a_refusal_is_the_clients_own_typed_exception(box):
    eum = boto3.client("socialmessaging")
    with pytest.raises(eum.exceptions.ResourceNotFoundException, match="no such media"):
        eum.get_whatsapp_message_media(mediaId="none", originationPhoneNumberId=PHONE)
    assert box.calls[-1].outcome == "ResourceNotFoundException"


def test_an_operation_nobody_plays_is_refused_by_name(box):
    with pytest.raises(ClientError, match=r"does not implement connect\.StopContact") as refused:
        boto3.client("connect").stop_contact(InstanceId=INSTANCE, ContactId="c")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"mediaId": "not allowed", "originationPhoneNumberId": PHONE}, "does not match"),
        ({"mediaId": "a" * 101, "originationPhoneNumberId": PHONE}, "over the maximum of 100"),
    ],
)
def test_limits_no_client_checks_are_refused_as_aws_would(box, params, complaint):
    with pytest.raises(ClientError, match=complaint) as refused:
        boto3.client("socialmessaging").get_whatsapp_message_media(**params)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_unknown_enumeration_value_is_refused(box):
    with pytest.raises(ClientError, match="QueueTypes"):
        boto3.client("connect").list_queues(InstanceId=INSTANCE, QueueTypes=["PAPER"])


def test_a_number_over_its_maximum_is_refused(box):
    with pytest.raises(ClientError, match="over the maximum of 1000"):
        boto3.client("connect").list_queues(InstanceId=INSTANCE, MaxResults=5000)


def test_a_body_that_is_no_json_is_a_serialization_error():
    operation = service_api("socialmessaging").operation("SendWhatsAppMessage")
    request = HttpRequest(method="POST", url="https://x/v1/whatsapp/send", body=b"{nonsense")
    with pytest.raises(AwsError) as refused:
        read_params(operation, request)
    assert refused.value.code == "SerializationException"


def test_a_missing_member_is_named():
    operation = service_api("socialmessaging").operation("SendWhatsAppMessage")
    request = HttpRequest(method="POST", url="https://x/v1/whatsapp/send", body=b"{}")
    with pytest.raises(AwsError, match="originationPhoneNumberId") as refused:
        read_params(operation, request)
    assert refused.value.code == "ValidationException"


def test_a_mistake_of_an_emulator_is_loud(box):
    with pytest.raises(EmulatorMistake, match=r"connect\.DescribeQueue.*Color"):
        boto3.client("connect").describe_queue(InstanceId=INSTANCE, QueueId="q")
    assert box.calls[-1].outcome == "broken"


def test_a_wrong_type_from_an_emulator_is_loud(box):
    box.chat.send_message = lambda params: {"Id": 5}
    with pytest.raises(EmulatorMistake, match=r"connectparticipant\.SendMessage\.Id"):
        boto3.client("connectparticipant").send_message(
            ConnectionToken="t", ContentType="text/plain", Content="x"
        )


def test_every_call_is_logged_and_counted(box):
    heard = []
    box.observers.append(heard.append)
    before = len(box.calls)
    boto3.client("socialmessaging").send_whatsapp_message(
        originationPhoneNumberId=PHONE, message=b"{}", metaApiVersion="v20.0"
    )
    record = box.calls[-1]
    assert (record.service, record.operation) == ("socialmessaging", "SendWhatsAppMessage")
    assert record.outcome == "ok"
    assert record.at == box.clock.now()
    assert min(record.ms, record.bytes_in, record.bytes_out) > 0
    assert box.count(since=before) == box.count(since=before, service="socialmessaging") == 1
    assert box.operations()["socialmessaging.SendWhatsAppMessage"] == 1
    assert heard == [record]


def test_work_after_a_call_may_make_calls_of_its_own(box):
    """The world runs due jobs after each call; those may call AWS again."""

    def job(record):
        if record.operation == "DescribeContact":
            boto3.client("socialmessaging").send_whatsapp_message(
                originationPhoneNumberId=PHONE, message=b"{}", metaApiVersion="v20.0"
            )

    box.after_call.append(job)
    boto3.client("connect").describe_contact(InstanceId=INSTANCE, ContactId="c")
    assert [call.operation for call in box.calls] == ["DescribeContact", "SendWhatsAppMessage"]


class Functions(Emulator):
    """Lambda's Invoke: the one operation here with a raw body, a status and a header to answer."""

    service = "lambda"

    def invoke(self, params):
        assert params["InvocationType"] == "RequestResponse"
        return {"StatusCode": 202, "FunctionError": "Unhandled", "Payload": params["Payload"][::-1]}

    def list_functions(self, params):
        raise AwsError("TooManyRequestsException", "slow down", retryAfterSeconds="7")


def test_raw_bodies_headers_and_status_codes_travel_too(box):
    box.add(Functions())
    client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    answer = client.invoke(FunctionName="f", InvocationType="RequestResponse", Payload=b"abc")
    assert (answer["StatusCode"], answer["FunctionError"]) == (202, "Unhandled")
    assert answer["Payload"].read() == b"cba"
    with pytest.raises(client.exceptions.TooManyRequestsException) as refused:
        client.list_functions()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_service_without_an_emulator_is_refused_by_name(box):
    box.fallback = None
    request = HttpRequest(method="POST", url="https://x/", body=b"{}")
    answer = box.call_aws("lambda", "Invoke", request)
    assert (answer.status, answer.error) == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("PUT", "/contact/chat", "StartChatContact"),
        ("GET", "/contact/attributes/i/c", "GetContactAttributes"),
        ("POST", "/contact/stop", "StopContact"),
        ("DELETE", "/views/i/v/versions/3", "DeleteViewVersion"),
        ("GET", "/tags/arn%3Aaws%3Aconnect%3Aus-east-1%3A1%3Ainstance%2Fi", "ListTagsForResource"),
    ],
)
def test_paths_lead_to_their_operation(method, path, operation):
    assert service_api("connect").route(method, path) == operation


def test_every_operation_of_connect_is_found_by_its_own_path():
    """Labels never hide a literal path of another operation."""
    for service in ("connect", "connectparticipant", "socialmessaging"):
        api = service_api(service)
        for name in api.model.operation_names:
            http = api.operation(name).http
            path = http["requestUri"].replace("{", "x").replace("}", "")
            assert api.route(http["method"], path) == name


def test_a_path_nobody_knows_is_refused():
    with pytest.raises(AwsError, match="no operation"):
        service_api("connect").route("GET", "/nowhere/at/all")
    with pytest.raises(AwsError, match="no operation"):
        service_api("connect").operation("MakeCoffee")


def test_the_lock_can_be_lent_while_product_code_runs():
    """A loopback request made from inside a call must not wait for that call's own lock."""
    lock = LendableLock()
    with lock, lock:
        assert lock.held()
        with lock.released():
            assert not lock.held()
        assert lock.held()
    assert not lock.held()
    with lock.released():
        assert not lock.held()
