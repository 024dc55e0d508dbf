"""What the REST routes of `app.py` do with Meta's calls: check, queue, answer.

Meta repeats what is not answered with 200, for days; so 200 means that everything lies in our
queues, and nothing else does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib import log
from chalicelib.direct_webhook import challenge, is_signed
from chalicelib.entries import Ingest
from chalicelib.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer in plain text."""

    status: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """`verify_token` and `app_secret` give the two secrets of the Meta app; "" takes nothing."""

    ingest: Ingest
    verify_token: Callable[[], str]
    app_secret: Callable[[], str]

    def subscribe(self, query: Mapping[str, str]) -> Answer:
        """Meta's test of the address: its challenge, or 403."""
        found = challenge(query, self.verify_token())
        return Answer(403, "forbidden") if found is None else Answer(200, found)

    def receive(self, body: bytes, signature: str) -> Answer:
        """One call of Meta's, up to 3 MB with up to 1,000 updates."""
        try:
            secret = self.app_secret()
        except ServiceError as problem:
            log.failure("the app secret could not be read; Meta calls again", problem)
            return Answer(503, "try again")
        if not is_signed(body, signature, secret):
            log.warn("a call to the webhook was not signed by Meta")
            log.count("WebhookRefused")
            return Answer(401, "unauthorized")
        taken = self.ingest.take(body.decode("utf-8", "replace"))
        return Answer(200, "ok") if taken else Answer(503, "try again")
