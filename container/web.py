"""The REST routes of `app.py` as a WSGI application: Chalice speaks API Gateway's events only."""

import base64
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from chalice.app import Chalice

MOST_BYTES = 4_000_000  # Meta's calls have up to 3 MB
Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]


def wsgi(app: Chalice) -> Callable[[Environ, Start], Iterable[bytes]]:
    """The app's routes; anything else is 404, a body that is too large 413."""

    def serve(environ: Environ, start: Start) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if path not in app.routes or method not in app.routes[path]:
            return _answer(start, HTTPStatus.NOT_FOUND)
        if length > MOST_BYTES:
            return _answer(start, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        told = app(_event(environ, method, path, environ["wsgi.input"].read(length)), None)
        headers = {name: str(value) for name, value in (told.get("headers") or {}).items()}
        return _answer(start, HTTPStatus(told["statusCode"]), told["body"].encode(), headers)

    return serve


def _event(environ: Environ, method: str, path: str, body: bytes) -> dict[str, Any]:
    """API Gateway's proxy event, format 1.0; the body in base64, since it is signed as bytes."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or "application/json"
    return {
        "requestContext": {"httpMethod": method, "resourcePath": path, "path": path},
        "httpMethod": method,
        "path": path,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": query or None,
        "pathParameters": None,
        "stageVariables": None,
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def _answer(
    start: Start, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None
) -> list[bytes]:
    start(f"{status.value} {status.phrase}", list((headers or {}).items()))
    return [body]
