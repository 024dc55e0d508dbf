"""What Connect keeps about a chat: its contacts, participants, items and attachments.

A chat is the chain of contacts that share one `InitialContactId`: a transfer adds a contact, while
participants, transcript, attributes and streaming stay with the chat.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EVENT = "application/vnd.amazonaws.connect.event."


def iso(moment: datetime) -> str:
    """Connect's time format, e.g. 2019-11-08T02:41:28.172Z (model, Item.AbsoluteTime)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(slots=True, kw_only=True, eq=False)
class Participant:
    """Someone in the chat. `role` is CUSTOMER, AGENT, SYSTEM or CUSTOM_BOT."""

    id: str
    role: str
    display_name: str
    token: str = field(default="", repr=False)
    joined_at: datetime | None = None
    left_at: datetime | None = None

    @property
    def is_present(self) -> bool:
        """Joined and not left."""
        return self.joined_at is not None and self.left_at is None


@dataclass(slots=True, kw_only=True, eq=False)
class Attachment:
    """A file of the chat. `status` is UPLOADING, then APPROVED or REJECTED."""

    id: str
    name: str
    content_type: str
    size: int
    owner: Participant
    upload_until: datetime
    body: bytes | None = None
    status: str = "UPLOADING"


@dataclass(slots=True, kw_only=True)
class Receipt:
    """When one recipient got and read an item."""

    delivered_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """One message, event or attachment of the chat.

    `visibility` is ALL, CUSTOMER or AGENT. Typing and receipts are streamed but are not part of
    the transcript (`in_transcript`).
    """

    id: str
    at: datetime
    type: str
    content_type: str
    contact_id: str
    content: str | None = None
    participant: Participant | None = None
    visibility: str = "ALL"
    attachments: tuple[Attachment, ...] = ()
    in_transcript: bool = True
    about: str | None = None
    """For a receipt event: the id of the message it is about."""
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """By participant id."""

    @property
    def role(self) -> str | None:
        """The sender's role; None for events of the chat itself."""
        return self.participant.role if self.participant else None

    def visible_to(self, role: str) -> bool:
        """Whether a participant of `role` sees it."""
        return self.visibility in ("ALL", role)


@dataclass(slots=True, kw_only=True, eq=False)
class Contact:
    """One link of the chain: from its beginning to a transfer or the end."""

    id: str
    initiation_method: str
    started_at: datetime
    previous_id: str | None = None
    flow_id: str | None = None
    queue_id: str | None = None
    enqueued_at: datetime | None = None
    agent: Participant | None = None
    accepted_at: datetime | None = None
    disconnected_at: datetime | None = None
    disconnect_reason: str | None = None
    name: str | None = None
    description: str | None = None
    references: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_waiting(self) -> bool:
        """In a queue, with nobody answering yet."""
        return self.enqueued_at is not None and self.agent is None and not self.disconnected_at


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Chat:
    """The whole conversation. The last of `contacts` is the current one."""

    customer: Participant
    contacts: list[Contact]
    expires_at: datetime
    content_types: frozenset[str]
    attributes: dict[str, str] = field(default_factory=dict)
    segment_attributes: dict[str, Any] = field(default_factory=dict)
    initial_message: str | None = None
    customer_id: str | None = None
    related_contact_id: str | None = None
    language: str | None = None
    disconnect_agent_on_exit: bool = False
    participants: list[Participant] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    streaming: dict[str, str] = field(default_factory=dict)
    """Streaming id -> topic ARN."""
    event_hooks: dict[str, str] = field(default_factory=dict)
    """Flow event, e.g. CustomerQueue -> flow id (UpdateContactEventHooks)."""
    flow_path: list[tuple[str, str, str]] = field(default_factory=list)
    """(flow, action, branch taken; "" while none is)."""
    ended_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<chat {self.id} of {self.customer.display_name}>"

    @property
    def id(self) -> str:
        """The InitialContactId."""
        return self.contacts[0].id

    @property
    def current(self) -> Contact:
        """The contact the chat is in now."""
        return self.contacts[-1]

    @property
    def is_over(self) -> bool:
        """Nobody can write any more."""
        return self.ended_at is not None

    def participant(self, token: str) -> Participant | None:
        """The participant who holds this participant token."""
        return next((one for one in self.participants if one.token == token), None)
