"""DynamoDB, S3 and the rest of AWS that the sandbox does not play itself: moto answers them.

moto's own hook is not used: its answers are asked for through `process_request`, so that its calls
are counted and can fail like every other. moto's clock is the wall clock.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.base_backend import BackendDict
from moto.core.models import botocore_stubber

from sandbox.wire import HttpRequest, HttpResponse

REGION = "us-east-1"
MOTO_SERVICES = frozenset({"dynamodb", "s3", "secretsmanager", "sns", "sts"})
_AWS_HOST = re.compile(r"\.amazonaws\.com$")
_CODE = re.compile(rb"<Code>([^<]+)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]+)\"")


class MotoServices:
    """The router's fallback. State is moto's own, one per process."""

    def plays(self, service: str) -> bool:
        """Whether moto is asked for this service."""
        return service in MOTO_SERVICES

    def respond(self, service: str, request: HttpRequest) -> HttpResponse:
        """Hand the request to moto as if it had been sent to AWS."""
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name] = value
        prepared = AWSPreparedRequest(
            method=request.method,
            url=aws_url(service, request.url),
            headers=headers,
            body=request.body,
            stream_output=False,
        )
        status, answered, body = botocore_stubber.process_request(prepared)
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        error = _error_code(status, payload)
        return HttpResponse(status=status, headers=_texts(answered), body=payload, error=error)

    def reset(self) -> None:
        """Forget every table, bucket and secret."""
        BackendDict.reset()


def aws_url(service: str, url: str) -> str:
    """The URL AWS would be asked under, when a client was given the loopback server's address."""
    parts = urlsplit(url)
    if _AWS_HOST.search(parts.hostname or ""):
        return url
    return parts._replace(scheme="https", netloc=f"{service}.{REGION}.amazonaws.com").geturl()


def _texts(headers: dict[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _error_code(status: int, body: bytes) -> str:
    if status < 400:
        return ""
    found = _CODE.search(body)
    return (found[1] or found[2]).decode() if found else str(status)
