"""What a message contains: one plain value per kind. Pure.

Source of every shape: Meta, webhooks/reference/messages/*; reference whatsapp-eum.md section 2.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chalicelib.customer import IdentityChange

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """A file to fetch through EUM. `media_id` can be downloaded for 7 days."""

    media_id: str
    mime_type: str = ""
    sha256: str = ""
    filename: str | None = None
    voice: bool = False
    animated: bool = False
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Degrees, or None when what came is no number."""

    latitude: float | None
    longitude: float | None
    name: str = ""
    address: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """One shared contact; `origin` is "contact_request" when we asked for the number."""

    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    organization: str = ""
    birthday: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCards:
    cards: tuple[ContactCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji put on message `target`; "" means the reaction was taken away."""

    target: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A tapped button, list row or template button. `id` is the id or payload we had sent."""

    source: Literal["button_reply", "list_reply", "template_button"]
    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswers:
    """A completed WhatsApp Flow (nfm_reply): its answers, or the raw text when not JSON."""

    name: str
    body: str
    answers: Json
    unreadable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPermission:
    """The customer's answer to "may we call you"; `response` is accept or reject."""

    response: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """Numbers come as int, float or text: kept as text, exactly as sent."""

    product_id: str
    quantity: str
    price: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    catalog_id: str
    text: str
    items: tuple[OrderItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """WhatsApp tells of a change: number, user id or identity."""

    type: str
    body: str
    change: IdentityChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWelcome:
    """The customer opened the chat for the first time and has written nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something WhatsApp does not pass on; `type` says what it was where WhatsApp knows."""

    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The new version of message `original`; `kind` and `content` are those of the new one."""

    original: str
    kind: str
    content: "Content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """The customer deleted message `original` for everyone."""

    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """An error in place of a message; the errors themselves are on the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A kind nobody has heard of yet. `named` is WhatsApp's own word for it, or ""."""

    named: str
    words: str = ""


Content = (
    Text
    | MediaRef
    | Location
    | ContactCards
    | Reaction
    | Choice
    | FormAnswers
    | CallPermission
    | Order
    | System
    | RequestWelcome
    | Unsupported
    | Edit
    | Revoke
    | Errors
    | Unknown
)
