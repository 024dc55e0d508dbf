"""Customers and their phones: what they send becomes real events, what they get is on `screen`."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.whatsapp import inbound, limits
from sandbox.whatsapp.account import BusinessNumber
from sandbox.whatsapp.bubble import Bubble, bubble
from sandbox.whatsapp.network import WhatsAppNetwork
from sandbox.whatsapp.records import Inbound, Outbound


class Phones:
    """The customers of one account."""

    def __init__(self, network: WhatsAppNetwork) -> None:
        self.network = network
        self.all: list[Phone] = []

    def add(
        self,
        name: str,
        number: str | None = None,
        *,
        user_id: str | None = None,
        username: str | None = None,
    ) -> "Phone":
        """A customer with a number (digits), or one known by a username and user id only."""
        generated = f"US.{self.network.ids.digits(20)}"
        phone = Phone(
            name,
            number.removeprefix("+") if number else None,
            user_id=user_id or generated,
            username=username,
            network=self.network,
        )
        self.all.append(phone)
        self.network.handsets.append(phone)
        return phone


class Phone:
    """One customer's WhatsApp.

    `screen` holds the bubbles from the business, oldest first; `reactions` maps own wamids to the
    emoji the business put on them.
    """

    def __init__(
        self,
        name: str,
        number: str | None,
        *,
        user_id: str,
        username: str | None,
        network: WhatsAppNetwork,
    ) -> None:
        self.name = name
        self.number = number
        self.user_id = user_id
        self.username = username
        self.parent_user_id: str | None = None
        self.business = network.account.numbers[0]
        self.screen: list[Bubble] = []
        self.sent: list[Inbound] = []
        self.reactions: dict[str, str] = {}
        self.last_wrote: dict[str, datetime] = {}
        self.is_open = False
        self._network = network
        self._off = False
        self._undelivered: list[Outbound] = []
        self._typing_until: datetime | None = None

    # --- the customer writes --------------------------------------------------------------------

    def says(self, text: str, **extras: Any) -> str:
        """Write a text; answers its wamid. `extras`: context, referral, ..."""
        return self.sends("text", body=text, **extras)

    def sends_voice_note(self, audio: bytes, mime_type: str = "audio/ogg; codecs=opus") -> str:
        """Record a voice note."""
        return self.sends("audio", media=audio, mime_type=mime_type, voice=True)

    def sends(self, kind: str, *, media: bytes | None = None, **content: Any) -> str:
        """Send a message of any kind of WhatsApp's; answers its wamid.

        `content` are the fields of that kind's object; a media kind takes the file as `media`
        and may name `mime_type`, `caption`, `filename`. Raises KeyError for an unknown kind.
        """
        if kind in inbound.MEDIA_TYPES:
            content = self._media_fields(kind, media or b"", content)
        message = self._sender() | inbound.message(kind, content)
        if kind != "system":  # not written by the customer: opens no window
            self.last_wrote[self.business.meta_id] = self._network.clock.now()
        sent = self._network.from_customer(self, self.business, message)
        self.sent.append(sent)
        return sent.wamid

    def _media_fields(self, kind: str, body: bytes, content: dict[str, Any]) -> dict[str, Any]:
        mime_type = content.pop("mime_type", inbound.MEDIA_TYPES[kind])
        file = self._network.media.add(body, mime_type, self.business.key, uploaded=False)
        return {"mime_type": mime_type, "sha256": file.sha256, "id": file.id, **content}

    def reacts(self, wamid: str, emoji: str | None) -> str:
        """React to a message; None takes the reaction away."""
        content: dict[str, Any] = {"message_id": wamid} | ({"emoji": emoji} if emoji else {})
        return self.sends("reaction", **content)

    def chooses(self, choice: str) -> str:
        """Press the button or list row with this id or title in the newest bubble that has it.

        Raises LookupError when no bubble has it.
        """
        for shown in reversed(self.screen):
            for key, title in shown.buttons:
                if choice in (key, title):
                    return self._press(shown, key, title)
        raise LookupError(f"no button {choice!r} on the screen of {self.name}")

    def _press(self, shown: Bubble, key: str, title: str) -> str:
        context = {"from": self.business.number, "id": shown.wamid}
        if shown.kind == "template":
            return self.sends("button", payload=key, text=title, context=context)
        reply = {"id": key, "title": title}
        if shown.list_button:
            return self.sends("interactive", context=context, list_reply=reply)
        return self.sends("interactive", context=context, button_reply=reply)

    def changes_number(self, number: str) -> str:
        """The customer moves to another number; WhatsApp tells it in a system message."""
        old = self.number
        wamid = self.sends(
            "system",
            body=f"User {self.name} changed from {old} to {number}",
            type="user_changed_number",
            wa_id=number,
        )
        self.number = number
        return wamid

    def publish_raw(self, entry: dict[str, Any]) -> None:
        """Publish a Meta entry as it is, in End User Messaging's envelope."""
        self._network.publish(entry)

    def contact(self) -> dict[str, Any]:
        """The customer as `value.contacts[]` describes them; no wa_id for a username customer."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        facts: dict[str, Any] = {"profile": profile}
        if self.number:
            facts["wa_id"] = self.number
        if self._network.switches.user_ids or not self.number:
            facts["user_id"] = self.user_id
        if self.parent_user_id:
            facts["parent_user_id"] = self.parent_user_id
        return facts

    def _sender(self) -> dict[str, str]:
        sender = {"from": self.number} if self.number else {}
        if self._network.switches.user_ids or not self.number:
            sender["from_user_id"] = self.user_id
        if self.parent_user_id:
            sender["from_parent_user_id"] = self.parent_user_id
        return sender

    # --- the customer looks at the phone ---------------------------------------------------------

    @property
    def is_off(self) -> bool:
        """Switched off: nothing is delivered until it is on again."""
        return self._off

    @is_off.setter
    def is_off(self, off: bool) -> None:
        self._off = off
        waiting, self._undelivered = self._undelivered, []
        for message in waiting:
            self.receive(message)

    def reads(self) -> None:
        """Look at the chat: everything unread becomes read."""
        for shown in self.screen:
            if not shown.read:
                shown.read = True
                self._network.report(shown.message, "read", self)

    def plays(self, shown: Bubble) -> None:
        """Play a voice note of the business for the first time."""
        self._network.report(shown.message, "played", self)

    @property
    def texts(self) -> list[str]:
        """The words on the screen, one entry per bubble."""
        return [shown.text for shown in self.screen]

    def tick(self, wamid: str) -> str:
        """The mark on an own message: "delivered", or "read" once the business read it."""
        own = next(one for one in self.sent if one.wamid == wamid)
        return "read" if own.read_at else "delivered"

    @property
    def sees_typing(self) -> bool:
        """Whether "typing..." stands under the business's name now."""
        until = self._typing_until
        return until is not None and self._network.clock.now() < until

    # --- the network's side ---------------------------------------------------------------------

    def receive(self, message: Outbound) -> None:
        """Show a message (or reaction), unless the phone is off."""
        if self._off:
            self._undelivered.append(message)
            return
        self._typing_until = None
        if message.kind == "reaction":
            self._show_reaction(message.body["reaction"])
        else:
            self._show(message)
        self._network.report(message, "read" if self.is_open else "delivered", self)

    def _show(self, message: Outbound) -> None:
        template = self._network.template(message)
        text = template.text if template else ""
        shown = bubble(message, self._network.media, self._network.clock.now(), text)
        shown.read = self.is_open
        self.screen.append(shown)

    def _show_reaction(self, reaction: dict[str, Any]) -> None:
        if reaction["emoji"]:
            self.reactions[reaction["message_id"]] = reaction["emoji"]
        else:
            self.reactions.pop(reaction["message_id"], None)

    def show_receipt(self, wamid: str, *, typing: bool) -> None:
        """Everything of ours up to this message is read; typing shows for 25 seconds."""
        now = self._network.clock.now()
        latest = next((one.at for one in self.sent if one.wamid == wamid), now)
        for own in self.sent:
            if own.at <= latest:
                own.read_at = own.read_at or now
        if typing:
            self._typing_until = now + timedelta(seconds=limits.TYPING_S)

    def writes_to(self, number: BusinessNumber) -> None:
        """From now on write to another number of the business."""
        self.business = number
