"""WhatsApp between the business account and its customers' phones.

A message of the business is accepted first and judged afterwards, as Meta does: what is wrong
with it comes as a `failed` status. What customers send, and every status, is published to the
account's event destination as End User Messaging's envelope.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.ids import Ids
from sandbox.outside import Clock, Scheduler, Topics
from sandbox.rates import RateLimiter
from sandbox.whatsapp import limits
from sandbox.whatsapp.account import BusinessNumber, Template, WhatsAppAccount
from sandbox.whatsapp.body_rules import body_problem
from sandbox.whatsapp.envelope import entry, envelope, message_value
from sandbox.whatsapp.media_store import MediaStore, media_problem
from sandbox.whatsapp.meta_errors import MetaError
from sandbox.whatsapp.pricing import pricing
from sandbox.whatsapp.records import Inbound, Outbound
from sandbox.whatsapp.switches import WhatsAppSwitches


class Handset(Protocol):
    """A customer's phone, as the network sees it."""

    number: str | None
    user_id: str
    last_wrote: dict[str, datetime]

    def contact(self) -> dict[str, Any]:
        """The customer as `value.contacts[]` describes them."""
        ...

    def receive(self, message: Outbound) -> None:
        """Put a message on the phone; it reports delivered and read itself."""
        ...

    def show_receipt(self, wamid: str, *, typing: bool) -> None:
        """The business has read up to this message (and is typing)."""
        ...


class WhatsAppNetwork:
    """All traffic of one business account. `sent` holds every message it ever sent, in order;
    `refusals`: what is wrong with the next ones, which are accepted first, as Meta does."""

    def __init__(
        self,
        account: WhatsAppAccount,
        clock: Clock,
        scheduler: Scheduler,
        topics: Topics,
        *,
        ids: Ids,
        switches: WhatsAppSwitches | None = None,
    ) -> None:
        self.account = account
        self.clock = clock
        self.ids = ids
        self.switches = switches or WhatsAppSwitches()
        self.media = MediaStore(clock, ids)
        self.handsets: list[Handset] = []
        self.sent: list[Outbound] = []
        self.received: dict[str, Inbound] = {}
        self.refusals: list[MetaError] = []
        self._senders: dict[str, Handset] = {}
        self._scheduler = scheduler
        self._topics = topics
        pair_rate = (1 / limits.PAIR_EVERY_S, float(limits.PAIR_BURST))
        self._pairs = RateLimiter(clock, {}, default=pair_rate)

    # --- to the account's event destination -----------------------------------------------------

    def publish(self, meta_entry: dict[str, Any]) -> None:
        """Publish one Meta entry in End User Messaging's envelope."""
        message = envelope(
            self.account, meta_entry, at=self.clock.now(), message_id=self.ids.uuid()
        )
        for destination in self.account.destinations:
            self._topics.publish(destination["eventDestinationArn"], message, {})

    def publish_change(self, field: str, value: dict[str, Any]) -> None:
        """Publish an account-level change, e.g. `message_template_status_update`."""
        self.publish(entry(self.account, field, value))

    def from_customer(
        self, sender: Handset, number: BusinessNumber, message: dict[str, Any]
    ) -> Inbound:
        """Deliver a customer's message, whose `id` and `timestamp` are set here.

        System messages carry no contacts (reference section 2).
        """
        now = self.clock.now()
        sent = Inbound(
            wamid=self.new_wamid(), at=now, kind=message["type"], number=number, body=message
        )
        self.remember(sent, sender)
        contacts = None if sent.kind == "system" else [sender.contact()]
        told = int(now.timestamp()) + self.switches.clock_ahead_s
        full = message | {"id": sent.wamid, "timestamp": str(told)}
        value = message_value(number, contacts=contacts, messages=[full])
        self.publish(entry(self.account, "messages", value))
        return sent

    def remember(self, sent: Inbound, sender: Handset) -> None:
        """Know a customer's message: it can be marked as read and reacted to."""
        self.received[sent.wamid] = sent
        self._senders[sent.wamid] = sender

    def new_wamid(self) -> str:
        """A WhatsApp message id."""
        return "wamid." + base64.b64encode(f"HBgL{self.ids.hex(32)}".encode()).decode()

    # --- from the business ----------------------------------------------------------------------

    def send(self, number: BusinessNumber, body: dict[str, Any]) -> Outbound:
        """Accept a message; it is judged now and its outcome published later."""
        wamid = self.new_wamid()
        message_id = wamid if self.switches.message_id_is_wamid else self.ids.uuid()
        message = Outbound(
            wamid=wamid, message_id=message_id, number=number, body=body, at=self.clock.now()
        )
        self.sent.append(message)
        phone = self.addressee(number, body)
        problem = self._problem(message, phone)
        if problem is not None:
            self._later(lambda: self.status(message, "failed", phone, error=problem))
        elif phone is not None:
            self._deliver(message, phone)
        return message

    def _deliver(self, message: Outbound, phone: Handset) -> None:
        self._later(lambda: self.status(message, "sent", phone))
        arrival = self.clock.now() + timedelta(seconds=self.switches.soon_s)
        self._scheduler.at(arrival, lambda: phone.receive(message))

    def _later(self, job: Callable[[], None]) -> None:
        delay = self.switches.delay_s
        if delay is not None:
            self._scheduler.at(self.clock.now() + timedelta(seconds=delay), job)

    def report(self, message: Outbound, status: str, phone: Handset) -> None:
        """The phone reports `delivered`, `read` or `played`; published as the switch says."""
        delay = self.switches.delay_s
        if delay is None:
            return
        when = max(self.clock.now(), message.at + timedelta(seconds=2 * delay))
        self._scheduler.at(when, lambda: self.status(message, status, phone))

    def mark_read(self, wamid: str, *, typing: bool) -> bool:
        """A read receipt of the business. False when it names no message of a customer."""
        message = self.received.get(wamid)
        if message is None:
            return False
        message.read_at = message.read_at or self.clock.now()
        self._senders[wamid].show_receipt(wamid, typing=typing)
        return True

    def addressee(self, number: BusinessNumber, body: dict[str, Any]) -> Handset | None:
        """Who `to` or `recipient` means; `to` wins. Without + Meta takes a number as local."""
        to, user_id = body.get("to"), body.get("recipient")
        if to is None:
            return next((one for one in self.handsets if one.user_id == user_id), None)
        digits = "".join(char for char in str(to) if char.isdigit())
        if not str(to).startswith("+"):
            digits = _country_code(number.number) + digits
        return next((one for one in self.handsets if one.number == digits), None)

    # --- Meta's judgement -----------------------------------------------------------------------

    def _problem(self, message: Outbound, phone: Handset | None) -> MetaError | None:
        if self.refusals:
            return self.refusals.pop(0)
        problem = body_problem(message.body) or self._media_problem(message)
        if problem is not None:
            return problem
        if phone is None:
            return MetaError(131026, "The recipient is not a WhatsApp user")
        return (
            self._template_problem(message)
            or self._target_problem(message)
            or self._window_problem(message, phone)
            or self._pair_problem(message, phone)
        )

    def _media_problem(self, message: Outbound) -> MetaError | None:
        part = message.body.get(message.kind)
        if message.kind not in limits.MEDIA_TYPES or not isinstance(part, dict):
            return None
        if "id" not in part:
            return MetaError(131053, "The sandbox fetches no links")
        media = self.media.find(str(part["id"]), message.number.key)
        if media is None or not media.uploaded:
            return MetaError(100, "Not a valid WhatsApp business account media attachment ID")
        details = media_problem(message.kind, media.body, media.mime_type)
        if not details and part.get("voice") and limits.bare(media.mime_type) != "audio/ogg":
            details = "voice messages must be audio/ogg"
        return MetaError(131053, details) if details else None

    def _template_problem(self, message: Outbound) -> MetaError | None:
        if message.kind != "template":
            return None
        template = self.template(message)
        if template is None:
            return MetaError(132001, "No such template in this language")
        if template.status != "APPROVED":
            return MetaError(132015, f"The template is {template.status}")
        components = message.body["template"].get("components") or []
        given = [
            len(one.get("parameters") or []) for one in components if one.get("type") == "body"
        ]
        if sum(given) != template.parameters:
            return MetaError(132000, f"{sum(given)} parameters for {template.parameters}")
        if template.category == "AUTHENTICATION" and "to" not in message.body:
            return MetaError(131062, "Authentication templates need a phone number")
        return None

    def template(self, message: Outbound) -> Template | None:
        """The template a message names, if there is one in that language."""
        part = message.body.get("template") or {}
        wanted = (part.get("name"), (part.get("language") or {}).get("code"))
        found = (one for one in self.account.templates if (one.name, one.language) == wanted)
        return next(found, None)

    def _target_problem(self, message: Outbound) -> MetaError | None:
        if message.kind != "reaction":
            return None
        target = self.received.get(message.body["reaction"]["message_id"])
        too_old = timedelta(seconds=limits.REACTION_TARGET_S)
        if target is None or target.kind == "reaction" or message.at - target.at > too_old:
            return MetaError(131009, "The message cannot be reacted to")
        return None

    def window_open(self, number: BusinessNumber, phone: Handset) -> bool:
        """Whether the customer wrote to this number within 24 hours."""
        wrote = phone.last_wrote.get(number.meta_id)
        return wrote is not None and self.clock.now() - wrote < timedelta(seconds=limits.WINDOW_S)

    def _window_problem(self, message: Outbound, phone: Handset) -> MetaError | None:
        if message.kind == "template" or self.switches.window == "off":
            return None
        if self.window_open(message.number, phone):
            return None
        return MetaError(131047, "More than 24 hours have passed since the customer last wrote")

    def _pair_problem(self, message: Outbound, phone: Handset) -> MetaError | None:
        pair = f"{message.number.meta_id} {phone.user_id}"
        if not self.switches.pair_rate or self._pairs.allows(pair):
            return None
        return MetaError(131056, "Too many messages to the same customer")

    # --- statuses -------------------------------------------------------------------------------

    def status(
        self,
        message: Outbound,
        status: str,
        phone: Handset | None,
        error: MetaError | None = None,
    ) -> None:
        """Publish one status of a message now."""
        message.statuses.append(status)
        body: dict[str, Any] = {
            "id": message.wamid,
            "status": status,
            "timestamp": str(int(self.clock.now().timestamp())),
            **self._recipient(message, phone),
        }
        callback = message.body.get("biz_opaque_callback_data")
        if callback is not None and self.switches.callback_data:
            body["biz_opaque_callback_data"] = callback
        if error is not None:
            body["errors"] = [error.as_status()]
        elif status == "sent" or not message.priced:
            message.priced = status != "sent"
            body["pricing"] = self._pricing(message, phone)
        named = error is None and self.switches.user_ids
        contacts = [phone.contact()] if phone and named else None
        value = message_value(message.number, contacts=contacts, statuses=[body])
        self.publish(entry(self.account, "messages", value))

    def _pricing(self, message: Outbound, phone: Handset | None) -> dict[str, Any]:
        window_open = phone is not None and self.window_open(message.number, phone)
        return pricing(self.template(message), window_open=window_open)

    def _recipient(self, message: Outbound, phone: Handset | None) -> dict[str, Any]:
        if phone is None:
            to = str(message.body.get("to") or "").removeprefix("+")
            return {"recipient_id": to} if to else {}
        facts = {"recipient_id": phone.number} if phone.number else {}
        return facts | ({"recipient_user_id": phone.user_id} if self.switches.user_ids else {})


def _country_code(number: str) -> str:
    """The prefix Meta would add: exact for +1 and +7, two digits elsewhere (believed)."""
    return number[:1] if number[:1] in "17" else number[:2]
