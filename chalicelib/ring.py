"""What has been handled lately: a small ring of hashes kept inside a DynamoDB item.

In the ring = finished (protocol law 4). Not in the ring, but as old as something the ring has
already let go = unknown: look at the message item before deciding. Pure.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

RING_SIZE = 64  # protocol section 3: 64 hashes of 8 bytes keep the item far below one write unit
HASH_BYTES = 8


def entry(message_id: str, sent_at: int) -> str:
    """The ring's entry for a message: 8-byte hash and its own time in seconds, always the same."""
    digest = hashlib.sha256(message_id.encode()).digest()[:HASH_BYTES]
    return f"{urlsafe_b64encode(digest).decode().rstrip('=')}.{sent_at}"


def entry_time(ring_entry: str) -> int:
    """The message's time in epoch seconds, as written into its entry."""
    return int(ring_entry.rsplit(".", 1)[1])


@dataclass(frozen=True, slots=True)
class Ring:
    """Entries, oldest first, and the latest message time among those already let go."""

    entries: tuple[str, ...] = ()
    forgotten_until: int = -1

    def __contains__(self, ring_entry: object) -> bool:
        return ring_entry in self.entries

    def add(self, new: Iterable[str]) -> "Ring":
        """The ring after `new` entries came in; the oldest leave when it is full."""
        entries = self.entries + tuple(item for item in new if item not in self.entries)
        gone, kept = entries[:-RING_SIZE], entries[-RING_SIZE:]
        forgotten = max([self.forgotten_until, *(entry_time(item) for item in gone)])
        return Ring(kept, forgotten)

    def may_have_forgotten(self, ring_entry: str) -> bool:
        """True when the ring cannot say: not in it, yet no younger than what it let go."""
        return ring_entry not in self.entries and entry_time(ring_entry) <= self.forgotten_until
