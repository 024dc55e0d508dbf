"""Signature 4 of a JSON call: pure, and to the letter what botocore signs.

What is signed and how: AWS, IAM user guide, "Create a signed AWS API request". botocore's own
signer takes any request, and so prepares it a second time to find its body, gathers its headers
twice in the standard library's class for e-mails, and derives the day's key anew.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

from botocore.auth import SIGNED_HEADERS_BLACKLIST
from botocore.utils import normalize_url_path

ALGORITHM = "AWS4-HMAC-SHA256"
NOT_SIGNED = frozenset(SIGNED_HEADERS_BLACKLIST)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for which service: `secret_key` signs, `access_key` says whose it is."""

    access_key: str
    secret_key: str
    region: str
    service: str

    def authorization(
        self, stamp: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> str:
        """The value of the header Authorization.

        `headers`: all that are sent, Host and X-Amz-Date among them, each named once; `stamp`: the
        latter, e.g. "20261118T120000Z"; `url`: without a query.
        """
        names, signed = _signed(tuple(headers))
        lines = "".join([f"{small}:{_in_one(headers[name])}\n" for small, name in names])
        request = f"{method}\n{_path_of(url)}\n\n{lines}\n{signed}\n{sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        told = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        key = _key_of(self.secret_key, stamp[:8], self.region, self.service)
        signature = hmac.new(key, told.encode(), sha256).hexdigest()
        whose = f"Credential={self.access_key}/{scope}"
        return f"{ALGORITHM} {whose}, SignedHeaders={signed}, Signature={signature}"


@lru_cache(maxsize=64)
def _signed(names: tuple[str, ...]) -> tuple[list[tuple[str, str]], str]:
    """Those headers that are signed, (in small letters, as given), and how the signature names
    them."""
    pairs = sorted((name.lower(), name) for name in names if name.lower() not in NOT_SIGNED)
    return pairs, ";".join(small for small, _ in pairs)


def _in_one(value: str) -> str:
    """Without spaces around and with single ones inside."""
    return " ".join(value.split())


@lru_cache(maxsize=64)
def _path_of(url: str) -> str:
    return quote(normalize_url_path(urlsplit(url).path), safe="/~")


@lru_cache(maxsize=16)
def _key_of(secret: str, day: str, region: str, service: str) -> bytes:
    """The same for all of a day's calls to a service, as long as the credentials live."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
