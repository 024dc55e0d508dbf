"""The door to presigned addresses: files that must pass through us, because they are converted."""

from urllib.parse import urlsplit

import urllib3

from chalicelib.errors import Rejected, Throttled, Unsure

SERVICE = "download"
TIMEOUT = urllib3.Timeout(connect=2, read=8)
SERVER_ERROR, CLIENT_ERROR = 500, 400


class WebFiles:
    """Reads whole files. `http` is the shared connection pool."""

    def __init__(self, http: urllib3.PoolManager) -> None:
        self._http = http

    def read(self, url: str) -> bytes:
        """The file behind a presigned address."""
        host = urlsplit(url).hostname
        try:
            answer = self._http.request("GET", url, timeout=TIMEOUT, retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise Unsure(f"download from {host} broke off", service=SERVICE) from error
        if answer.status >= SERVER_ERROR:
            raise Throttled("the download was refused for now", service=SERVICE)
        if answer.status >= CLIENT_ERROR:
            raise Rejected("the download was refused", service=SERVICE, code=str(answer.status))
        return answer.data
