"""Links to the media bucket through CloudFront: the bucket stays private, and so does its name.

A link signed for S3 dies with the credentials of the role that signed it; one signed with a key of
ours lives as long as it says. Form: CloudFront developer guide, "canned policy" (RSA, SHA-1).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from botocore.signers import CloudFrontSigner

from chalicelib.errors import SettingsError

LINK_SECONDS = 12 * 3600  # a shift


class CloudFrontLinks:
    """`key_id` is CloudFront's id of the public key, `private_key` gives its other half as PEM."""

    def __init__(
        self,
        *,
        domain: str,
        key_id: str,
        private_key: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self._domain = domain
        self._signer = CloudFrontSigner(key_id, self._signed)
        self._private_key = private_key
        self._clock = clock

    def link(self, key: str) -> str:
        """A link for a person. Raises a ServiceError when the private key cannot be read."""
        until = datetime.fromtimestamp(int(self._clock()) + LINK_SECONDS, UTC)
        address = f"https://{self._domain}/{quote(key)}"
        return str(self._signer.generate_presigned_url(address, date_less_than=until))

    def _signed(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(self._private_key().encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SettingsError("MEDIA_LINK_KEY is no RSA key; CloudFront takes no other")
        # CloudFront verifies SHA-1 here and nothing else; the link ends within hours.
        return key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
