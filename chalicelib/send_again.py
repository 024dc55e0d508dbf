"""Messages that WhatsApp refused only for now (rates, disturbances): sent again after a while.

The refusal came as a status, so the message surely did not arrive. Each further send is claimed
before it happens: a crash in between leaves the agent a word of doubt, never a second copy.
"""

import json
from collections.abc import Callable
from typing import Any

from chalicelib.contact import Callback, ContactItem
from chalicelib.conversation import token
from chalicelib.errors import Denied, Rejected, Throttled, Unsure
from chalicelib.log import count
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.messages import Messages
from chalicelib.ports.queues import Outbox
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.routing import Entry, write
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp.failures import Failure
from chalicelib.whatsapp.payloads import with_callback

MAX_RESENDS = 4
"""Attempts after the first; with `BACK_OFF` the last comes some six minutes after it."""
BACK_OFF = 4
"""Meta: retry after 4^X seconds (about-the-platform, pair rate)."""
SPAM_LIMIT = 131048
"""Customers complained: sending more makes it worse."""


class SendAgain:
    """Plans and makes further sends of one part."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        history: Messages,
        whatsapp: WhatsApp,
        outbox: Outbox,
        tell_agent: TellAgent,
        clock: Callable[[], int],
    ) -> None:
        self._contacts = contacts
        self._history = history
        self._whatsapp = whatsapp
        self._outbox = outbox
        self._tell_agent = tell_agent
        self._clock = clock

    def plan(self, failed: Callback, failure: Failure) -> bool:
        """Queue one more send after a failed status; False when there is none to be made."""
        helps = failure.retryable and failure.code != SPAM_LIMIT
        if not helps or failed.attempt > MAX_RESENDS or not self._history.sent_body(failed.record):
            return False
        job = {"callback": str(_next(failed)), "due": self._clock() + BACK_OFF**failed.attempt}
        entry = Entry(
            queue="outbound",
            group=token("again", failed.record),
            dedup=token("again", failed.record, failed.attempt),
            body=write("again", job),
        )
        self._outbox.send([entry])
        return True

    def send(self, callback: Callback, due: int) -> None:
        """Send the part once more when its time has come. Raises Throttled before."""
        if self._clock() < due:
            raise Throttled("waiting before a message is sent again", service="whatsapp")
        item, body = self._contacts.load(callback.contact), self._history.sent_body(callback.record)
        if item is None or not body:
            return
        if not self._history.claim_resend(callback.record, callback.attempt):
            self._doubt(item, callback)
            return
        self._send(item, callback, json.loads(body))

    def _send(self, item: ContactItem, callback: Callback, body: dict[str, Any]) -> None:
        try:
            self._whatsapp.send(item.reply.origination_id, with_callback(body, str(callback)))
        except (Throttled, Denied):  # it surely did not happen
            self._history.free_resend(callback.record, callback.attempt)
            raise
        except Unsure:
            self._doubt(item, callback)
        except Rejected as refused:
            self._tell_agent.say(item, refused.tell_agent, callback.event, callback.part)
        count("OutboundSentAgain")

    def _doubt(self, item: ContactItem, callback: Callback) -> None:
        """The send may have happened; a status of this attempt would say so."""
        _, proven = self._history.status_of(callback.record)
        if proven < callback.attempt:
            self._tell_agent.say(item, "outbound.uncertain", callback.event, callback.part)


def _next(failed: Callback) -> Callback:
    return Callback(failed.contact, failed.event, failed.part, failed.attempt + 1)
