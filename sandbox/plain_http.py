"""Plain HTTP as services of AWS do it: to presigned addresses, which live on the loopback server.

The sandbox's S3 answers on 127.0.0.1. An address of the real S3 is asked there too; any other
would leave the machine and is refused.
"""

import http.client
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sandbox.wire import HttpRequest, HttpResponse

TIMEOUT_S = 30.0
_LOOPBACK = ("127.0.0.1", "localhost")
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-].*amazonaws\.com")


class LoopbackHttp:
    """Sends requests to the loopback server. `base_url` gives its address when it is needed."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        self._base_url = base_url

    def fetch(self, request: HttpRequest) -> HttpResponse:
        """Send one request. Raises ConnectionError when nobody answers, ValueError off loopback."""
        parts = urlsplit(self._local(request.url))
        if parts.hostname not in _LOOPBACK:
            raise ValueError(f"the sandbox does not leave this machine: {parts.hostname}")
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)
        try:
            connection.request(request.method, target, request.body, dict(request.headers))
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return HttpResponse(status=answer.status, headers=headers, body=answer.read())
        except (OSError, http.client.HTTPException) as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    def _local(self, url: str) -> str:
        """An S3 address, virtual-hosted or path style, as the loopback server's path style."""
        parts = urlsplit(url)
        host = _S3_HOST.fullmatch(parts.hostname or "")
        if host is None:
            return url
        bucket = f"/{host['bucket']}" if host["bucket"] else ""
        return f"{self._base_url()}{bucket}{parts.path}?{parts.query}"
