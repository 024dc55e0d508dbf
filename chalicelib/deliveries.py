"""What became of our messages: statuses only move forward, failures are told to the agent."""

import json
from collections.abc import Callable

from chalicelib.contact import Callback, read_callback
from chalicelib.log import count, warn
from chalicelib.ports import Contacts, Messages, StatusUpdate
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp import failures, statuses
from chalicelib.whatsapp.messages import DeliveryStatus


class Deliveries:
    """Stores delivery statuses."""

    def __init__(
        self,
        *,
        history: Messages,
        contacts: Contacts,
        tell_agent: TellAgent,
        clock: Callable[[], int],
    ) -> None:
        self._history = history
        self._contacts = contacts
        self._tell_agent = tell_agent
        self._clock = clock

    def store(self, status: DeliveryStatus) -> None:
        """Keep the status if it says something new; a failure reaches the agent in plain words."""
        callback = read_callback(status.callback_data)
        record = callback.record if callback else self._history.record_of(status.wamid)
        if not record:
            warn("a status of a message that is not ours", status=status.status)
            count("StatusUnmatched")
            return
        update = self._update(status, record, callback)
        # Told before it is stored: a crash in between repeats the notice under the same token,
        # the other way round the agent would never read it.
        if status.status == "failed" and self._is_news(update):
            self._tell(status, callback)
        self._history.save_status(update)

    def _is_news(self, update: StatusUpdate) -> bool:
        known, _ = self._history.status_of(update.record)
        return statuses.moves_forward(known, update.status)

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
        )

    def _tell(self, status: DeliveryStatus, callback: Callback | None) -> None:
        failure = failures.worst(status.errors)
        code = failure.code if failure else 0
        count("OutboundFailed")
        warn("WhatsApp did not deliver a message", error_code=code)
        item = self._contacts.load(callback.contact) if callback else None
        if item is not None and callback is not None:
            key = failure.text_key if failure else "failed.unknown"
            self._tell_agent.say(item, key, callback.event, callback.part, code=code)
