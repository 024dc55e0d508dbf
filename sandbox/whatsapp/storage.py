"""Where End User Messaging reads and writes media: a bucket, or a presigned address."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from sandbox.wire import AwsError, HttpRequest, HttpResponse

PutObject = Callable[[str, str, bytes, str], None]
"""(bucket, key, body, content type)"""
GetObject = Callable[[str, str], tuple[bytes, str]]
"""(bucket, key) -> (body, content type); raises LookupError when there is none"""
Fetch = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The ways out of the emulator. `released` lends the sandbox's lock while they are used."""

    put_object: PutObject
    get_object: GetObject
    fetch: Fetch
    released: Callable[[], AbstractContextManager[None]] = nullcontext

    def put(self, bucket: str, key: str, body: bytes, mime_type: str) -> None:
        """Write a file. Raises AwsError when the bucket is missing or closed."""
        try:
            with self.released():
                self.put_object(bucket, key, body, mime_type)
        except (LookupError, PermissionError) as refused:
            raise _denied() from refused

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        """Read a file. Raises AwsError when it is missing or closed."""
        try:
            with self.released():
                return self.get_object(bucket, key)
        except (LookupError, PermissionError) as refused:
            raise _denied() from refused

    def put_presigned(self, place: dict[str, Any], body: bytes, mime_type: str) -> None:
        """PUT with exactly the headers given. Raises AwsError when the address refuses."""
        headers = {name.lower(): value for name, value in place["headers"].items()}
        headers.setdefault("content-type", mime_type)
        self._exchange(HttpRequest(method="PUT", url=place["url"], headers=headers, body=body))

    def get_presigned(self, place: dict[str, Any]) -> tuple[bytes, str]:
        """GET; the type comes from the Content-Type header of the call, which is required."""
        headers = {name.lower(): value for name, value in place["headers"].items()}
        mime_type = headers.get("content-type")
        if not mime_type:
            raise AwsError("InvalidParametersException", "Header Content-Type is required")
        answer = self._exchange(HttpRequest(method="GET", url=place["url"], headers=headers))
        return answer.body, mime_type

    def _exchange(self, request: HttpRequest) -> HttpResponse:
        try:
            with self.released():
                answer = self.fetch(request)
        except ConnectionError as broken:
            raise AwsError("DependencyException", "The address did not answer") from broken
        if answer.status >= 500:
            raise AwsError("DependencyException", f"The address answered {answer.status}")
        if answer.status >= 300:
            raise _denied()
        return answer


def _denied() -> AwsError:
    return AwsError("AccessDeniedException", "Access to the S3 object was denied")
