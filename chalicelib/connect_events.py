"""What Connect streams of a chat: messages, events and attachments of all participants. Pure.

A record reaches us through SNS and SQS, wrapped in a notification or raw. Shape and content types:
admin guide "sns-payload", amazon-connect-chatjs src/constants.js; reference flow-language.md 4.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from chalicelib.errors import UnreadableEvent
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.json_replies import json_reply
from chalicelib.whatsapp.replies import ChatReply, InteractiveReply, TextReply

MESSAGE_PREFIX = "application/vnd.amazonaws.connect.message."
EVENT_PREFIX = "application/vnd.amazonaws.connect.event."
JSON = "application/json"
INTERACTIVE = f"{MESSAGE_PREFIX}interactive"
INTERACTIVE_RESPONSE = f"{MESSAGE_PREFIX}interactive.response"
CHAT_ENDED = f"{EVENT_PREFIX}chat.ended"
TYPING = f"{EVENT_PREFIX}typing"

EVENT_NAMES = frozenset(
    {
        "typing",
        "participant.joined",
        "participant.left",
        "participant.active",
        "participant.inactive",
        "participant.idle",
        "participant.returned",
        "participant.invited",
        "participant.autodisconnection",
        "participant.displayname.updated",
        "transfer.succeeded",
        "transfer.failed",
        "chat.ended",
        "chat.rehydrated",
        "connection.acknowledged",
        "message.delivered",
        "message.read",
        "authentication.initiated",
        "authentication.succeeded",
        "authentication.failed",
        "authentication.timeout",
        "authentication.expired",
        "authentication.cancelled",
        "workflow.cancelled",
    }
)
"""Names after EVENT_PREFIX. Others are parsed just the same; this list is for completeness."""

MAX_WRAPPINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAttachment:
    """A file in the chat. `status`: APPROVED, REJECTED or IN_PROGRESS (still being scanned)."""

    attachment_id: str
    name: str
    content_type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEvent:
    """One record. `at` is UTC, the epoch when the record has no readable time.

    `contact_id` changes when the contact is transferred, `initial_contact_id` does not.
    `visibility` is CUSTOMER, AGENT, ALL, or "" where nobody told.
    """

    kind: Literal["message", "event", "attachment"]
    id: str
    contact_id: str
    initial_contact_id: str
    participant_role: str
    visibility: str
    at: datetime
    content_type: str
    content: str = ""
    attachments: tuple[ChatAttachment, ...] = ()
    display_name: str = ""
    participant_id: str = ""
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def event_name(self) -> str:
        """The name of an event, e.g. "participant.joined"; "" for messages and attachments."""
        found = self.content_type.startswith(EVENT_PREFIX)
        return self.content_type.removeprefix(EVENT_PREFIX) if found else ""

    @property
    def ends_chat(self) -> bool:
        return self.content_type == CHAT_ENDED

    @property
    def for_customer(self) -> bool:
        """Whether WhatsApp must get it: not the customer's own, and meant for the customer.

        Where nobody told the visibility (raw delivery without attributes) the topic's filter
        policy is trusted: dropping would lose an agent's message.
        """
        seen = self.visibility in ("CUSTOMER", "ALL", "")
        return self.kind != "event" and self.participant_role != "CUSTOMER" and seen


def parse(body: str, attributes: Mapping[str, str] | None = None) -> ChatEvent:
    """The chat record in one SQS body.

    `attributes`: the SNS message attributes where delivery is raw, since the visibility stands
    only there. Raises UnreadableEvent when it is no record of a chat.
    """
    record, wrapped = _unwrap(_decode(body))
    told = {**wrapped, **(attributes or {})}
    kind = _kind(fields.text(record, "Type") or told.get("Type", ""))
    contact = fields.text(record, "ContactId") or told.get("ContactId", "")
    initial = fields.text(record, "InitialContactId") or told.get("InitialContactId", "") or contact
    if not initial:
        raise UnreadableEvent("the record names no contact", code="no_contact")
    return ChatEvent(
        kind=kind,
        id=fields.text(record, "Id") or fields.fingerprint(record),
        contact_id=contact or initial,
        initial_contact_id=initial,
        participant_role=_either(record, told, "ParticipantRole").upper(),
        visibility=_visibility(record, told),
        at=fields.moment(record, "AbsoluteTime") or datetime.fromtimestamp(0, tz=UTC),
        content_type=_either(record, told, "ContentType"),
        content=fields.text(record, "Content"),
        attachments=tuple(_attachment(item) for item in fields.objects(record, "Attachments")),
        display_name=fields.text(record, "DisplayName"),
        participant_id=fields.text(record, "ParticipantId"),
        raw=record,
    )


def is_record(body: str) -> bool:
    """Whether this is a chat record, and not somebody's text in which its words stand."""
    try:
        record, told = _unwrap(_decode(body))
    except UnreadableEvent:
        return False
    return "InitialContactId" in record or "InitialContactId" in told


def to_reply(event: ChatEvent) -> ChatReply | None:
    """What a message says to the customer; None when there is nothing to say.

    Attachments yield None: they must be uploaded first (`AttachmentReply` needs the media id).
    """
    if event.kind != "message" or event.content_type == INTERACTIVE_RESPONSE:
        return None
    if event.content_type == INTERACTIVE:
        return _interactive(event.content)
    if not event.content.strip():
        return None
    if event.content_type.startswith(JSON):
        return json_reply(event.content) or TextReply(text=event.content)
    return TextReply(text=event.content, markdown=event.content_type.startswith("text/markdown"))


def _interactive(content: str) -> ChatReply | None:
    """The template, or its text as it is when it cannot be read: better odd than silent."""
    try:
        template = fields.decode(content)
    except ValueError:
        template = None
    if isinstance(template, dict):
        return InteractiveReply(template=template)
    return TextReply(text=content) if content.strip() else None


def _decode(body: str) -> Any:
    try:
        return fields.decode(body)
    except ValueError as error:
        raise UnreadableEvent("the record is not JSON", code="not_json") from error


def _unwrap(document: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The record itself and the attributes of the notification around it."""
    attributes: dict[str, str] = {}
    for _ in range(MAX_WRAPPINGS):
        inside = fields.as_object(document)
        if "Message" not in inside or "Content" in inside:
            return inside, attributes
        named = fields.child(inside, "MessageAttributes")
        attributes |= {name: fields.text(named[name], "Value", "stringValue") for name in named}
        document = inside["Message"]
        document = _decode(document) if isinstance(document, str) else document
    raise UnreadableEvent("the record is wrapped too often", code="unknown_shape")


def _kind(name: str) -> Literal["message", "event", "attachment"]:
    kinds: dict[str, Literal["message", "event", "attachment"]] = {
        "MESSAGE": "message",
        "EVENT": "event",
        "ATTACHMENT": "attachment",
    }
    try:
        return kinds[name.upper()]
    except KeyError:
        raise UnreadableEvent("the record has an unknown type", code="unknown_type") from None


def _either(record: dict[str, Any], attributes: Mapping[str, str], name: str) -> str:
    return fields.text(record, name) or attributes.get(name, "")


def _visibility(record: dict[str, Any], attributes: Mapping[str, str]) -> str:
    return (
        attributes.get("MessageVisibility", "")
        or fields.text(record, "MessageVisibility", "Visibility")
    ).upper()


def _attachment(item: dict[str, Any]) -> ChatAttachment:
    return ChatAttachment(
        attachment_id=fields.text(item, "AttachmentId"),
        name=fields.text(item, "AttachmentName"),
        content_type=fields.text(item, "ContentType"),
        status=fields.text(item, "Status").upper(),
    )
