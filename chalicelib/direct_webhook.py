"""Meta's webhook without AWS in between: who calls, and where what they say goes. Pure.

The token and the signature are compared in constant time, the signature over the raw bytes, before
anything is parsed. Source: Meta, webhooks/create-webhook-endpoint; reference whatsapp-eum.md 7.
"""

import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "sha256="


def challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """What to answer to Meta's subscription test; None when it is not ours to answer."""
    wanted = query.get("hub.mode") == "subscribe" and bool(verify_token)
    given = query.get("hub.verify_token", "")
    if not (wanted and hmac.compare_digest(given.encode(), verify_token.encode())):
        return None
    return query.get("hub.challenge", "")


def is_signed(body: bytes, signature: str, app_secret: str) -> bool:
    """Whether X-Hub-Signature-256 proves that Meta sent exactly these bytes."""
    if not (app_secret and signature.startswith(PREFIX)):
        return False
    expected = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.removeprefix(PREFIX).encode(), expected.encode())
