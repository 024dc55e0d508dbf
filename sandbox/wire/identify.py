"""Which service and operation a request over a socket is for."""

import json
import re
from functools import partial
from urllib.parse import parse_qs, unquote

from sandbox.wire.answers import refusal
from sandbox.wire.emulator import AwsError
from sandbox.wire.http import HttpRequest, HttpResponse
from sandbox.wire.models import service_api
from sandbox.wire.router import Mount, Router

# SigV4: `Credential=<key>/<date>/<region>/<signing name>/aws4_request`
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/[^/,]+/([^/,]+)/aws4_request")
_SIGNED_AS = {
    "social-messaging": "socialmessaging",
    "execute-api": "connectparticipant",
    "servicequotas": "service-quotas",
    "monitoring": "cloudwatch",
}
_PARTICIPANT = "/participant/"
_S3_OBJECT = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "HEAD": "HeadObject",
    "DELETE": "DeleteObject",
}


def identify(router: Router, request: HttpRequest) -> tuple[str, str] | Mount | HttpResponse:
    """(service, operation), the mount that answers, or a refusal nobody has to be asked for."""
    service = _service(request)
    if service is not None and not router.plays(service):
        return _nobody(501, f"the sandbox does not play {service}")
    if service is not None:
        try:
            return service, _operation(service, request)
        except AwsError as unknown:
            return refusal(service, unknown)
    if _presigned(request) and router.fallback:
        handler = partial(router.fallback.respond, "s3")
        return Mount(prefix="presigned", name="s3", handler=handler, locked=True)
    return router.mounted(request.path) or _nobody(404, f"nothing is mounted at {request.path}")


def _service(request: HttpRequest) -> str | None:
    signed = _SCOPE.search(request.headers.get("authorization", ""))
    if signed:
        return _SIGNED_AS.get(signed[1], signed[1])
    return "connectparticipant" if request.path.startswith(_PARTICIPANT) else None


def _operation(service: str, request: HttpRequest) -> str:
    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    if service == "s3":
        has_key = "/" in request.path.strip("/")
        return _S3_OBJECT.get(request.method, request.method) if has_key else request.method
    if service_api(service).model.metadata["protocol"] == "query":
        return parse_qs(request.body.decode()).get("Action", ["unknown"])[0]
    return service_api(service).route(request.method, request.path)


def _presigned(request: HttpRequest) -> bool:
    """SigV4 presigned addresses carry their scope in the query, SigV2 ones a key and signature."""
    query = request.query
    scope = unquote(query.get("X-Amz-Credential", [""])[0])
    return "/s3/" in scope or {"AWSAccessKeyId", "Signature"} <= query.keys()


def _nobody(status: int, message: str) -> HttpResponse:
    body = json.dumps({"__type": "NotImplemented", "message": message}).encode()
    headers = {"content-type": "application/json", "x-amzn-errortype": "NotImplemented"}
    return HttpResponse(status=status, headers=headers, body=body, error=str(status))
