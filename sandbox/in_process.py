"""The whole of AWS inside one process: real clients, no network.

    with in_process(router) as sandbox:
        boto3.client("connect").start_chat_contact(...)

botocore's `before-send` event is the only place that sees every client, pynamodb's included (it
opens a session of its own). Sessions take their handlers from a list when they are created, so
**a client created before `in_process` is not caught**: it is refused at its first call rather
than let out to the network. Clients created inside keep working in a later `in_process`.
"""

import io
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, NoReturn, cast
from unittest.mock import patch

import botocore.endpoint
import botocore.waiter
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.httpsession import URLLib3Session
from moto.core.model_instances import reset_model_data

from sandbox.clock import SandboxClock
from sandbox.faults import Action, AnswerLost
from sandbox.moto_services import REGION, MotoServices
from sandbox.sdk_files import read_once
from sandbox.server import SandboxServer
from sandbox.wire import HttpRequest, Router
from sandbox.wire.http import plain_headers

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
BACK_OFF_S = 1.0  # how far one SDK back-off moves a virtual clock
# Event names carry the hyphenized service id; botocore's model folders are called otherwise.
_SERVICE_NAMES = {"secrets-manager": "secretsmanager", "cloudwatch-logs": "logs"}


class NoNetwork(Exception):
    """A call nobody in the sandbox answers. It was not sent anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcess:
    """A running in-process sandbox; `server` is the loopback server for plain HTTP."""

    router: Router
    server: SandboxServer

    @property
    def url(self) -> str:
        """Where plain HTTP of the sandbox lives, e.g. `http://127.0.0.1:40123`."""
        return self.server.url


_active: list[InProcess] = []


@contextmanager
def in_process(router: Router, *, port: int = 0) -> Iterator[InProcess]:
    """Answer every botocore call of this process with `router` until the block ends.

    Sets dummy credentials and a region, resets moto, starts the loopback server (port 0: any) and
    points S3's endpoint at it, so that presigned URLs are reachable by plain HTTP. SDK back-offs
    pass on the sandbox's clock instead of being waited for. Raises RuntimeError when one is
    active already.
    """
    if _active:
        raise RuntimeError("the sandbox is already active in this process")
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer(router, port=port))
        stack.enter_context(patch.dict(os.environ, _environment(server.url), clear=True))
        _start_moto(stack)
        router.fallback = router.fallback or MotoServices()
        clock = SimpleNamespace(sleep=partial(_back_off, router.clock), time=time.time)
        stack.enter_context(patch.object(botocore.endpoint, "time", clock))
        stack.enter_context(patch.object(botocore.waiter, "time", clock))
        stack.enter_context(read_once())
        stack.enter_context(patch.object(URLLib3Session, "send", _refuse_network))
        BUILTIN_HANDLERS.append(("before-send", _before_send))
        stack.callback(BUILTIN_HANDLERS.remove, ("before-send", _before_send))
        sandbox = InProcess(router=router, server=server)
        _active.append(sandbox)
        stack.callback(_active.clear)
        yield sandbox


def _environment(url: str) -> dict[str, str]:
    """The environment without anything that points at a real account or another endpoint."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": url}


def _back_off(clock: SandboxClock, seconds: float) -> None:
    """Virtual back-offs all last the same: the SDK's jitter is unseeded, runs must repeat."""
    clock.sleep(BACK_OFF_S if clock.virtual else seconds)


def _start_moto(stack: ExitStack) -> None:
    """Empty at the beginning and at the end. Its own hooks stay off: `mock_aws` would lay 1,300
    addresses into `requests`, which nothing here speaks, 10 ms each time."""
    stack.enter_context(patch("boto3.DEFAULT_SESSION", None))
    _forget()
    stack.callback(_forget)


def _forget() -> None:
    MotoServices().reset()
    reset_model_data()


def _before_send(request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
    _event, service_id, operation = event_name.split(".", 2)
    service = _SERVICE_NAMES.get(service_id, service_id)
    if not _active or not _active[0].router.plays(service):
        raise NoNetwork(f"nobody in the sandbox answers {service}.{operation}")
    try:
        answer = _active[0].router.call_aws(service, operation, _plain_request(request))
    except AnswerLost as lost:
        raise _timeout(lost.action, str(request.url)) from lost
    headers, raw = HTTPHeaders(), cast("Any", _RawBody(answer.body))
    for name, value in answer.headers.items():
        headers[name] = value
    return AWSResponse(str(request.url), answer.status, headers, raw)


def _plain_request(request: AWSPreparedRequest) -> HttpRequest:
    body: Any = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return HttpRequest(
        method=str(request.method),
        url=str(request.url),
        headers=plain_headers(dict(request.headers.items())),
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _timeout(action: Action, url: str) -> Exception:
    if action is Action.CONNECT_TIMEOUT:
        return ConnectTimeoutError(endpoint_url=url)
    return ReadTimeoutError(endpoint_url=url)


def _refuse_network(_session: URLLib3Session, request: AWSPreparedRequest) -> NoReturn:
    raise NoNetwork(f"a client created before in_process() asked for {request.url}")


class _RawBody(io.BytesIO):
    """What botocore expects of urllib3's body."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The body in one piece."""
        yield self.read()
