"""boto3's own clients against the emulated Connect and WhatsApp, files over real HTTP."""

import json
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.amazon_connect.attachments import PREFIX
from sandbox.in_process import in_process
from sandbox.plain_http import LoopbackHttp
from sandbox.whatsapp.storage import Storage
from sandbox.wire import HttpRequest, Router
from tests.unit.sandbox_stage import CHAT_TOPIC, Stage

BUCKET = "puente-media"


class ClientStage(Stage):
    """The stage behind a router, with S3 answered by moto."""

    def __init__(self, router, url):
        super().__init__()
        router.add(self.connect, self.participant, self.social)
        self.attachments.base_url = url
        router.mount(PREFIX, self.attachments.files, name="attachments")
        self.http = LoopbackHttp(lambda: url)
        # Signing with SigV4 and AWS's own address, as the product must.
        aws = {"endpoint_url": "https://s3.us-east-1.amazonaws.com"}
        self.s3 = boto3.client("s3", config=Config(signature_version="s3v4"), **aws)
        self.s3.create_bucket(Bucket=BUCKET)
        self.social._storage = Storage(
            put_object=self._put_object,
            get_object=self._get_object,
            fetch=self.http.fetch,
            released=router.lock.released,
        )

    def _put_object(self, bucket, key, body, mime_type):
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=mime_type)

    def _get_object(self, bucket, key):
        found = self.s3.get_object(Bucket=bucket, Key=key)
        return found["Body"].read(), found["ContentType"]


@pytest.fixture(scope="module")
def stage():
    router = Router(Stage().clock)
    with in_process(router) as sandbox:
        yield ClientStage(router, sandbox.url)


@pytest.fixture
def connect(stage):
    return boto3.client("connect")


@pytest.fixture
def participant(stage):
    return boto3.client("connectparticipant")


@pytest.fixture
def social(stage):
    return boto3.client("socialmessaging")


@pytest.fixture
def token(stage, connect):
    started = connect.start_chat_contact(
        InstanceId=stage.instance.id,
        ContactFlowId=stage.flow.id,
        ParticipantDetails={"DisplayName": "Ana"},
        ConnectionTypes=["CONNECTION_CREDENTIALS"],
        ChatStreamingConfiguration={"StreamingEndpointArn": CHAT_TOPIC},
    )
    stage.settle()
    return started["ConnectionCredentials"]["ConnectionToken"]


def test_a_chat_is_started_written_in_and_read(participant, token):
    participant.send_message(ContentType="text/plain", Content="¿Hola?", ConnectionToken=token)
    page = participant.get_transcript(ConnectionToken=token, SortOrder="ASCENDING")

    assert [item.get("Content") for item in page["Transcript"]] == [None, "Welcome", "¿Hola?"]


def test_a_typed_error_comes_out_as_the_clients_own(participant):
    with pytest.raises(participant.exceptions.AccessDeniedException):
        participant.send_message(ContentType="text/plain", Content="x", ConnectionToken="none")


def test_the_problems_of_a_flow_reach_the_caller(stage, connect):
    with pytest.raises(connect.exceptions.InvalidContactFlowException) as refused:
        connect.create_contact_flow(
            InstanceId=stage.instance.id, Name="broken", Type="CONTACT_FLOW", Content="{}"
        )
    assert refused.value.response["problems"][0]["message"].startswith("Version")


def test_a_file_is_uploaded_and_fetched_over_http(participant, token):
    announced = participant.start_attachment_upload(
        ContentType="audio/wav",
        AttachmentSizeInBytes=4,
        AttachmentName="note.wav",
        ClientToken="a1",
        ConnectionToken=token,
    )
    metadata = announced["UploadMetadata"]
    put = urllib.request.Request(  # noqa: S310 - the loopback server
        metadata["Url"], b"RIFF", metadata["HeadersToInclude"], method="PUT"
    )
    with urllib.request.urlopen(put) as answer:  # noqa: S310 - the loopback server
        assert answer.status == 200
    participant.complete_attachment_upload(
        AttachmentIds=[announced["AttachmentId"]], ClientToken="c1", ConnectionToken=token
    )
    given = participant.get_attachment(
        AttachmentId=announced["AttachmentId"], ConnectionToken=token
    )
    with urllib.request.urlopen(given["Url"]) as answer:  # noqa: S310 - the loopback server
        assert answer.read() == b"RIFF"


def test_media_goes_through_s3_by_key_and_by_presigned_address(stage, social):
    ana = stage.phones.add("Ana", "14155550123")
    ana.sends("image", media=b"\xff\xd8\xff")
    media_id = stage.values()[-1]["messages"][0]["image"]["id"]
    asked = {"originationPhoneNumberId": stage.number.eum_id, "mediaId": media_id}
    url = stage.s3.generate_presigned_url(
        "put_object", Params={"Bucket": BUCKET, "Key": "in/a.jpeg"}
    )
    social.get_whatsapp_message_media(
        **asked, destinationS3PresignedUrl={"url": url, "headers": {}}
    )
    social.get_whatsapp_message_media(
        **asked, destinationS3File={"bucketName": BUCKET, "key": "in/"}
    )

    assert stage.s3.get_object(Bucket=BUCKET, Key="in/a.jpeg")["Body"].read() == b"\xff\xd8\xff"
    stored = stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="in/")["Contents"]
    assert {one["Key"] for one in stored} == {"in/a.jpeg", f"in/{media_id}.jpeg"}
    uploaded = social.post_whatsapp_message_media(
        originationPhoneNumberId=stage.number.eum_id,
        sourceS3File={"bucketName": BUCKET, "key": "in/a.jpeg"},
    )
    assert uploaded["mediaId"]


def test_a_message_goes_out_as_bytes(stage, social):
    eva = stage.phones.add("Eva", "14155550177")
    eva.says("Hello")
    message = {
        "messaging_product": "whatsapp",
        "to": "+14155550177",
        "type": "text",
        "text": {"body": "Olá"},
    }
    sent = social.send_whatsapp_message(
        originationPhoneNumberId=stage.number.eum_id,
        metaApiVersion="v23.0",
        message=json.dumps(message).encode(),
    )
    stage.advance(2)

    assert sent["messageId"]
    assert eva.texts == ["Olá"]


def test_an_unplayed_operation_is_refused_by_name(social):
    with pytest.raises(ClientError, match="ListWhatsAppFlows"):
        social.list_whatsapp_flows(id="waba-1")


class TestPlainHttp:
    def test_it_never_leaves_the_machine(self, stage):
        with pytest.raises(ValueError, match="does not leave this machine"):
            stage.http.fetch(HttpRequest(method="GET", url="https://example.com/x"))

    def test_nobody_answering_is_a_connection_error(self, stage):
        with pytest.raises(ConnectionError):
            stage.http.fetch(HttpRequest(method="GET", url="http://127.0.0.1:9/x"))
