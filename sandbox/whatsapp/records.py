"""What the WhatsApp network keeps of messages and statuses."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.whatsapp.account import BusinessNumber

RANK = {"sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}


@dataclass(slots=True, kw_only=True)
class Outbound:
    """A message the business sent. `statuses` lists what was published about it, in order."""

    wamid: str
    message_id: str
    number: BusinessNumber
    body: dict[str, Any]
    at: datetime
    statuses: list[str] = field(default_factory=list)
    priced: bool = False

    @property
    def kind(self) -> str:
        """text, image, interactive, template, ..."""
        return str(self.body.get("type") or "text")


@dataclass(slots=True, kw_only=True)
class Inbound:
    """A message a customer sent. `read_at` is when the business marked it read; `body` is the
    message without id and time."""

    wamid: str
    at: datetime
    kind: str
    number: BusinessNumber
    body: dict[str, Any] = field(default_factory=dict)
    read_at: datetime | None = None
