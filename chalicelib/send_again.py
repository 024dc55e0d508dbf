"""Messages that WhatsApp refused only for now (rates, disturbances): sent again after a while.

The refusal came as a status, so the message surely did not arrive. Each further send is claimed
before it happens. One that may have happened (a crash, no answer) is made once more when no status
of it comes in time, as a first send is (protocol O1, O2); the agent reads that it may be there
twice. After the last one a word of doubt is all that is left.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.contact import Callback, ContactItem
from chalicelib.conversation import token
from chalicelib.errors import Denied, Rejected, ServiceError, Throttled, Unsure
from chalicelib.log import count
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.messages import Messages, StatusUpdate
from chalicelib.ports.queues import Outbox
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.routing import Entry, write
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp import statuses
from chalicelib.whatsapp.failures import Failure
from chalicelib.whatsapp.payloads import with_callback
from chalicelib.whatsapp.referred import sent_words

MAX_RESENDS = 4
"""Attempts after the first; with `BACK_OFF` the last comes some six minutes after it."""
MAX_UNSURE = 20
"""Attempts while no answer comes, each at least `unsure_wait_s` after the one before: longer than
an outage of a quarter of an hour. Each may reach the customer, which their statuses would say."""
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
        unsure_wait_s: int,
        clock: Callable[[], int],
    ) -> None:
        self._contacts = contacts
        self._history = history
        self._whatsapp = whatsapp
        self._outbox = outbox
        self._tell_agent = tell_agent
        self._unsure_wait_s = unsure_wait_s
        self._clock = clock

    def plan(self, failed: Callback, failure: Failure) -> bool:
        """Queue one more send after a failed status; False when there is none to be made."""
        helps = failure.retryable and failure.code != SPAM_LIMIT
        if not helps or failed.attempt > MAX_RESENDS or not self._history.sent_body(failed.record):
            return False
        self._queue("again", failed, BACK_OFF**failed.attempt, unless_proven=False)
        return True

    def _queue(self, why: str, before: Callback, wait_s: int, *, unless_proven: bool) -> None:
        """The attempt after `before`; `why` keeps apart two reasons for the same one."""
        due = self._clock() + wait_s
        job = {"callback": str(_next(before)), "due": due, "unless_proven": unless_proven}
        entry = Entry(
            queue="outbound",
            group=token("again", before.record),
            dedup=token(why, before.record, before.attempt),
            body=write("again", job),
        )
        self._outbox.send([entry])

    def send(self, callback: Callback, due: int, unless_proven: bool = False) -> None:
        """Send the part once more when its time has come. Raises Throttled before.

        `unless_proven`: only if no status has come of the attempt before, which may have happened.
        """
        if self._clock() < due:
            raise Throttled("waiting before a message is sent again", service="whatsapp")
        item, body = self._contacts.load(callback.contact), self._history.sent_body(callback.record)
        if item is None or not body:
            return
        if unless_proven and self._is_proven(callback.record, callback.attempt - 1):
            return
        if not self._history.claim_resend(callback.record, callback.attempt):
            self._settle(item, callback)
            return
        if self._sent(item, callback, json.loads(body)) and unless_proven:
            count("OutboundSentUnsure")
            with suppress(ServiceError):  # the history has it in any case
                self._say(item, "outbound.doubled", callback)

    def _sent(self, item: ContactItem, callback: Callback, body: dict[str, Any]) -> bool:
        """Whether WhatsApp has taken it. Raises Throttled or Denied when it comes again."""
        taken = ""
        try:
            taken = self._whatsapp.send(
                item.reply.origination_id, with_callback(body, str(callback))
            )
        except (Throttled, Denied):  # it surely did not happen
            self._history.free_resend(callback.record, callback.attempt)
            raise
        except Unsure:
            self._settle(item, callback)
        except Rejected as refused:
            words, cause = sent_words(json.dumps(body)), (callback.event, callback.part)
            self._tell_agent.undelivered(item, words, refused.tell_agent, *cause, **refused.values)
            self._answered(callback, "failed")
        else:
            self._answered(callback, "accepted", taken)
        count("OutboundSentAgain")
        return bool(taken)

    def _say(self, item: ContactItem, key: str, callback: Callback) -> None:
        words = sent_words(self._history.sent_body(callback.record))
        self._tell_agent.say(item, key, callback.event, callback.part, about=words)

    def _answered(self, callback: Callback, status: str, message_id: str = "") -> None:
        """Best effort: who is told to make this send a second time knows that it was answered."""
        update = StatusUpdate(
            record=callback.record,
            attempt=callback.attempt,
            status=status,
            rank=statuses.rank(status),
            at=self._clock(),
            wamid=message_id,
            called_back=True,
        )
        with suppress(ServiceError):
            self._history.save_status(update)

    def _settle(self, item: ContactItem, callback: Callback) -> None:
        """The send may have happened; a status of this attempt would say so, soon or later."""
        if self._is_proven(callback.record, callback.attempt):
            return
        if callback.attempt > MAX_UNSURE:
            self._say(item, "outbound.uncertain", callback)
            return
        self._queue("unsure", callback, self._unsure_wait_s, unless_proven=True)

    def _is_proven(self, record: str, attempt: int) -> bool:
        _, proven = self._history.status_of(record)
        return proven >= attempt


def _next(failed: Callback) -> Callback:
    return Callback(failed.contact, failed.event, failed.part, failed.attempt + 1)
