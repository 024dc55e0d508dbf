"""What the functions really call: the sandbox plays every kind of conversation and listens.

Only the permission test uses this; it needs the product's environment, not CDK. Each call is told
by the function that made it and by the resource it named (a queue's name, a table, an object key).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.names import AI_KEY
from infra.policies import ON_INSTANCE
from infra.recording_forgotten import forgotten
from infra.recording_late import card_after_the_chat
from infra.recording_links import WITH_LINKS
from infra.recording_scenarios import SCENARIOS
from sandbox.wire import HttpRequest, HttpResponse, Mount
from sandbox.wire.models import service_api
from sandbox.wire.parse import read_params
from sandbox.world import BUCKET, World

SECRET = "recorded/openai-api-key"  # noqa: S105  (its name)
SECRET_ARN = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{SECRET}"
LINK_SECRET = "recorded/media-link-key"  # noqa: S105
LINKS = {
    "MEDIA_LINK_DOMAIN": "media.example.com",
    "MEDIA_LINK_KEY_ID": "K1",
    "MEDIA_LINK_KEY": SECRET_ARN.replace(SECRET, LINK_SECRET),
}
LONG = {"CHAT_DURATION_MINUTES": "10080"}  # a chat outlives the window that closes in it
# The sandbox's functions have the names of their queues, or of AWS.
CALLERS = {
    "whatsapp-events": "ingest",
    "chat-events": "ingest",
    "inbound": "inbound",
    "outbound": "outbound",
    "voice-notes": "voice_notes",
}


@dataclass(frozen=True, order=True)
class Call:
    """One AWS call of a function. `resource`: what it named, "" when nothing (a token's call)."""

    function: str
    service: str
    operation: str
    resource: str


class Recorder:
    """Collects the calls of a world's functions, in `calls` where one is given."""

    def __init__(self, world: World, calls: set[Call] | None = None) -> None:
        self.calls = set() if calls is None else calls
        self._outer = ""
        self._of_thread = threading.local()
        self._world = world
        self._listen()
        self._name_functions()

    @contextmanager
    def during(self, function: str) -> Iterator[None]:
        """Calls made inside are this function's; a flow's function may run inside another, and a
        thread that a function starts is still that function."""
        running, outer = self._running(), self._outer
        running.append(function)
        self._outer = outer or function
        try:
            yield
        finally:
            running.pop()
            self._outer = outer

    def invoke(self, function: str, route: Callable[[], object]) -> None:
        """A route of this function is asked."""
        self._named_handler(function, lambda *_: route())({}, None)

    def _listen(self) -> None:
        router = self._world.router
        aws, plain = router.call_aws, router.call_mount

        def call_aws(service: str, operation: str, request: HttpRequest) -> HttpResponse:
            for name, resource in _named(service, operation, request):
                self._note(service, name, resource)
            return aws(service, operation, request)

        def call_mount(mount: Mount, request: HttpRequest) -> HttpResponse:
            # A signed address acts with the permissions of whoever signed it.
            if mount.name == "s3":
                operation = "PutObject" if request.method == "PUT" else "GetObject"
                self._note("s3", operation, _object_key(request))
            return plain(mount, request)

        router.call_aws, router.call_mount = call_aws, call_mount  # type: ignore[method-assign]

    def _note(self, service: str, operation: str, resource: str) -> None:
        function = self._running()[-1] if self._running() else self._outer
        if function:
            self.calls.add(Call(function, service, operation, resource))

    def _running(self) -> list[str]:
        found: list[str] = self._of_thread.__dict__.setdefault("running", [])
        return found

    def _name_functions(self) -> None:
        deliverer = self._world.deliverer
        deliverer.mappings[:] = [
            replace(m, handler=self._named_handler(CALLERS[m.function_name], m.handler))
            for m in deliverer.mappings
        ]
        lambdas = self._world.lambdas
        for name, (handler, timeout_s) in list(lambdas._handlers.items()):
            ours = name.partition("-")[2].partition("-")[2]  # puente-<stage>-<function>
            lambdas.register(name, self._named_handler(ours, handler), timeout_s=timeout_s)

    def _named_handler(self, function: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        def run(event: Any, context: Any) -> Any:
            # In AWS each function is a process of its own, and knows no other's secrets.
            self._world.app.secrets._kept.clear()
            with self.during(function):
                return handler(event, context)

        return run


def record() -> set[Call]:
    """Play all scenarios; every call that was made."""
    every = (*SCENARIOS, card_after_the_chat, forgotten)
    return _recorded({}, every) | _recorded({"START_CHAT_IN_ONE_CALL": "false"}, every)


def record_with_links() -> set[Call]:
    """What shows files to agents, with links through CloudFront."""
    return _recorded(LINKS, WITH_LINKS)


def _recorded(
    settings: Mapping[str, str], scenarios: Iterable[Callable[[World], None]]
) -> set[Call]:
    calls: set[Call] = set()
    for scenario in scenarios:
        with World(settings={**settings, AI_KEY: SECRET_ARN, **LONG}) as world:
            keep = boto3.client("secretsmanager").create_secret
            keep(Name=SECRET, SecretString="any")
            keep(Name=LINK_SECRET, SecretString=_a_private_key())
            recorder = Recorder(world)
            scenario(world)
            recorder.invoke("api", world.app.dependencies.ask)  # app.ready
            calls |= recorder.calls
    return calls


@cache
def _a_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


# --- what a call names ----------------------------------------------------------------------------


def _named(service: str, operation: str, request: HttpRequest) -> list[tuple[str, str]]:
    """(operation, resource) of a call; a transaction is each of its parts."""
    if service == "s3":
        return [(operation, _OF_BUCKET.get(operation) or _object_key(request))]
    if operation in ON_INSTANCE:
        return [(operation, "instance")]
    params = read_params(service_api(service).operation(operation), request, EVERYTHING)
    if operation == "TransactWriteItems":
        return [
            (_PARTS[kind], part["TableName"])
            for item in params["TransactItems"]
            for kind, part in item.items()
        ]
    return [(operation, _resource(params))]


# Calls on the bucket: what they list, and below which part of the keys they delete.
_OF_BUCKET = {
    "ListObjectVersions": "?versions",
    "HeadBucket": "?bucket",
    "DeleteObjects": "inbound",
}
EVERYTHING = frozenset(("message", "Body"))
_PARTS = {
    "Update": "UpdateItem",
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _resource(params: dict[str, Any]) -> str:
    if "QueueUrl" in params:
        return str(params["QueueUrl"]).rpartition("/")[2]
    if "IndexName" in params:
        return f"{params['TableName']}/index/{params['IndexName']}"
    for name in ("TableName", "SecretId", "ContactFlowId", "originationPhoneNumberId"):
        if name in params:
            return str(params[name])
    return "contact" if "ContactId" in params or "InitialContactId" in params else ""


def _object_key(request: HttpRequest) -> str:
    """The first part of the key, by which policies tell objects; path style or virtual host."""
    path = unquote(urlsplit(request.url).path).lstrip("/")
    return path.removeprefix(f"{BUCKET}/").partition("/")[0]
