"""The door to WhatsApp through Meta's Cloud API, for those who have no End User Messaging.

The same promises as `end_user_messaging.py`: a message is never sent twice by this door, so no call
is repeated here. `origination_id` is Meta's own id of the number. Source: Meta, messages and
business-phone-numbers/media; reference whatsapp-eum.md sections 5 and 7.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

from chalicelib.errors import (
    Denied,
    Garbled,
    Rejected,
    ServiceError,
    Throttled,
    Unreachable,
    Unsure,
    WindowClosed,
)
from chalicelib.ports.whatsapp import StoredMedia
from chalicelib.whatsapp.failures import FailureClass, failure_of

SERVICE = "whatsapp"
TIMEOUT = urllib3.Timeout(connect=2, read=8)
UNAUTHORIZED, FORBIDDEN, TOO_MANY, SERVER_ERROR = 401, 403, 429, 500
TOKEN_ERRORS = (0, 10, 190)  # Meta: AuthException, permission, access token expired
NO_CODE = -1

Read = Callable[[str], bytes]
Write = Callable[[str, bytes, str], None]


class CloudApi:
    """`read` and `write` reach the media bucket by key; `download` a presigned address.

    `token` gives the access token; it is asked for at every call, so that a new one counts.
    """

    def __init__(
        self,
        http: urllib3.PoolManager,
        *,
        base_url: str,
        version: str,
        token: Callable[[], str],
        read: Read,
        write: Write,
        download: Read,
    ) -> None:
        self._http = http
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._token = token
        self._read = read
        self._write = write
        self._download = download

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        try:
            answer = self._post(f"{origination_id}/messages", body)
        except Garbled as odd:
            # Of a send, an unreadable answer is no harmless one: it may have happened (law 7).
            raise Unsure("Meta's answer to a message is unreadable", service=SERVICE) from odd
        messages = answer.get("messages") or [{}]
        return str(messages[0].get("id", ""))

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        self._post(f"{origination_id}/messages", body)

    def fetch(self, origination_id: str, media_id: str, key: str) -> StoredMedia:
        """Meta gives an address for five minutes; the file passes through us into the bucket."""
        facts = self._json(
            self._request("GET", f"{self._root}/{media_id}?phone_number_id={origination_id}")
        )
        mime = str(facts.get("mime_type", ""))
        body = self._request("GET", str(facts.get("url", ""))).data
        self._write(key, body, mime)
        return StoredMedia(key=key, mime=mime, size=len(body))

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        return self._upload(origination_id, self._download(url), content_type)

    def upload_stored(self, origination_id: str, key: str) -> str:
        # What we store ourselves is named by what it is.
        content_type = "audio/ogg" if key.endswith(".ogg") else "image/jpeg"
        return self._upload(origination_id, self._read(key), content_type)

    def _upload(self, origination_id: str, body: bytes, content_type: str) -> str:
        form = {
            "messaging_product": "whatsapp",
            "type": content_type,
            "file": ("file", body, content_type),
        }
        answer = self._json(
            self._request("POST", f"{self._root}/{origination_id}/media", fields=form)
        )
        media_id = str(answer.get("id", ""))
        if not media_id:
            raise Rejected("the upload gave no media id", service=SERVICE, code="no_media_id")
        return media_id

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        written = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        return self._json(
            self._request("POST", f"{self._root}/{path}", body=written, headers=headers)
        )

    def _request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> urllib3.BaseHTTPResponse:
        allowed = {"Authorization": f"Bearer {self._token()}", **(headers or {})}
        try:
            answer = self._http.request(
                method, url, headers=allowed, timeout=TIMEOUT, retries=False, **content
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as e:
            raise Unreachable("Meta cannot be reached", service=SERVICE) from e
        except urllib3.exceptions.HTTPError as error:
            raise Unsure("Meta did not answer", service=SERVICE) from error
        if answer.status >= 300:  # noqa: PLR2004  (everything but success)
            raise _problem(answer)
        return answer

    @staticmethod
    def _json(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        try:
            found = json.loads(answer.data)
        except ValueError as error:
            raise Garbled("Meta answered no JSON", service=SERVICE) from error
        return found if isinstance(found, dict) else {}


def _problem(answer: urllib3.BaseHTTPResponse) -> ServiceError:
    """Our error for Meta's: decided by its code, and by the status where there is none."""
    code = _code(answer.data)
    failure = failure_of(code)
    kind = _kind(answer.status, code, failure.kind)
    return kind(
        f"Meta answered {answer.status}",
        service=SERVICE,
        code=str(code if code != NO_CODE else answer.status),
        tell_agent=failure.text_key,
    )


def _kind(status: int, code: int, failure: FailureClass) -> type[ServiceError]:
    if status == TOO_MANY or failure == "slow_down":
        return Throttled
    if failure == "window_closed":
        return WindowClosed
    if status in (UNAUTHORIZED, FORBIDDEN) or code in TOKEN_ERRORS:
        return Denied
    return Unsure if status >= SERVER_ERROR else Rejected


def _code(body: bytes) -> int:
    """Meta's error code; NO_CODE when the answer holds none."""
    try:
        return int(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return NO_CODE
