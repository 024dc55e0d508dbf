"""Contacts in DynamoDB: each method is one call (protocol section 5)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import MessageRecord, OpenChat, Reply
from chalicelib.gateways.conversation_items import ring
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import ContactRow
from chalicelib.gateways.message_table import history_update
from chalicelib.gateways.updates import Update

KNOWN = "#kind = :contact"
MINE = "#pending_id = :mine"
CLEARED = {
    "pending_id": None,
    "pending_event": None,
    "pending_sent_at": None,
    "pending_since": None,
    "pending_next": None,
    "pending_attempt": None,
    "pending_attempts": None,
}


def contact_key(contact: str) -> str:
    """Key of a contact item in the conversations table."""
    return f"contact#{contact}"


def contact_row(item: ContactItem, *, expires: int) -> Update:
    """Create or refresh the contact item; what outbound put there stays (protocol law 3)."""
    values: dict[str, Any] = {
        "kind": "contact",
        "contact": item.chat.contact,
        "conversation": item.conversation,
        "customer": item.customer or None,
        "origination_id": item.reply.origination_id or None,
        "to": item.reply.to or None,
        "recipient": item.reply.recipient or None,
        "group": item.reply.group or None,
        "language": item.language or None,
        "wrote_at": item.wrote_at,
        "expires": expires,
    }
    if item.chat.participant_token:
        values |= _tokens(item.chat)
    return Update(model=ContactRow, key=contact_key(item.chat.contact), set=values)


class ContactTable:
    """`expires` gives the TTL (epoch seconds) for contacts written now."""

    def __init__(
        self, db: DynamoDb, *, expires: Callable[[], int], history_expires: Callable[[], int]
    ) -> None:
        self._db = db
        self._expires = expires
        self._history_expires = history_expires

    def claim(self, contact: str, pending: OutboundPending) -> ContactItem | None:
        update = Update(
            model=ContactRow,
            key=contact_key(contact),
            set=_pending(pending),
            condition=(
                f"{KNOWN} AND attribute_not_exists(#pending_id) AND NOT contains(#done, :entry)"
            ),
            values={"contact": ("kind", "contact"), "entry": ("kind", pending.ring_entry)},
        )
        _, item = self._db.update(update, returns="ALL_NEW")
        return _contact(item) if item is not None and item.conversation else None

    def create(self, item: ContactItem) -> None:
        row = contact_row(item, expires=self._expires())
        self._db.update(
            Update(
                model=row.model,
                key=row.key,
                set=row.set,
                keep=[name for name, value in row.set.items() if value is not None],
            )
        )

    def load(self, contact: str) -> ContactItem | None:
        item = self._db.get(ContactRow, contact_key(contact))
        return _contact(item) if item is not None else None

    def take_over(self, contact: str, found: OutboundPending, mine: OutboundPending) -> bool:
        taken, item = self._db.update(self._if_mine(contact, found, _pending(mine)))
        return taken or (item is not None and item.pending_id == mine.id)

    def drop_claim(self, contact: str, found: OutboundPending) -> None:
        self._db.update(self._if_mine(contact, found, CLEARED))

    def progress(self, contact: str, mine: OutboundPending) -> None:
        self._db.update(self._if_mine(contact, mine, _pending(mine)))

    def record(
        self,
        item: ContactItem,
        pending: OutboundPending,
        history: Sequence[MessageRecord],
        message_ids: Mapping[str, str],
    ) -> bool:
        done = item.done.add([pending.ring_entry])
        changes = {
            **CLEARED,
            "done": done.entries,
            "forgotten_until": done.forgotten_until,
            "expires": self._expires(),
        }
        updates = [self._if_mine(item.chat.contact, pending, changes)]
        updates.extend(
            history_update(line, self._history_expires(), message_ids.get(line.id, ""))
            for line in history
        )
        return self._db.transact(updates) is None

    def renew(self, chat: OpenChat) -> None:
        self._db.update(
            Update(
                model=ContactRow,
                key=contact_key(chat.contact),
                set=_tokens(chat),
                condition=KNOWN,
                values={"contact": ("kind", "contact")},
            )
        )

    def _if_mine(
        self, contact: str, pending: OutboundPending, changes: Mapping[str, Any]
    ) -> Update:
        return Update(
            model=ContactRow,
            key=contact_key(contact),
            set=changes,
            condition=MINE,
            values={"mine": ("pending_id", pending.id)},
        )


def _tokens(chat: OpenChat) -> dict[str, Any]:
    return {
        "participant_token": chat.participant_token or None,
        "connection_token": chat.connection_token or None,
        "connected_until": chat.connected_until or None,
    }


def _pending(pending: OutboundPending) -> dict[str, Any]:
    return {
        "pending_id": pending.id,
        "pending_event": pending.event,
        "pending_sent_at": pending.sent_at,
        "pending_since": pending.since,
        "pending_next": pending.next,
        "pending_attempt": pending.attempt,
        "pending_attempts": pending.attempts,
    }


def _contact(item: Any) -> ContactItem:
    return ContactItem(
        chat=OpenChat(
            contact=item.contact,
            participant_token=item.participant_token or "",
            connection_token=item.connection_token or "",
            connected_until=int(item.connected_until or 0),
        ),
        conversation=item.conversation or "",
        customer=item.customer or "",
        reply=Reply(
            origination_id=item.origination_id or "",
            to=item.to or "",
            recipient=item.recipient or "",
            group=item.group or "",
        ),
        language=item.language or "",
        wrote_at=int(item.wrote_at or 0),
        done=ring(item),
        pending=_read_pending(item),
    )


def _read_pending(item: Any) -> OutboundPending | None:
    if not item.pending_id:
        return None
    return OutboundPending(
        id=item.pending_id,
        event=item.pending_event or "",
        sent_at=int(item.pending_sent_at or 0),
        since=int(item.pending_since or 0),
        next=int(item.pending_next or 0),
        attempt=int(item.pending_attempt or 1),
        attempts=int(item.pending_attempts or 0),
    )
