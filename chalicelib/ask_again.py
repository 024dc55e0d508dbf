"""WhatsApp lost a customer's message on its way to us (131060): we ask once for it again.

Typical for the first message to a number that is also used in the Business app. The asking is
noted before it is sent: a crash in between leaves the agent's placeholder, which says the same.
"""

from collections.abc import Callable

from chalicelib.conversation import Reply
from chalicelib.errors import ServiceError
from chalicelib.log import count
from chalicelib.outbound_replies import recipient_of
from chalicelib.ports.messages import Messages
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.texts import Texts
from chalicelib.whatsapp.payloads import bodies
from chalicelib.whatsapp.replies import TextReply


class AskAgain:
    """Asks each customer at most once."""

    def __init__(
        self, *, history: Messages, whatsapp: WhatsApp, texts: Callable[[str], Texts]
    ) -> None:
        self._history = history
        self._whatsapp = whatsapp
        self._texts = texts

    def ask(self, conversation: str, reply: Reply, language: str) -> bool:
        """Ask the customer to send it again; False when asked before or nobody can be reached."""
        if not (reply.to or reply.recipient) or reply.group:
            return False
        try:
            if not self._history.first_time(f"asked#{conversation}", conversation, conversation):
                return False
            texts = self._texts(language)
            wish = TextReply(text=texts.get("customer.please_resend"))
            for body in bodies(wish, recipient_of(reply), texts):
                self._whatsapp.send(reply.origination_id, body)
        except ServiceError:
            count("AskedInVain")
            return False
        return True
