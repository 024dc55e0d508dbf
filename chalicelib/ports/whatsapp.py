"""WhatsApp Business, whoever provides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A file that lies in the media bucket. `size` in bytes, `mime` as WhatsApp declared it."""

    key: str
    mime: str
    size: int


class WhatsApp(Protocol):
    """WhatsApp Business through End User Messaging Social, or another provider."""

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        """Send one message body; returns the provider's message id. Never retried inside."""
        ...

    def fetch(self, origination_id: str, media_id: str, key: str) -> StoredMedia:
        """Copy inbound media into the bucket under exactly `key`. Rejected: it is gone."""
        ...

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        """Upload outbound media from a presigned `url`; returns the media id."""
        ...

    def upload_stored(self, origination_id: str, key: str) -> str:
        """Upload outbound media that lies in the bucket; returns the media id."""
        ...

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        """Read receipt or typing indicator: best effort, no message."""
        ...
