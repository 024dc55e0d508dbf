"""Contacts: the way back from Connect to the customer."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import MessageRecord, OpenChat


class Contacts(Protocol):
    """Contact items: the way back from Connect to the customer (protocol section 5)."""

    def claim(self, contact: str, pending: OutboundPending) -> ContactItem | None:
        """Set `pending` unless another is there or it is done.

        Returns the item as it stands (its `pending.id` tells whether the claim is ours), or None
        when the contact is not known yet.
        """
        ...

    def create(self, item: ContactItem) -> None:
        """Create the item unless it exists."""
        ...

    def load(self, contact: str) -> ContactItem | None: ...

    def take_over(self, contact: str, found: OutboundPending, mine: OutboundPending) -> bool: ...

    def drop_claim(self, contact: str, found: OutboundPending) -> None:
        """Remove a claim without calling its event done."""
        ...

    def progress(self, contact: str, mine: OutboundPending) -> None:
        """Store where the claim stands, e.g. the next part, before it is sent."""
        ...

    def record(
        self,
        item: ContactItem,
        pending: OutboundPending,
        history: Sequence[MessageRecord],
        message_ids: Mapping[str, str],
    ) -> bool:
        """End the claim in one transaction. `message_ids`: provider's ids by history id."""
        ...

    def renew(self, chat: OpenChat) -> None: ...
