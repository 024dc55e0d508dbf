"""The contact a flow runs for, as far as a flow can see and change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueInfo:
    """A queue as it is at this moment. `capacity` None means no limit; ages in seconds."""

    id: str
    arn: str
    name: str
    size: int = 0
    capacity: int | None = None
    agents_online: int = 0
    agents_available: int = 0
    agents_staffed: int = 0
    oldest_age_s: int = 0

    @property
    def full(self) -> bool:
        return self.capacity is not None and self.size >= self.capacity


@dataclass(slots=True, kw_only=True)
class Contact:
    """One contact. Flows change it in place; what changed is also told by events.

    `attributes` are the user-defined contact attributes (text to text), `segment_attributes` the
    system ones such as `connect:Subtype`, `event_hooks` maps an event to a flow id.
    """

    contact_id: str
    initial_contact_id: str = ""
    previous_contact_id: str = ""
    related_contact_id: str | None = None
    channel: str = "CHAT"
    instance_arn: str = ""
    region: str = ""
    language: str = "en-US"
    initiation_method: str = "API"
    attributes: dict[str, str] = field(default_factory=dict)
    segment_attributes: dict[str, Any] = field(default_factory=dict)
    initial_message: str | None = None
    customer_id: str | None = None
    name: str | None = None
    description: str | None = None
    queue: QueueInfo | None = None
    event_hooks: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    references: dict[str, Any] = field(default_factory=dict)
    agent: dict[str, str] = field(default_factory=dict)
    has_bot: bool = False

    def segment_attribute(self, key: str) -> str:
        """A system attribute as text, whether kept plain or in Connect's `ValueString` shape."""
        value = self.segment_attributes.get(key)
        if isinstance(value, dict):
            value = value.get("ValueString")
        return value if isinstance(value, str) else ""
