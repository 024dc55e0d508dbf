"""Media at Meta: what customers sent (7 days) and what the business uploaded (30 days)."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.ids import Ids
from sandbox.outside import Clock
from sandbox.whatsapp import limits

_ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One file. `number_key` names the business number it belongs to."""

    id: str
    body: bytes
    mime_type: str
    number_key: str
    until: datetime
    uploaded: bool

    @property
    def sha256(self) -> str:
        """Base64 of the digest, as webhooks carry it."""
        return base64.b64encode(hashlib.sha256(self.body).digest()).decode()


class MediaStore:
    """Files by id; an expired or deleted one is gone."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._files: dict[str, Media] = {}

    def add(
        self,
        body: bytes,
        mime_type: str,
        number_key: str,
        *,
        uploaded: bool,
        media_id: str | None = None,
    ) -> Media:
        """Keep a file under a new id, or under the id a recorded payload names."""
        lifetime = limits.UPLOADED_MEDIA_S if uploaded else limits.INBOUND_MEDIA_S
        media = Media(
            id=media_id or self._ids.digits(_ID_DIGITS),
            body=body,
            mime_type=mime_type,
            number_key=number_key,
            until=self._clock.now() + timedelta(seconds=lifetime),
            uploaded=uploaded,
        )
        self._files[media.id] = media
        return media

    def find(self, media_id: str, number_key: str) -> Media | None:
        """The file, if it lives and belongs to this number."""
        media = self._files.get(media_id)
        if media is None or media.number_key != number_key or media.until <= self._clock.now():
            return None
        return media

    def delete(self, media_id: str, number_key: str) -> bool:
        """Whether there was such a file."""
        return self.find(media_id, number_key) is not None and bool(self._files.pop(media_id))


def media_problem(kind: str, body: bytes, mime_type: str) -> str | None:
    """Why Meta refuses a file as a message of `kind`, or None (reference section 5.1)."""
    bare = limits.bare(mime_type)
    if bare not in limits.MEDIA_TYPES[kind]:
        return f"{bare} is not supported for {kind} messages"
    if len(body) > limits.MEDIA_BYTES[kind]:
        return f"{len(body)} bytes are over the limit of {kind} messages"
    if bare == "audio/ogg" and not is_mono_opus(body):
        return "audio/ogg must be Opus with one channel"
    return None


def is_mono_opus(body: bytes) -> bool:
    """Whether an Ogg file's first packet is an Opus head of one channel (RFC 7845, 5.1)."""
    head = body.find(b"OpusHead", 0, 512)
    return body.startswith(b"OggS") and head > 0 and body[head + 9 : head + 10] == b"\x01"


def kinds_for(mime_type: str) -> list[str]:
    """Message kinds a file of this type can be sent as."""
    bare = limits.bare(mime_type)
    return [kind for kind, types in limits.MEDIA_TYPES.items() if bare in types]
