"""The keys that sign links to files, told apart by what they are. Pure.

CloudFront takes no other text for a public key that is there, and CloudFormation does not replace
it (cloudformation-coverage-roadmap #924). So each has a name of its own, made of the key itself,
and the next one stands beside it: CloudFront developer guide, "Rotating key pairs".
"""

import base64
import hashlib

BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
# The identifier of RSA, by which the product signs, as DER (RFC 8017, appendix A.1).
RSA = bytes.fromhex("06092a864886f70d010101")
# Not six: Secrets Manager takes six letters behind a name's last hyphen for its own suffix.
MARK_LETTERS = 10
PEM_LETTERS = 64  # a line of a PEM (RFC 7468)


class NoLinkKey(ValueError):
    """The text is not the PEM of an RSA public key; the message says how one is made."""


def mark(public_key: str) -> str:
    """ "-----BEGIN PUBLIC KEY..." -> "1f0c9ab27d": the same for the same key, however it is broken
    into lines. Raises NoLinkKey."""
    return hashlib.sha256(_der(public_key)).hexdigest()[:MARK_LETTERS]


def canonical(public_key: str) -> str:
    """The PEM in one form, so that other line breaks are no change. Raises NoLinkKey."""
    body = base64.b64encode(_der(public_key)).decode()
    lines = [body[at : at + PEM_LETTERS] for at in range(0, len(body), PEM_LETTERS)]
    return "\n".join([BEGIN, *lines, END, ""])


def _der(public_key: str) -> bytes:
    text = public_key.strip()
    if text.startswith(BEGIN) and text.endswith(END):
        body = "".join(text.removeprefix(BEGIN).removesuffix(END).split())
        try:
            found = base64.b64decode(body, validate=True)
        except ValueError:
            found = b""
        if RSA in found:
            return found
    raise NoLinkKey(
        "the PEM of an RSA public key, as `openssl rsa -in link-key.pem -pubout` prints it"
    )
