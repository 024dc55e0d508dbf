"""Our clients put the same on the wire as botocore's own, whatever they save in between."""

import json
from binascii import crc32
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import botocore.endpoint
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.loaders import JSONFileLoader
from botocore.serialize import SERIALIZERS, JSONSerializer

from chalicelib.gateways import sdk, straight
from chalicelib.gateways.signature import Signer
from chalicelib.wiring_doors import BY_TOKEN, NEVER_AGAIN, PATIENT, QUICK
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
CONFIGS = {  # as they are in production
    "sqs": PATIENT,
    "dynamodb": QUICK,
    "connectparticipant": BY_TOKEN,
    "socialmessaging": NEVER_AGAIN,
}
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REGIONS = ("us-east-1", "eu-central-1", "sa-east-1", "us-gov-west-1", "cn-north-1")


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON)
    monkeypatch.setattr(straight, "moment", lambda: f"{NOON:%Y%m%dT%H%M%SZ}")


@pytest.fixture(autouse=True)
def _models_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of clients are made here."""
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda _, path: _model(path))


@lru_cache
def _model(path: str, read: Any = JSONFileLoader.load_file) -> Any:
    return read(JSONFileLoader(), path)


def ours(service: str, region: str = "us-east-1", config: Config | None = None) -> Any:
    return sdk.client(sdk.session(), service, region, config or CONFIGS[service])


def theirs(service: str, region: str = "us-east-1", config: Config | None = None) -> Any:
    made = botocore.session.Session()
    return made.create_client(service, region_name=region, config=config or CONFIGS[service])


MAKERS = {"ours": ours, "theirs": theirs}


class Sent:
    """The request of one call, in place of sending it; `agent`: its User-Agent."""

    def __init__(self, client: Any) -> None:
        service = client.meta.service_model.service_name
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
        return AWSResponse(request.url, 200, {}, _Body(b"{}"))


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CALLS)
def test_a_request_is_botocores_own_but_for_its_user_agent(service, region):
    mine, his = Sent(ours(service, region)), Sent(theirs(service, region))
    assert (mine.url, mine.body, mine.headers) == (his.url, his.body, his.headers)
    assert mine.signature == his.signature
    assert ("Signature=" in mine.signature) == (CONFIGS[service] is not BY_TOKEN)
    assert mine.names == his.names
    assert mine.host in {"", urlsplit(his.url).netloc}


@pytest.mark.parametrize("service", CALLS)
def test_the_calls_of_a_text_go_the_straight_way(service):
    client = ours(service)
    client.meta.events.register("request-created", _never)
    Sent(client)


def _never(**_: object) -> None:
    raise AssertionError("botocore's own way")


@pytest.mark.parametrize("service", CALLS)
def test_a_lambda_passes_on_whose_call_it_serves(service, monkeypatch):
    """AWS stops functions that call themselves for ever by this header."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "puente-prod-inbound")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    mine, his = Sent(ours(service)), Sent(theirs(service))
    assert "x-amzn-trace-id" in mine.names
    assert (mine.headers, mine.signature) == (his.headers, his.signature)


@pytest.mark.parametrize("service", CALLS)
def test_a_role_has_a_session_token(service, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the session of a function's role")
    mine, his = Sent(ours(service)), Sent(theirs(service))
    assert (mine.headers, mine.signature) == (his.headers, his.signature)


def test_a_call_without_credentials_is_refused_as_by_botocore(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    for make in MAKERS.values():
        with pytest.raises(NoCredentialsError):
            Sent(make("dynamodb"))


ROLE = ReadOnlyCredentials("AKID", "secret", None)
ADDRESS = "https://dynamodb.us-east-1.amazonaws.com/"
HOST = {"Host": "dynamodb.us-east-1.amazonaws.com"}
REQUESTS: dict[str, dict[str, Any]] = {
    "as JSON calls are": {},
    "with a path": {"url": f"{ADDRESS}v1//whatsapp/./send it"},
    "with spaces": {"headers": {**HOST, "X-Amz-Target": "  Put   it ", "x-amz": "a"}},
    "with headers nobody signs": {"headers": {**HOST, "User-Agent": "Puente", "Expect": "it"}},
    "to a port": {"url": "http://localhost:4599/", "headers": {"Host": "localhost:4599"}},
    "with other letters": {"data": '{"text": "¿Sí? 🙂"}'.encode()},
}


@pytest.mark.parametrize("given", REQUESTS.values(), ids=REQUESTS)
def test_a_signature_is_botocores_to_the_letter(given):
    request = {"method": "POST", "url": ADDRESS, "headers": HOST, "data": b"{}", **given}
    made = AWSRequest(**request)
    botocore.auth.SigV4Auth(ROLE, "dynamodb", "us-east-1").add_auth(made)
    stamp = made.headers["X-Amz-Date"]
    signer = Signer(ROLE.access_key, ROLE.secret_key, "us-east-1", "dynamodb")
    headers = {**request["headers"], "X-Amz-Date": stamp}
    sent = ("POST", request["url"], headers, request["data"])
    assert signer.authorization(stamp, *sent) == made.headers["Authorization"]


NOT_PLAIN: dict[str, dict[str, Any]] = {
    "a form": {"body": {"Action": "SendMessage"}},
    "a file": {"body": open},
    "a query": {"query_string": {"a": "1"}},
    "another signature": {"context": {"auth_type": "v4a"}},
    "a signature of its own": {"context": {"signing": {"region": "*"}}},
    "a checksum": {"context": {"checksum": {}}},
    "a stream": {"context": {"has_streaming_input": True}},
}


@pytest.mark.parametrize("given", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_whatever_is_not_plain_takes_botocores_way(given):
    context = {"auth_type": None, "has_streaming_input": False, **given.get("context", {})}
    call = {"body": b"{}", "query_string": {}, **given, "context": context}
    signer = theirs("dynamodb")._request_signer
    plain = {"auth_type": None, "has_streaming_input": False}
    assert not straight._is_plain(call, signer)
    assert straight._is_plain({"body": b"{}", "query_string": {}, "context": plain}, signer)


# --- what comes back, and whether a call is tried again ----------------------------------------


class Waits(list[float]):
    """The seconds waited before trying again; nothing waits in these tests."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    made = Waits()
    monkeypatch.setattr(botocore.endpoint, "time", made)
    return made


def _refusal(status: int, code: str, **more: Any) -> Answer:
    told = {"__type": f"com.amazonaws.api#{code}", "message": "no", **more}
    return Answer(told, status, content_type="application/x-amz-json-1.0")


CONFLICT = {"CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": {"a": {"S": "b"}}}]}
ANSWERED: dict[str, tuple[Answer, ...]] = {
    "well": (Answer({}),),
    "with nothing": (Answer(""),),
    "a validation error": (_refusal(400, "ValidationException"),),
    "a refused condition": (
        _refusal(400, "ConditionalCheckFailedException", Item={"id": {"S": "a"}}),
    ),
    "a cancelled transaction": (_refusal(400, "TransactionCanceledException", **CONFLICT),),
    "access denied": (_refusal(403, "AccessDeniedException"),),
    "an expired token": (_refusal(400, "ExpiredTokenException"),),
    "no such queue, in the older way": (
        replace(
            _refusal(400, "QueueDoesNotExist"),
            headers={"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
        ),
    ),
    "throttled once": (_refusal(400, "ThrottlingException"), Answer({})),
    "throttled for ever": (_refusal(429, "TooManyRequestsException"),),
    "an error of the service": (_refusal(500, "InternalServerError"), Answer({})),
    "a page from in between": (Answer("<html><body>Service Unavailable</body></html>", 503),),
    "an empty error": (Answer("", 502), Answer({})),
    "a redirection": (Answer({}, 302),),
    "hanging up once": (Answer(hang_up=True), Answer({})),
    "hanging up for ever": (Answer(hang_up=True),),
    "no JSON": (Answer("what?", content_type="application/json"),),
    "cut short once": (Answer('{"Ite', headers={"x-amz-crc32": "1"}), Answer({})),
    "cut short for ever": (Answer('{"Ite', headers={"x-amz-crc32": "1"}),),
    "whole": (Answer("{}", headers={"x-amz-crc32": str(crc32(b"{}"))}),),
}


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("answers", ANSWERED.values(), ids=ANSWERED)
def test_what_comes_back_means_the_same_and_is_tried_as_often(service, answers, monkeypatch, waits):
    mine, his = (_outcome(make, service, answers, monkeypatch) for make in (ours, theirs))
    assert mine == his
    assert len(waits) % 2 == 0


def _outcome(
    make: Callable[[str], Any], service: str, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:
    operation, parameters = CALLS[service]
    with stub(*answers) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.base_url.removesuffix("/v1"))
        client = make(service)
        try:
            told = _told(getattr(client, operation)(**parameters))
        except ClientError as error:
            told = (type(error).__name__, str(error), _told(error.response))
        except BotoCoreError as error:
            told = (type(error).__name__, str(error).replace(server.base_url[:-3], ""))
        tries = [_without_end(one["amz-sdk-request"]) for one in server.headers]
        names = {one["amz-sdk-invocation-id"] for one in server.headers}
        return told, tries, len(names)


def _without_end(tries: str) -> str:
    """Without "ttl=...; ": until when the client would wait, as botocore tells from the second try
    on; no service of ours asks for it."""
    return "; ".join(part for part in tries.split("; ") if not part.startswith("ttl="))


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """botocore says that the last attempt was reached even where it succeeded; we do not read the
    headers of what went well."""
    answer["ResponseMetadata"]["HTTPHeaders"].pop("date", None)
    answer["ResponseMetadata"].pop("MaxAttemptsReached", None)
    if answer["ResponseMetadata"]["HTTPStatusCode"] < straight.REFUSED:
        answer["ResponseMetadata"].pop("HTTPHeaders")
    return answer


@pytest.mark.parametrize("service", CALLS)
def test_nobody_there_is_tried_as_often_as_by_botocore(service, monkeypatch, waits):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard port: closed
    tries = []
    for make in (ours, theirs):
        client, operation = make(service), CALLS[service][0]
        client.meta.events.register("before-send", lambda **_: tries.append(0))
        with pytest.raises(EndpointConnectionError):
            getattr(client, operation)(**CALLS[service][1])
    assert len(tries) == 2 * CONFIGS[service].retries["total_max_attempts"]
    assert len(waits) == len(tries) - 2


class Wire:
    """Answers a client's calls without a server: an error, and from the second try on, if they
    are `in_the_end` 200, the item asked for. `sent`: the headers of each try, as texts."""

    def __init__(self, client: Any, in_the_end: int = 200) -> None:
        self.client, self.in_the_end, self.sent = client, in_the_end, list[dict[str, str]]()
        client.meta.events.register_first("before-send", self._answer)

    def get(self, key: str) -> str:
        found = self.client.get_item(TableName="messages", Key={"id": {"S": key}})
        return str(found["Item"]["id"]["S"])

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        self.sent.append(headers)
        is_first = headers["amz-sdk-request"].startswith("attempt=1;")
        body = json.dumps({"Item": json.loads(request.body)["Key"]}).encode()
        status = 500 if is_first else self.in_the_end
        return AWSResponse(request.url, status, {}, _Body(body))


def test_a_quota_of_tries_is_shared_by_all_calls_of_a_client(waits):
    """500 tokens, fourteen a try: who is refused for long stops trying twice."""
    for make in (ours, theirs):
        wire = Wire(make("dynamodb"), in_the_end=500)
        for _ in range(60):
            with pytest.raises(ClientError):
                wire.get("a")
        assert len(wire.sent) == 60 + 500 // 14


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_who_is_answered_in_the_end_gets_its_tries_back(make, waits):
    wire = Wire(make("dynamodb"))
    assert [wire.get(str(n)) for n in range(60)] == [str(n) for n in range(60)]
    assert len(wire.sent) == 120


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_client_serves_several_threads_at_once(make, waits):
    wire, keys = Wire(make("dynamodb")), [str(n) for n in range(80)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(wire.get, keys)) == keys
    tries = {(one["amz-sdk-invocation-id"], one["amz-sdk-request"][:9]) for one in wire.sent}
    assert len(tries) == 160
    assert len({call for call, _ in tries}) == 80


def test_a_second_try_is_signed_anew_by_who_we_are_then(monkeypatch, waits):
    """A role's credentials change every few hours, between two tries as well."""
    mine, his = (_tries_of_a_role_that_changes(make, monkeypatch) for make in (ours, theirs))
    assert mine == his
    (_, token, _), (signed, newer, date) = mine
    assert (token, newer, date) == ("", "a newer session", "20261119T120000Z")
    assert "Credential=another/20261119/" in signed


def _tries_of_a_role_that_changes(make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def it_is(when: datetime) -> None:
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: when)
        monkeypatch.setattr(straight, "moment", lambda: f"{when:%Y%m%dT%H%M%SZ}")

    def change(**_: Any) -> None:
        role.access_key, role.secret_key = "another", "as secret"
        role.token = "a newer session"
        it_is(NOON + DAY)

    it_is(NOON)
    wire = Wire(make("dynamodb"))
    role = wire.client._request_signer._credentials
    wire.client.meta.events.register_first("needs-retry", change)
    wire.get("a")
    of_interest = ("authorization", "x-amz-security-token", "x-amz-date")
    return [tuple(sent.get(name, "") for name in of_interest) for sent in wire.sent]


def test_a_participant_is_known_by_a_token_alone():
    assert BY_TOKEN.signature_version is UNSIGNED
    assert Sent(ours("connectparticipant")).signature == ""


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
        mine, his = (
            make("dynamodb").get_item(TableName="messages", Key={"id": {"S": "a"}})["Item"]
            for make in (ours, theirs)
        )
    assert mine == his
    assert mine["map"]["M"]["in"] == {"B": b"\x00\x01"}


def test_items_are_written_as_botocore_writes_them(monkeypatch):
    item = {**ITEM, "bytes": {"B": b"\0"}, "blobs": {"BS": [b"a"]}, "list": {"L": [{"B": b"b"}]}}
    item["map"] = {"M": {"in": {"B": b"c"}, "and": {"S": "c"}}}
    plain = JSONSerializer()
    model = theirs("dynamodb").meta.service_model.operation_model("PutItem")
    given = {"TableName": "messages", "Item": item}
    mine = sdk.PlainItems().serialize_to_request(given, model)
    assert mine == plain.serialize_to_request(given, model)
    assert SERIALIZERS["json"] is sdk.PlainItems


@pytest.mark.parametrize("service", CALLS)
def test_a_server_reads_the_same_headers_as_from_botocore(service, monkeypatch):
    """The HTTP client adds some; Host is one of them, and named by us where it is signed."""
    with stub(Answer({})) as server:
        address = server.base_url.removesuffix("/v1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for make in (ours, theirs):
            operation, parameters = CALLS[service]
            getattr(make(service), operation)(**parameters)
    mine, his = server.headers
    assert mine["host"] == urlsplit(address).netloc
    assert mine.keys() == his.keys()
    same = mine.keys() - set(CHANGES_BY_ITSELF)
    assert {name: mine[name] for name in same} == {name: his[name] for name in same}


def test_every_service_whose_address_is_looked_up_once_is_compared():
    assert set(CALLS) == sdk.ONE_ADDRESS


@pytest.mark.deep
@pytest.mark.parametrize("service", CALLS)
def test_every_region_has_the_address_that_botocores_rules_give(service):
    table = botocore.session.Session()
    partitions = table.get_available_partitions()
    regions = {r for one in partitions for r in table.get_available_regions("sqs", one)}
    assert len(regions) > 30
    for region in regions:
        assert Sent(ours(service, region)).url == Sent(theirs(service, region)).url


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
    assert Sent(ours("dynamodb")).url == address


@pytest.mark.parametrize(
    "address",
    [
        "https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com:443",
        "http://LocalHost:80/",
        "http://operator:word@localhost:4599/",
        "http://[::1]:4599",
    ],
)
def test_an_address_is_signed_as_the_service_reads_it(monkeypatch, address):
    """Without the usual port, in small letters, and without who asks."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    mine, his = Sent(ours("dynamodb")), Sent(theirs("dynamodb"))
    assert (mine.url, mine.signature) == (his.url, his.signature)
    assert "word" not in mine.host


def test_an_account_may_insist_on_its_own_address(monkeypatch):
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required")
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    assert Sent(ours("dynamodb")).url == "https://123456789012.ddb.us-east-1.amazonaws.com/"


def test_aws_reads_who_calls():
    session = sdk.session()
    config = PATIENT.merge(sdk.user_agent(session))
    agent = Sent(sdk.client(session, "sqs", "us-east-1", config)).agent
    assert agent.startswith("Puente Botocore/")
    assert "Python/" in agent
