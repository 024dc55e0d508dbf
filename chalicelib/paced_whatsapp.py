"""WhatsApp at the pace that Meta and AWS allow, and left alone while it does not answer.

Stands in front of whichever provider is set. Each number has a rate of its own, and so has each
customer ("pair rate"): what is sent faster is refused by a status and reaches nobody.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from chalicelib.breaker import Breaker
from chalicelib.pacing import Key, Pace, Rate, within
from chalicelib.ports.whatsapp import StoredMedia, WhatsApp

PAIR_BURST = 45
"""Meta, messaging limits, pair rate: up to 45 messages at once on credit of the time after."""
NUMBER, PAIR = "number", "pair"


def rates(messages_per_second: float, pair_seconds: float) -> dict[str, Rate]:
    """The rates of `PacedWhatsApp`; 0 for one that is not kept."""
    return {
        NUMBER: within(messages_per_second, messages_per_second),
        PAIR: within(1 / pair_seconds if pair_seconds else 0, PAIR_BURST),
    }


class PacedWhatsApp:
    """`door` builds the provider's door when it is first needed."""

    def __init__(self, door: Callable[[], WhatsApp], pace: Pace, breaker: Breaker) -> None:
        self._door = door
        self._pace = pace
        self._breaker = breaker

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        customer = body.get("recipient") or body.get("to")
        with self._passing((NUMBER, origination_id), (PAIR, (origination_id, customer))):
            return self._door().send(origination_id, body)

    def fetch(self, origination_id: str, media_id: str, key: str) -> StoredMedia:
        with self._passing():
            return self._door().fetch(origination_id, media_id, key)

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        with self._passing():
            return self._door().upload(origination_id, url, content_type)

    def upload_stored(self, origination_id: str, key: str) -> str:
        with self._passing():
            return self._door().upload_stored(origination_id, key)

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        with self._passing((NUMBER, origination_id)):
            self._door().post_status(origination_id, body)

    @contextmanager
    def _passing(self, *kinds: Key) -> Iterator[None]:
        self._pace.take(*kinds)
        # A number's rate is refused at once, a customer's by a status.
        with self._breaker.passing(), self._pace.minding(*kinds[:1]):
            yield
