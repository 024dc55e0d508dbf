"""Answers of Amazon Connect in our words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.conversation import OpenChat
from chalicelib.ports.chat import ShownItem


def opened(answer: Mapping[str, Any]) -> OpenChat:
    """The chat that StartChatContact opened, connected when it was asked for that as well."""
    chat = OpenChat(
        contact=answer["ContactId"], participant_token=answer.get("ParticipantToken", "")
    )
    credentials = answer.get("ConnectionCredentials")
    return with_connection(chat, credentials) if credentials else chat


def with_connection(chat: OpenChat, credentials: Mapping[str, Any]) -> OpenChat:
    """The chat with what CreateParticipantConnection, or the opening itself, gave."""
    return OpenChat(
        contact=chat.contact,
        participant_token=chat.participant_token,
        connection_token=credentials["ConnectionToken"],
        connected_until=_epoch(credentials.get("Expiry", "")),
    )


def ids(contact: Mapping[str, Any]) -> tuple[str, str]:
    """The id of a contact of ListAssociatedContacts, and of the first of its chain."""
    return contact["ContactId"], contact.get("InitialContactId", "")


def _epoch(expiry: str) -> int:
    """The connection's expiry (ISO 8601 text) in epoch seconds, 0 when it cannot be read."""
    try:
        return int(datetime.fromisoformat(expiry).timestamp())
    except ValueError:
        return 0


def is_content(item: Mapping[str, Any]) -> bool:
    """Whether an item of GetTranscript is a message or a file, and no event."""
    return item.get("Type") in ("MESSAGE", "ATTACHMENT")


def shown(item: Mapping[str, Any]) -> ShownItem:
    """A message or file of GetTranscript."""
    return ShownItem(
        id=item["Id"],
        role=item.get("ParticipantRole", ""),
        text=item.get("Content", ""),
        attachment=item.get("Type") == "ATTACHMENT",
    )
