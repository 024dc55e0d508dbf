"""What became of our messages: statuses only move forward, failures are told to the agent."""

import json
from collections.abc import Callable

from chalicelib.contact import Callback, callback_of, read_callback
from chalicelib.errors import ServiceError, Throttled
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.log import count, warn
from chalicelib.ports.chat import Chat
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.messages import Messages, StatusUpdate
from chalicelib.send_again import SendAgain
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp import failures, statuses
from chalicelib.whatsapp.messages import DeliveryStatus
from chalicelib.whatsapp.referred import sent_words

INDEX_SECONDS = 10
"""A message is looked for so long by the id in its status, which only an index knows."""

RECEIPTS = {"all": ("delivered", "read"), "read": ("read",), "never": ()}
"""Statuses that the agent's chat shows as Connect receipts, by setting; "played" has none."""


class Deliveries:
    """Stores delivery statuses. `receipts` names the policy in RECEIPTS."""

    def __init__(
        self,
        *,
        history: Messages,
        contacts: Contacts,
        chat: Chat,
        tell_agent: TellAgent,
        again: SendAgain,
        receipts: str,
        clock: Callable[[], int],
    ) -> None:
        self._history = history
        self._contacts = contacts
        self._chat = chat
        self._tell_agent = tell_agent
        self._again = again
        self._receipts = RECEIPTS[receipts]
        self._clock = clock

    def store(self, status: DeliveryStatus) -> None:
        """Keep the status if it says something new; a failure reaches the agent in plain words.

        Raises a retryable ServiceError when it must come again.
        """
        callback = read_callback(status.callback_data)
        record = callback.record if callback else self._record_of(status)
        if not record:
            self._wait_for_index(status)
            warn("a status of a message that is not ours", status=status.status)
            count("StatusUnmatched")
            return
        if callback and status.status == "failed" and self._sent_again_since(callback):
            count("OutboundOldAttemptFailed")  # sent again since, and that send has its own status
            return
        update = self._update(status, record, callback)
        # Told before it is stored: a crash in between repeats the notice under the same token,
        # the other way round the agent would never read it.
        if status.status == "failed" and self._is_news(update):
            self._failed(status, callback or callback_of(record, self._history.contact_of(record)))
        saved = self._history.save_status(update)
        if not saved.role and self._is_nobodys(callback):
            self._history.forget(record)
            return
        sent = callback or callback_of(record, saved.contact)
        if callback and callback.attempt < saved.sends:
            self._doubled(record, callback)
        if saved.moved and saved.role == "AGENT" and sent:
            self._show_receipt(status.status, sent)

    def _wait_for_index(self, status: DeliveryStatus) -> None:
        """An index of DynamoDB lags behind what was written, by a second or so. A status whose
        callback data somebody else wrote is of somebody else's message."""
        told_at = status.at.timestamp() if status.at else 0
        if status.callback_data is None and abs(self._clock() - told_at) < INDEX_SECONDS:
            raise Throttled("the message may not be in the index yet", service="dynamodb")

    def _sent_again_since(self, callback: Callback) -> bool:
        """Whether a later send of the same part has a fate of its own."""
        return callback.attempt < self._history.sends(callback.record)

    def _doubled(self, record: str, callback: Callback) -> None:
        """The send before the last one did arrive: the customer has it twice. Counted once."""
        item = self._contacts.load(callback.contact)
        if item and self._history.first_time(f"{record}#twice", item.conversation, item.customer):
            count("OutboundDoubled")

    def _is_nobodys(self, callback: Callback | None) -> bool:
        """Whether a message without a record is one of an erased customer, whose late status must
        not leave their number (it stands in the wamid) behind. Else its record is still to come.
        """
        return callback is None or self._contacts.load(callback.contact) is None

    def _record_of(self, status: DeliveryStatus) -> str:
        return self._history.record_of(status.wamid) if status.wamid else ""

    def _is_news(self, update: StatusUpdate) -> bool:
        known, attempt = self._history.status_of(update.record)
        return statuses.supersedes(known, attempt, update.status, update.attempt)

    def _update(
        self, status: DeliveryStatus, record: str, callback: Callback | None
    ) -> StatusUpdate:
        return StatusUpdate(
            record=record,
            attempt=callback.attempt if callback else 1,
            status=status.status,
            rank=statuses.rank(status.status),
            at=int(status.at.timestamp()) if status.at else self._clock(),
            error=",".join(str(error.code) for error in status.errors),
            pricing=json.dumps(status.pricing) if status.pricing else "",
            wamid=status.wamid,
            called_back=callback is not None,
        )

    def _failed(self, status: DeliveryStatus, callback: Callback | None) -> None:
        failure = failures.worst(status.errors) or failures.failure_of(0)
        if callback and self._is_being_sent(callback):
            # Its words, for the agent or for a further send, come with its record.
            raise Throttled("a message failed before it was recorded", service="whatsapp")
        if callback and self._again.plan(callback, failure):
            count("OutboundPaced")
            return
        count("OutboundFailed")
        if failure.kind == "window_closed":
            count("WindowClosed")
        warn("WhatsApp did not deliver a message", error_code=failure.code)
        if failure.to_operator:
            count("OperatorAlerts")
        item = self._contacts.load(callback.contact) if callback else None
        if item is None or callback is None:
            return
        if failure.kind == "window_closed":
            self._tell_agent.window_closed(item)
        self._tell_agent.undelivered(
            item,
            sent_words(self._history.sent_body(callback.record)),
            failure.text_key if status.errors else "failed.unknown",
            callback.event,
            callback.part,
            code=failure.code,
        )

    def _is_being_sent(self, callback: Callback) -> bool:
        """Whether its worker is at it yet, or died over it and another one will finish it."""
        if self._history.sent_body(callback.record):
            return False
        item = self._contacts.load(callback.contact)
        return bool(item and item.pending and item.pending.event == callback.event)

    def _show_receipt(self, status: str, callback: Callback) -> None:
        """Best effort: a missing tick is no reason to handle the status again."""
        if status not in self._receipts or callback.part:
            return
        item = self._contacts.load(callback.contact)
        if item is None or not item.chat.participant_token:
            return
        try:
            LiveChat(self._chat, item.chat, self._clock()).receipt(status, callback.event)
        except (ChatOver, ServiceError):
            count("ReceiptsNotShown")
