"""Meta's Graph API for WhatsApp, as much of it as a business without End User Messaging needs.

Mounted on the sandbox's loopback server over the same WhatsApp network. Errors have Meta's form:
{"error": {"message", "code", "type", "fbtrace_id"}}. Source: Meta, messages and
business-phone-numbers/media; reference whatsapp-eum.md section 7.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from sandbox.offline_ai import multipart
from sandbox.whatsapp.account import BusinessNumber
from sandbox.whatsapp.media_store import kinds_for, media_problem
from sandbox.whatsapp.network import WhatsAppNetwork
from sandbox.wire import HttpRequest, HttpResponse

PREFIX = "/graph"
FILES = "files"
BAD_TOKEN, BAD_REQUEST, BAD_MEDIA = 190, 100, 131053


class GraphError(Exception):
    """A refusal: HTTP status, Meta's code, words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class GraphApi:
    """Answers requests under PREFIX. `url` is the address of the loopback server."""

    def __init__(self, network: WhatsAppNetwork, *, token: str, url: Callable[[], str]) -> None:
        self._network = network
        self._token = token
        self._url = url

    def handle(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        try:
            return self._answer(request)
        except GraphError as refused:
            body = {
                "message": str(refused),
                "type": "OAuthException",
                "code": refused.code,
                "fbtrace_id": "sandbox",
            }
            return _json(refused.status, {"error": body})

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise GraphError(401, BAD_TOKEN, "Invalid OAuth access token.")
        path = request.path.removeprefix(PREFIX).strip("/").split("/")
        if path[0] == FILES:
            return HttpResponse(body=self._media(path[1]).body)
        rest = path[1:]  # the first is the version
        if request.method == "GET" and len(rest) == 1:
            return self._facts(rest[0])
        if request.method == "POST" and rest[1:] == ["messages"]:
            return self._message(self._number(rest[0]), json.loads(request.body))
        if request.method == "POST" and rest[1:] == ["media"]:
            return self._upload(self._number(rest[0]), request)
        raise GraphError(400, BAD_REQUEST, f"Unsupported {request.method} request.")

    def _message(self, number: BusinessNumber, body: dict[str, Any]) -> HttpResponse:
        if "status" in body:
            typing = body.get("typing_indicator") is not None
            known = self._network.mark_read(str(body.get("message_id")), typing=typing)
            if not known:
                raise GraphError(400, BAD_REQUEST, "(#100) Invalid parameter")
            return _json(200, {"success": True})
        if not (body.get("to") or body.get("recipient")):
            raise GraphError(400, BAD_REQUEST, "(#100) The parameter to is required.")
        sent = self._network.send(number, body)
        return _json(200, {"messaging_product": "whatsapp", "messages": [{"id": sent.wamid}]})

    def _facts(self, media_id: str) -> HttpResponse:
        media = self._media(media_id)
        return _json(
            200,
            {
                "messaging_product": "whatsapp",
                "url": f"{self._url()}{PREFIX}/{FILES}/{media.id}",
                "mime_type": media.mime_type,
                "sha256": media.sha256,
                "file_size": len(media.body),
                "id": media.id,
            },
        )

    def _upload(self, number: BusinessNumber, request: HttpRequest) -> HttpResponse:
        fields = multipart.read(request.headers.get("content-type", ""), request.body)
        body, mime_type = fields["file"][0].content, fields["type"][0].text
        kinds = kinds_for(mime_type)
        problem = media_problem(kinds[0], body, mime_type) if kinds else f"{mime_type}?"
        if problem:
            raise GraphError(400, BAD_MEDIA, f"(#131053) {problem}")
        media = self._network.media.add(body, mime_type, number.key, uploaded=True)
        return _json(200, {"id": media.id})

    def _number(self, meta_id: str) -> BusinessNumber:
        for number in self._network.account.numbers:
            if number.meta_id == meta_id:
                return number
        raise GraphError(400, BAD_REQUEST, f"Object with ID '{meta_id}' does not exist")

    def _media(self, media_id: str) -> Any:
        for number in self._network.account.numbers:
            found = self._network.media.find(media_id, number.key)
            if found is not None:
                return found
        raise GraphError(400, BAD_REQUEST, f"Object with ID '{media_id}' does not exist")


def signature(body: bytes, app_secret: str) -> str:
    """X-Hub-Signature-256, as Meta signs a webhook."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def _json(status: int, body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(
        status=status,
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        error="" if status == 200 else f"HTTP {status}",
    )
