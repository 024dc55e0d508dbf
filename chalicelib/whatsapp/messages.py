"""What WhatsApp can say, as plain values: messages, delivery statuses, account events. Pure.

Texts are as the customer wrote them (lone surrogates replaced, nothing else): whoever shows or
sends them makes them safe first (`to_chat.py`). Identifiers are exactly as received.
Source of every shape: Meta, webhooks/reference/messages/*; reference whatsapp-eum.md section 2.
"""

from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from typing import Literal

from chalicelib.customer import NOBODY, Identifiers, IdentityChange
from chalicelib.whatsapp.content import Content, Json, MediaRef, System

__all__ = [
    "AccountEvent",
    "Content",
    "DeliveryStatus",
    "InboundMessage",
    "Json",
    "MediaRef",
    "Product",
    "Quoted",
    "Referral",
    "Sender",
    "WhatsAppError",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The person who wrote. Any identifier may be missing; `name` and `username` may be ""."""

    phone: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    name: str = ""
    username: str = ""

    def identifiers(self) -> tuple[str, ...]:
        """The identifiers present, strongest first: BSUID, parent BSUID, phone."""
        return self.identity.strongest_first()

    @property
    def identity(self) -> Identifiers:
        return Identifiers(
            phone=self.phone, user_id=self.user_id, parent_user_id=self.parent_user_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppError:
    """One entry of an `errors` list. `code` is 0 when missing; titles are not stable."""

    code: int
    title: str = ""
    message: str = ""
    details: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A catalogue item that a message is about."""

    catalog_id: str
    product_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What a message answers: wamid and writer of the quoted one, or a product. "" = unknown."""

    wamid: str = ""
    author: str = ""
    product: Product | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The advertisement or post that brought the customer here."""

    source_type: str = ""
    source_id: str = ""
    source_url: str = ""
    headline: str = ""
    body: str = ""
    media_type: str = ""
    media_url: str = ""
    click_id: str = ""
    welcome_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message of a customer.

    `kind` is WhatsApp's type with three exceptions: a voice note is "voice" (shared audio files
    are "audio"), a missing type is inferred from the keys, and whatever nobody knows is
    "unknown". `media` is None when there is nothing to fetch. `origination_id` is EUM's id of the
    business number, "" when the event does not tell. `received_at`: when EUM had it, epoch seconds,
    0 when the event does not tell. `cut`: texts in it were too long and end early.
    """

    wamid: str
    phone_number_id: str
    kind: str
    content: Content
    sender: Sender
    origination_id: str = ""
    waba_id: str = ""
    sent_at: datetime | None = None
    received_at: int = 0
    media: MediaRef | None = None
    quoted: Quoted | None = None
    forwarded: Literal["", "forwarded", "often"] = ""
    referral: Referral | None = None
    errors: tuple[WhatsAppError, ...] = ()
    group_id: str = ""
    cut: bool = False
    raw: Json = default(default_factory=dict)

    @property
    def identity(self) -> Identifiers:
        """Who the conversation is with: the group when written in one, else the sender."""
        if self.group_id:
            return Identifiers(group_id=self.group_id)
        return self.sender.identity

    @property
    def identity_change(self) -> IdentityChange | None:
        return self.content.change if isinstance(self.content, System) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What became of a message of ours. `status` is Meta's word, lower case, known or not.

    `callback_data` is our own biz_opaque_callback_data, None when it did not come back.
    `type` is "message" unless WhatsApp says "call" or "payment".
    """

    wamid: str
    status: str
    phone_number_id: str = ""
    waba_id: str = ""
    at: datetime | None = None
    callback_data: str | None = None
    errors: tuple[WhatsAppError, ...] = ()
    pricing: Json | None = None
    recipient: Identifiers = NOBODY
    type: str = "message"
    raw: Json = default(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """Anything that is neither a customer's message nor a status.

    `summary` is fit for a log and an operator: field and event words, never personal data.
    `identity_change` is set when it is the webhook field user_id_update; `alarming` when an
    operator should look.
    """

    field: str
    summary: str
    phone_number_id: str = ""
    waba_id: str = ""
    errors: tuple[WhatsAppError, ...] = ()
    identity_change: IdentityChange | None = None
    alarming: bool = False
    raw: Json = default(default_factory=dict)
