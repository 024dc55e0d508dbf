"""The straight way of a JSON call to the wire, in botocore's clients.

botocore offers some thirty events on the way of a call, to whoever may listen; for a text that is
half of all functions called. `before-call` is its place for who answers in its stead (its own
Stubber does). What is sent is what botocore sends, to the letter (`tests/gateways/test_sdk.py`);
whether a call is tried again, and when, and what an answer means, botocore says as ever.
"""

import itertools
import time
import uuid
from binascii import crc32
from functools import lru_cache
from typing import Any

from botocore import UNSIGNED
from botocore.auth import _host_from_url  # type: ignore[attr-defined]
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionError as NotReached
from botocore.exceptions import HTTPClientError, NoCredentialsError

from chalicelib.gateways.signature import Signer

REFUSED = 300  # statuses from here on

Answer = tuple[Any, dict[str, Any]]  # of HTTP, and what it means
NO_ANSWER = (HTTPClientError, NotReached)  # all that botocore tries again for


def go_straight(client: Any, parser: Any) -> None:
    """From now on, where a call is plain. `parser` reads the answers of the client's service."""
    # The last one asked: others may change what is sent until then.
    client.meta.events.register_last("before-call", _Straight(client, parser).answer)


class _Straight:
    def __init__(self, client: Any, parser: Any) -> None:
        self._endpoint, self._parser = client._endpoint, parser
        self._emit = client.meta.events.emit
        self._before_send = f"before-send.{client.meta.service_model.service_id.hyphenize()}"
        self._most = client.meta.config.retries["total_max_attempts"]
        # Only DynamoDB says what its answers have to be.
        self._tells_no_sum = client.meta.service_model.service_name != "dynamodb"

    def answer(
        self, model: Any, params: dict[str, Any], request_signer: Any, **_: Any
    ) -> Answer | None:
        """The event's answer; None: botocore's own way.

        Raises what botocore raises: of its HTTP client, or that there are no credentials.
        """
        if not _is_plain(params, request_signer):
            return None
        tries = {"amz-sdk-invocation-id": _new_name()}
        attempt = 1
        got = self._try(attempt, model, params, request_signer, tries)
        while self._is_to_be_tried_again(attempt, model, params, got):
            attempt += 1
            got = self._try(attempt, model, params, request_signer, tries)
        if isinstance(got, Exception):
            raise got
        got[1]["ResponseMetadata"]["RetryAttempts"] = attempt - 1
        return got

    def _try(
        self, attempt: int, model: Any, params: dict[str, Any], signer: Any, tries: dict[str, str]
    ) -> Answer | Exception:
        """The error if there was no answer; others are raised, as botocore does in the end."""
        tries["amz-sdk-request"] = f"attempt={attempt}; max={self._most}"
        request = _request(params, signer, tries)
        try:
            offered = self._emit(f"{self._before_send}.{model.name}", request=request)
            told = next((answer for _, answer in offered if answer is not None), None)
            http = told or self._endpoint.http_session.send(request)
        except NO_ANSWER as error:
            return error
        return http, self._read(http, model)

    def _is_to_be_tried_again(
        self, attempt: int, model: Any, params: dict[str, Any], got: Answer | Exception
    ) -> bool:
        """botocore's answer, which has waited then; it is not asked about what went well."""
        if isinstance(got, Exception):
            return bool(self._endpoint._needs_retry(attempt, model, params, None, got))
        if got[0].status_code < REFUSED and (self._tells_no_sum or _is_whole(got[0])):
            return False
        return bool(self._endpoint._needs_retry(attempt, model, params, got, None))

    def _read(self, http: Any, model: Any) -> dict[str, Any]:
        refused = http.status_code >= REFUSED
        answer = {
            # Of what went well nobody reads them, and botocore copies each one in small letters.
            "headers": http.headers if refused or _tells_by_headers(model.output_shape) else {},
            "status_code": http.status_code,
            "context": {"operation_name": model.name},
            "body": http.content,
        }
        parsed: dict[str, Any] = self._parser.parse(answer, model.output_shape)
        if refused:
            self._endpoint._add_modeled_error_fields(answer, parsed, model, self._parser)
        return parsed


@lru_cache(maxsize=256)
def _tells_by_headers(shape: Any) -> bool:
    """Whether an answer has parts beside its body. Shapes live as long as their client."""
    members = shape.members.values() if shape else ()
    return any("location" in member.serialization for member in members)


def _is_whole(http: Any) -> bool:
    """DynamoDB tells its answers' checksum: one cut short on the way reads as no item at all."""
    told = http.headers.get("x-amz-crc32")
    return told is None or told == str(crc32(http.content))


def _is_plain(params: dict[str, Any], signer: Any) -> bool:
    """A body of bytes, no query, and signed as a whole or not at all: what a JSON call is."""
    context = params["context"]
    how = context.get("auth_type") or signer.signature_version
    return (
        params["body"].__class__ is bytes
        and not params["query_string"]
        and (how == "v4" or how is UNSIGNED)
        and not {"signing", "checksum"} & context.keys()
        and not context["has_streaming_input"]
    )


def _request(params: dict[str, Any], signer: Any, tries: dict[str, str]) -> AWSPreparedRequest:
    body, headers = params["body"], params["headers"].copy()
    if signer.signature_version is not UNSIGNED:
        _sign(headers, params, signer)
    headers.update(tries)
    headers["Content-Length"] = str(len(body))
    context = params["context"]
    return AWSPreparedRequest(params["method"], params["url"], headers, body, False, context)


def _sign(headers: dict[str, str], params: dict[str, Any], signer: Any) -> None:
    """Adds what signature 4 wants said. Raises NoCredentialsError."""
    name, region = signer.signing_name, signer.region_name
    who = signer.get_auth_instance(name, region, "v4").credentials
    if who is None:
        raise NoCredentialsError
    stamp = moment()
    headers["Host"], headers["X-Amz-Date"] = _host_of(params["url"]), stamp
    if who.token:
        headers["X-Amz-Security-Token"] = who.token
    signs = _signer(who.access_key, who.secret_key, region, name)
    sent = (params["method"], params["url"], headers, params["body"])
    headers["Authorization"] = signs.authorization(stamp, *sent)


_signer = lru_cache(maxsize=16)(Signer)


def moment() -> str:
    """Now, as signatures have it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


_PROCESS = str(uuid.uuid4())[:-12]
_NUMBERS = itertools.count(1)


def _new_name() -> str:
    """Of a call, in the form of a UUID. AWS wants it for its statistics; to ask the system for 16
    random bytes each time is a fifteenth of a text."""
    return f"{_PROCESS}{next(_NUMBERS):012x}"


@lru_cache(maxsize=64)
def _host_of(url: str) -> str:
    """The header that the HTTP client would add at the end; it is signed. Without the usual port
    and without who asks, whom an operator's address may name."""
    host: str = _host_from_url(url)
    return host
