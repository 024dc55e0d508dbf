"""What StartChatContact asks of the chats, in our own terms."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.amazon_connect import limits


@dataclass(slots=True, kw_only=True)
class ChatRequest:
    """What StartChatContact asks for, as far as the chat itself is concerned."""

    display_name: str
    flow_id: str
    attributes: dict[str, str] = field(default_factory=dict)
    initial_message: tuple[str, str] | None = None
    """(content type, content)."""
    duration_min: int = limits.CHAT_DURATION_MIN
    content_types: frozenset[str] = frozenset({"text/plain"})
    streaming_topic: str | None = None
    connect_customer: bool = False
    segment_attributes: dict[str, Any] = field(default_factory=dict)
    customer_id: str | None = None
    related_contact_id: str | None = None
    disconnect_agent_on_exit: bool = False
