"""What the customer notices of our work besides answers: blue ticks, "typing", a wish to resend."""

from collections.abc import Callable
from typing import Any

from chalicelib.arrivals import LOST
from chalicelib.ask_again import AskAgain
from chalicelib.bundles import Bundle
from chalicelib.errors import ServiceError
from chalicelib.log import count
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.whatsapp.payloads import read_receipt, typing


class CustomerNotices:
    """`on_delivery`: ticks turn blue when the agent's chat has the message. `show_typing`: while a
    voice note is at work. The door is built when first used, after the agent has the message."""

    def __init__(
        self,
        *,
        whatsapp: Callable[[], WhatsApp],
        ask_again: Callable[[], AskAgain],
        on_delivery: bool,
        show_typing: bool,
    ) -> None:
        self._whatsapp = whatsapp
        self._ask_again = ask_again
        self._on_delivery = on_delivery
        self._show_typing = show_typing

    def begun(self, bundle: Bundle) -> None:
        """Work on it begins."""
        if self._show_typing and bundle.members[0].kind == "voice":
            self._post(bundle, typing)

    def shown(self, bundle: Bundle) -> None:
        """The agent has it; what WhatsApp lost on the way is asked for again."""
        if any(LOST in member.attributes for member in bundle.members):
            arrival = bundle.arrival
            self._ask_again().ask(arrival.key, arrival.reply, arrival.language)
        if self._on_delivery:
            self._post(bundle, read_receipt)

    def _post(self, bundle: Bundle, body: Callable[[str], dict[str, Any]]) -> None:
        """Best effort: a missing tick is no reason to show a message again."""
        origination_id = bundle.arrival.reply.origination_id
        try:
            self._whatsapp().post_status(origination_id, body(bundle.members[-1].wamid))
        except ServiceError:
            count("ReceiptsNotSent")
