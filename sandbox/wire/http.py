"""Requests and responses as plain values, whatever carried them (botocore hook or socket)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. `headers` has lower-case names; `body` is the whole body, unchunked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path as sent, still percent-encoded; never empty."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> dict[str, list[str]]:
        """The query string, decoded, every name with its list of values."""
        return parse_qs(urlsplit(self.url).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One answer. For the call log: `error` names the failure, empty when all went well; `items`
    counts the stored items that were looked at."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    items: int = 0


def plain_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Lower-case names, text values: botocore hands some values over as bytes."""
    return {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
    }
