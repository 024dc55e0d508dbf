"""Our clients put the same on the wire as botocore's own, whatever they save in between."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from chalicelib.gateways import sdk
from tests.gateways.stub_server import Answer, stub

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sqs": (
        "send_message_batch",
        {
            "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/inbound.fifo",
            "Entries": [{"Id": "0", "MessageBody": "{}", "MessageGroupId": "a"}],
        },
    ),
    "dynamodb": (
        "transact_write_items",
        {
            "TransactItems": [{"Delete": {"TableName": "messages", "Key": {"id": {"S": "a"}}}}],
            "ClientRequestToken": "one",
        },
    ),
    "connectparticipant": (
        "send_message",
        {
            "ContentType": "text/plain",
            "Content": "Hello",
            "ClientToken": "one",
            "ConnectionToken": "two",
        },
    ),
    "socialmessaging": (
        "send_whatsapp_message",
        {"originationPhoneNumberId": "a", "message": b"{}", "metaApiVersion": "v23.0"},
    ),
}
CHANGES_BY_ITSELF = ("user-agent", "x-amz-date", "amz-sdk-invocation-id", "authorization")
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
REGIONS = ("us-east-1", "eu-central-1", "sa-east-1", "us-gov-west-1", "cn-north-1")


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON)


class Sent:
    """The request of one call, in place of sending it; `agent`: its User-Agent."""

    def __init__(self, made: Any, service: str, region: str, config: Config | None = None) -> None:
        client = made.create_client(service, region_name=region, config=config)
        client.meta.events.register_first("before-send", self._keep)
        operation, parameters = CALLS[service]
        getattr(client, operation)(**parameters)

    def _keep(self, request: Any, **_: Any) -> AWSResponse:
        found = {name.lower(): _text(value) for name, value in request.headers.items()}
        self.agent = found["user-agent"]
        self.url, self.body = request.url, _text(request.body)
        self.signature = found.get("authorization", "")
        self.host = found.pop("host", "")
        self.headers = {n: value for n, value in found.items() if n not in CHANGES_BY_ITSELF}
        self.names = set(found)
        return AWSResponse(request.url, 200, {}, _Empty())


class _Empty:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"{}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CALLS)
def test_a_request_is_botocores_own_but_for_its_user_agent(service, region):
    ours = Sent(sdk.session(), service, region)
    theirs = Sent(botocore.session.Session(), service, region)
    assert (ours.url, ours.body, ours.headers) == (theirs.url, theirs.body, theirs.headers)
    assert ours.signature == theirs.signature
    assert "Signature=" in ours.signature
    assert ours.names == theirs.names
    assert ours.host in {"", urlsplit(theirs.url).netloc}


ROLE = ReadOnlyCredentials("AKID", "secret", "the session of a function's role")
ADDRESS = "https://dynamodb.us-east-1.amazonaws.com"
HEADERS = {"Host": "dynamodb.us-east-1.amazonaws.com", "X-Amz-Target": "  Put   it ", "x-amz": "a"}
REQUESTS: dict[str, dict[str, Any]] = {
    "as JSON calls are": {"data": b"{}"},
    "with a path": {"data": b"{}", "url": f"{ADDRESS}/v1//whatsapp/./send it"},
    "with headers nobody signs": {"data": b"", "headers": {**HEADERS, "User-Agent": "Puente"}},
    "signed before": {"data": b"{}", "headers": {**HEADERS, "Authorization": "an earlier try"}},
    "without its host": {"data": b"{}", "headers": {}},
    "with a query": {"data": b"", "params": {"b": "1", "a": "2"}},
    "with a query in its address": {"data": b"", "url": f"{ADDRESS}/?b=1&a=2"},
    "with a form": {"data": {"Action": "SendMessage"}},
    "with a file": {"data": io.BytesIO(b"a picture")},
    "with its checksum": {"data": b"{}", "headers": {**HEADERS, "X-Amz-Content-SHA256": "abc"}},
}


@pytest.mark.parametrize("credentials", [ROLE, ReadOnlyCredentials("AKID", "secret", None)])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_signature_is_botocores_to_the_letter(request_, credentials):
    def signed(signer: type[botocore.auth.SigV4Auth]) -> dict[str, str]:
        given = {"method": "POST", "url": f"{ADDRESS}/", "headers": HEADERS, **request_}
        made = AWSRequest(**given)
        signer(credentials, "dynamodb", "us-east-1").add_auth(made)
        return dict(made.headers.items())

    assert signed(sdk.SignedOnce) == signed(botocore.auth.SigV4Auth)


@pytest.mark.parametrize("service", sdk.SIGNED)
def test_the_calls_of_a_text_are_signed_the_short_way(monkeypatch, service):
    def never(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr(botocore.auth.SigV4Auth, "canonical_request", never)
    assert "Signature=" in Sent(sdk.session(), service, "us-east-1").signature


def test_a_payload_that_is_not_signed_stays_so():
    made = AWSRequest(method="PUT", url=f"{ADDRESS}/", headers=HEADERS, data=b"{}")
    made.context["payload_signing_enabled"] = False
    signer = sdk.SignedOnce(ROLE, "dynamodb", "us-east-1")
    assert signer.canonical_request(made).endswith("\nUNSIGNED-PAYLOAD")


ITEM = {
    "text": {"S": "a"},
    "empty": {"S": ""},
    "number": {"N": "1.5"},
    "bytes": {"B": "AAE="},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1"]},
    "blobs": {"BS": ["AAE="]},
    "nothing": {"NULL": True},
    "truth": {"BOOL": False},
    "map": {"M": {"in": {"B": "AAE="}, "and": {"S": "c"}}},
    "list": {"L": [{"B": "AAE="}, {"N": "7"}]},
}


def test_items_are_read_as_botocore_reads_them(monkeypatch):
    with stub(Answer({"Item": ITEM})) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.base_url.removesuffix("/v1"))
        ours, theirs = (
            made.create_client("dynamodb", region_name="us-east-1").get_item(
                TableName="messages", Key={"id": {"S": "a"}}
            )["Item"]
            for made in (sdk.session(), botocore.session.Session())
        )
    assert ours == theirs
    assert ours["map"]["M"]["in"] == {"B": b"\x00\x01"}


@pytest.mark.parametrize("service", CALLS)
def test_a_server_reads_the_same_headers_as_from_botocore(service, monkeypatch):
    """The HTTP client adds some; Host is one of them, and named by us where it is signed."""
    with stub(Answer({})) as server:
        address = server.base_url.removesuffix("/v1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for session in (sdk.session(), botocore.session.Session()):
            operation, parameters = CALLS[service]
            getattr(session.create_client(service, region_name="us-east-1"), operation)(
                **parameters
            )
    ours, theirs = server.headers
    assert ours["host"] == urlsplit(address).netloc
    assert ours.keys() == theirs.keys()
    same = ours.keys() - set(CHANGES_BY_ITSELF)
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}


def test_every_service_whose_address_is_looked_up_once_is_compared():
    assert set(CALLS) == sdk.ONE_ADDRESS


@pytest.mark.deep
@pytest.mark.parametrize("service", CALLS)
def test_every_region_has_the_address_that_botocores_rules_give(service):
    session, theirs = sdk.session(), botocore.session.Session()
    partitions = theirs.get_available_partitions()
    regions = {r for one in partitions for r in theirs.get_available_regions("sqs", one)}
    assert len(regions) > 30
    for region in regions:
        assert Sent(session, service, region).url == Sent(theirs, service, region).url


@pytest.mark.parametrize(
    ("name", "value", "address"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "true", "https://dynamodb-fips.us-east-1.amazonaws.com/"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true", "https://dynamodb.us-east-1.api.aws/"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:4599", "http://localhost:4599/"),
        ("AWS_ENDPOINT_URL", "http://localhost:4599", "http://localhost:4599/"),
    ],
)
def test_an_operator_may_ask_for_other_addresses(monkeypatch, name, value, address):
    monkeypatch.setenv(name, value)
    assert Sent(sdk.session(), "dynamodb", "us-east-1").url == address


def test_an_account_may_insist_on_its_own_address(monkeypatch):
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required")
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    sent = Sent(sdk.session(), "dynamodb", "us-east-1")
    assert sent.url == "https://123456789012.ddb.us-east-1.amazonaws.com/"


def test_aws_reads_who_calls():
    session = sdk.session()
    agent = Sent(session, "sqs", "us-east-1", sdk.user_agent(session)).agent
    assert agent.startswith("Puente Botocore/")
    assert "Python/" in agent
