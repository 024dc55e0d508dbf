"""botocore, without what it works out anew for each call although it never changes.

Only settings and parts that botocore has a place for; what goes over the wire differs in its
User-Agent alone (`tests/gateways/test_sdk.py`). The gains are those of one text, five calls.
"""

import hmac
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import AUTH_TYPE_MAPS, SIGNED_HEADERS_BLACKLIST, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSRequestPreparer
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import MapShape, StructureShape
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory
from botocore.session import Session
from botocore.utils import normalize_url_path

RULES = "endpoint-rule-set-1"  # what botocore calls the rules for a service's addresses
ONE_ADDRESS = frozenset(("sqs", "dynamodb", "connectparticipant", "socialmessaging"))
"""The services of the text path: one address a region, whatever a call says."""
SIGNED = ("dynamodb", "socialmessaging", "sqs")  # those of them that are
NOT_SIGNED = frozenset((*SIGNED_HEADERS_BLACKLIST, "authorization"))
SIGNATURE = "puente-v4"  # under which botocore finds `SignedOnce`
OTHER_ADDRESSES = ("use_fips_endpoint", "use_dualstack_endpoint")


class QuietLoader(Loader):
    """botocore's data files, without address rules for services that need none.

    Without rules botocore looks the address up once a client, in its table of regions ("legacy
    endpoint routing", `botocore.client`). The rules give the same address but are gone through at
    each call, 0.16 ms of 1.4, and are read and parsed at each start.
    """

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> object:
        if type_name == RULES and service_name in ONE_ADDRESS:
            raise UnknownServiceError(service_name=service_name, known_service_names="not needed")
        return super().load_service_model(service_name, type_name, api_version)


class SignedOnce(SigV4Auth):
    """Signature 4, with each part worked out once; to the letter the signature is botocore's.

    botocore prepares the whole request a second time to find its body, and gathers the headers
    twice in the standard library's class for e-mails: 0.1 ms of 1.1. What is signed and how: AWS,
    IAM user guide, "Create a signed AWS API request". One instance signs one request.
    """

    _names = ""

    def canonical_request(self, request: AWSRequest) -> str:
        given = [(name.lower(), " ".join(value.split())) for name, value in request.headers.items()]
        headers = dict(given)
        if len(headers) < len(given) or not _is_plain(request, headers):
            return super().canonical_request(request)
        path = _path_of(str(request.url))
        signed = sorted(headers.keys() - NOT_SIGNED)
        self._names = ";".join(signed)
        lines = [str(request.method), path, "", *(f"{name}:{headers[name]}" for name in signed)]
        body = sha256(request.data).hexdigest()  # type: ignore[arg-type]
        return "\n".join([*lines, "", self._names, body])

    def headers_to_sign(self, request: AWSRequest) -> Any:
        return () if self._names else super().headers_to_sign(request)

    def signed_headers(self, headers_to_sign: Iterable[str]) -> str:
        return self._names or super().signed_headers(headers_to_sign)

    def credential_scope(self, request: AWSRequest) -> str:
        where = f"{self._region_name}/{self._service_name}"  # type: ignore[attr-defined]
        return f"{request.context['timestamp'][:8]}/{where}/aws4_request"

    def scope(self, request: AWSRequest) -> str:
        return f"{self.credentials.access_key}/{self.credential_scope(request)}"

    def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str:
        told = sha256(canonical_request.encode()).hexdigest()
        stamp = request.context["timestamp"]
        return f"AWS4-HMAC-SHA256\n{stamp}\n{self.credential_scope(request)}\n{told}"

    def signature(self, string_to_sign: str, request: AWSRequest) -> str:
        where = (self._region_name, self._service_name)  # type: ignore[attr-defined]
        key = _key_of(self.credentials.secret_key, request.context["timestamp"][:8], *where)
        return hmac.new(key, string_to_sign.encode(), sha256).hexdigest()


@lru_cache(maxsize=64)
def _path_of(url: str) -> str:
    return quote(normalize_url_path(urlsplit(url).path), safe="/~")


@lru_cache(maxsize=16)
def _key_of(secret: str, day: str, region: str, service: str) -> bytes:
    """The same for all of a day's calls to a service, as long as the credentials live."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key


AUTH_TYPE_MAPS[SIGNATURE] = SignedOnce


def _is_plain(request: AWSRequest, headers: dict[str, str]) -> bool:
    """A body of bytes that is signed, no query, the host named: what a JSON call is."""
    return (
        isinstance(request.data, bytes)
        and "host" in headers
        and "x-amz-content-sha256" not in headers
        and not request.params
        and "?" not in str(request.url)
        and not {"checksum", "payload_signing_enabled"} & request.context.keys()
    )


class Headers(dict[str, str]):
    """All that botocore asks of its own class of headers, for a request that names each once."""

    def replace_header(self, name: str, value: str) -> None:
        self[name] = value


class PlainPreparer(AWSRequestPreparer):
    """Readies a request with a body of bytes and no query for the HTTP client.

    botocore copies its headers one by one into a dictionary that minds no case: 200 of the 1,100
    function calls of an SDK call, and as many more because they lie in a class for e-mails.
    """

    def prepare(self, original: AWSRequest) -> AWSPreparedRequest:
        body = original.data
        if not body or not isinstance(body, bytes) or original.params:
            return super().prepare(original)
        return AWSPreparedRequest(
            str(original.method),
            str(original.url),
            {**original.headers, "Content-Length": str(len(body))},  # type: ignore[arg-type]
            body,
            original.stream_output,
            original.context,
        )


PREPARER = PlainPreparer()


class PlainValues(JSONParser):
    """Reads DynamoDB's texts and numbers as they came: `{"S": "a"}` means the same in botocore.

    botocore asks for each value which of the ten kinds it has and whether it is exactly one, on a
    copy: 10 microseconds an attribute, 0.07 ms of 1.1 for a conversation.
    """

    def _handle_structure(self, shape: StructureShape, value: Any) -> Any:
        if shape.name == "AttributeValue" and value and ("S" in value or "N" in value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]

    def _handle_map(self, shape: MapShape, value: Any) -> Any:
        """An item, whose names need no reading."""
        if shape.value.name != "AttributeValue":
            return super()._handle_map(shape, value)  # type: ignore[misc]
        one: Any = shape.value
        return {name: self._handle_structure(one, each) for name, each in value.items()}


class Parsers(ResponseParserFactory):
    """botocore's parsers of answers, ours among them."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        if protocol_name == "json":
            return PlainValues(**self._defaults)  # type: ignore[attr-defined]
        return super().create_parser(protocol_name)


def session() -> Session:
    """The session that all our clients come from."""
    made = Session()
    if not _wants_other_addresses(made):
        paths = made.get_component("data_loader").search_paths
        made.register_component(
            "data_loader", QuietLoader(paths, include_default_search_paths=False)
        )
        for service in SIGNED:
            made.register(f"before-call.{service}", _name_host)
            made.register(f"choose-signer.{service}", _sign_once)
        for service in ONE_ADDRESS:
            made.register(f"request-created.{service}", _plainly)
    made.register_component("response_parser_factory", Parsers())
    return made


def user_agent(made: Session) -> Config:
    """Who we are, as one text. botocore's own has what each call made use of, for AWS's statistics,
    and is put together twice a call: 0.07 ms of 1.4."""
    return Config(user_agent=f"Puente {made.user_agent()}")


def _name_host(**call: Any) -> None:
    """The header that the HTTP client would add at the end. It is signed, and botocore takes the
    URL apart for it twice a call as long as it is not there: 0.05 ms of 1.4."""
    request = call["params"]
    request["headers"]["Host"] = _host_of(request["url"])


@lru_cache(maxsize=64)
def _host_of(url: str) -> str:
    return urlsplit(url).netloc


def _plainly(**call: Any) -> None:
    """Before it is signed. The services of the text path name each header in one way only."""
    request = call["request"]
    request.headers = Headers(request.headers.items())
    request._request_preparer = PREPARER


def _sign_once(**call: Any) -> Any:
    return SIGNATURE if call["signature_version"] == "v4" else None


def _wants_other_addresses(made: Session) -> bool:
    """FIPS, dual-stack, account-based and discovered addresses need botocore's whole way."""
    if made.get_config_variable("account_id_endpoint_mode") == "required":
        return True
    if made.get_config_variable("endpoint_discovery_enabled") != "auto":
        return True
    return any(made.get_config_variable(name) for name in OTHER_ADDRESSES)
