"""Links to files through CloudFront: whoever has one may read that file until then, nobody else."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from chalicelib.errors import SettingsError
from chalicelib.gateways.media import MediaBucket
from chalicelib.gateways.media_links import LINK_SECONDS, CloudFrontLinks
from sandbox.world import World

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOW = 1_800_000_000


def pem(key: PrivateKeyTypes) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def links(key: PrivateKeyTypes = KEY) -> CloudFrontLinks:
    return CloudFrontLinks(
        domain="media.example.com", key_id="K1", private_key=lambda: pem(key), clock=lambda: NOW
    )


def check(url: str, file: str) -> int:
    """What CloudFront checks: the key's signature over this file and its end. Gives the end."""
    query = parse_qs(urlsplit(url).query)
    until = int(query["Expires"][0])
    policy = {
        "Statement": [
            {
                "Resource": f"https://media.example.com/{file}",
                "Condition": {"DateLessThan": {"AWS:EpochTime": until}},
            }
        ]
    }
    signed = json.dumps(policy, separators=(",", ":")).encode()
    given = query["Signature"][0].replace("-", "+").replace("_", "=").replace("~", "/")
    KEY.public_key().verify(base64.b64decode(given), signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return until


def test_a_link_opens_one_file_for_a_shift() -> None:
    url = links().link("inbound/a b.jpg")
    assert url.startswith("https://media.example.com/inbound/a%20b.jpg?")
    assert parse_qs(urlsplit(url).query)["Key-Pair-Id"] == ["K1"]
    assert check(url, "inbound/a%20b.jpg") == NOW + LINK_SECONDS
    with pytest.raises(InvalidSignature):
        check(url, "inbound/another.jpg")


def test_a_key_cloudfront_does_not_take_is_told() -> None:
    with pytest.raises(SettingsError, match="no RSA key"):
        links(ec.generate_private_key(ec.SECP256R1())).link("inbound/x")


def test_the_settings_choose_who_signs() -> None:
    """Without a domain it stays S3's own link."""
    settings = {
        "MEDIA_LINK_DOMAIN": "media.example.com",
        "MEDIA_LINK_KEY_ID": "K1",
        "MEDIA_LINK_KEY": pem(KEY),
    }
    with World(settings=settings) as world:
        media: MediaBucket = world.app.media
        assert check(media.link("inbound/x.jpg"), "inbound/x.jpg") > 0
    with World() as world:
        assert "X-Amz-Signature" in world.app.media.link("inbound/x.jpg")
