"""OpenAI on a laptop: the wire format of the real service, offline engines behind it.

`/v1/audio/transcriptions` is a real speech engine, `/v1/chat/completions` and `/v1/responses` are
rules; every answer names its engine, "offline-...". What is not played is
refused with status 501 and its name. The handler mounts on the sandbox's server (`locked=False`:
recognising takes seconds); `serving` starts it alone.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.offline_ai import engines, facts_api, multipart, speech_api, structurer
from sandbox.offline_ai.speech_api import ApiError
from sandbox.server import SandboxServer
from sandbox.wire import HttpRequest, HttpResponse, Router


class OpenAiEndpoint:
    """Answers requests to `/v1/...`.

    `now` dates notes that come without a time; `engine` is one of `engines.NAMES`, "" the chosen
    one. Raises NoSuchEngineError.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), engine: str = ""
    ) -> None:
        self._now = now
        self._engine = engines.chosen(engine)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """One request, whatever its path."""
        try:
            return _json(200, self._answer(request))
        except ApiError as error:
            return _failed(error)

    def _answer(self, request: HttpRequest) -> dict[str, Any]:
        _authorise(request)
        path = request.path[request.path.find("/v1/") :].rstrip("/")
        if (request.method, path) == ("GET", "/v1/models"):
            return _models(self._engine)
        if (request.method, path) == ("POST", "/v1/audio/transcriptions"):
            return _transcription(request, self._engine)
        if (request.method, path) == ("POST", "/v1/chat/completions"):
            return facts_api.chat_completion(_body(request), now=self._now())
        if (request.method, path) == ("POST", "/v1/responses"):
            return facts_api.response(_body(request), now=self._now())
        raise ApiError(501, "not_implemented", f"not played here: {request.method} {path}")


@contextmanager
def serving(endpoint: OpenAiEndpoint, *, port: int = 0) -> Iterator[str]:
    """The endpoint alone on a port of 127.0.0.1; gives its base URL, for `OPENAI_BASE_URL`."""
    router = Router(SandboxClock.real())
    router.mount("/v1", endpoint.handle, name="openai", locked=False)
    with SandboxServer(router, port=port) as server:
        yield f"{server.url}/v1"


def _transcription(request: HttpRequest, engine: str) -> dict[str, Any]:
    try:
        fields = multipart.read(request.headers.get("content-type", ""), request.body)
    except ValueError as error:
        raise ApiError(400, "invalid_request", str(error)) from error
    return speech_api.transcription(fields, engine)


def _authorise(request: HttpRequest) -> None:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise ApiError(401, "invalid_api_key", "you did not provide an API key")


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ApiError(400, "invalid_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_json", "the body is not a JSON object")
    if body.get("stream"):
        raise ApiError(400, "unsupported_value", "streaming is not played here", "stream")
    if body.get("tools"):
        raise ApiError(400, "unsupported_value", "tools are not played here", "tools")
    return body


def _models(engine: str) -> dict[str, Any]:
    # Any name is taken; of OpenAI's own those that the product asks for unless told otherwise.
    openai = ("gpt-transcribe", "gpt-4o-transcribe", "gpt-5-mini")
    names = (engines.loaded(engine).name, structurer.ENGINE, *openai)
    models = [{"id": n, "object": "model", "created": 0, "owned_by": "sandbox"} for n in names]
    return {"object": "list", "data": models}


def _json(status: int, body: dict[str, Any], error: str = "") -> HttpResponse:
    headers = {"content-type": "application/json"}
    content = json.dumps(body, ensure_ascii=False).encode()
    return HttpResponse(status=status, headers=headers, body=content, error=error)


def _failed(error: ApiError) -> HttpResponse:
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    told = {
        "message": error.message,
        "type": kind,
        "param": error.param or None,
        "code": error.code,
    }
    return _json(error.status, {"error": told}, error.code)
