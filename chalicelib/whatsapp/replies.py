"""What agents, flows and bots can say to a customer, before it has WhatsApp's form. Pure values.

Every reply may quote a message of the customer: `quoted` is its wamid, "" for none.
"""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.customer import normalize_phone
from chalicelib.whatsapp.content import ContactCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a reply is for, each as received: phone (sent with "+"), BSUID, or a group.

    With both phone and BSUID WhatsApp uses the phone. Raises ValueError when all are empty.
    """

    phone: str | None = None
    user_id: str | None = None
    group_id: str | None = None

    def __post_init__(self) -> None:
        if not (self.phone or self.user_id or self.group_id):
            raise ValueError("a reply needs a phone number, a user id or a group id")

    def fields(self) -> dict[str, str]:
        """The addressing fields of a Meta body."""
        if self.group_id:
            return {"recipient_type": "group", "to": self.group_id}
        # Without "+" Meta would put the business number's country code in front.
        to = {"to": normalize_phone(self.phone)} if self.phone else {}
        recipient = {"recipient": self.user_id} if self.user_id else {}
        return {"recipient_type": "individual", **to, **recipient}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReply:
    """`markdown`: read every mark as Markdown (content type text/markdown)."""

    text: str
    markdown: bool = False
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractiveReply:
    """A Connect interactive message: {"templateType", "version", "data": {"content": ..}}."""

    template: dict[str, Any]
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentReply:
    """A file that was uploaded. `voice`: an ogg/opus mono recording, sent as a voice message."""

    media_id: str
    mime_type: str
    filename: str = ""
    caption: str = ""
    voice: bool = False
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReply:
    """A template: the only thing WhatsApp takes outside the window. `components` as Meta's."""

    name: str
    language: str
    components: tuple[dict[str, Any], ...] = ()
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionReply:
    """An emoji on the customer's message `target`; "" takes it away. Cannot quote."""

    target: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReply:
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsReply:
    cards: tuple[ContactCard, ...]
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReply:
    """A text with one button that opens a web page (call to action)."""

    text: str
    label: str
    url: str
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRequestReply:
    """A text with a button by which the customer sends a location."""

    text: str
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReply:
    """A WhatsApp Flow, i.e. a form: `parameters` as Meta's action.parameters besides the label."""

    text: str
    label: str
    flow_id: str
    token: str
    parameters: dict[str, Any] = field(default_factory=dict)
    quoted: str = ""


ChatReply = (
    TextReply
    | InteractiveReply
    | AttachmentReply
    | TemplateReply
    | ReactionReply
    | LocationReply
    | ContactsReply
    | LinkReply
    | LocationRequestReply
    | FormReply
)
