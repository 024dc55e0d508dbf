"""Conversations in DynamoDB: each method is one call (protocol sections 3, 4 and 7)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.contact import ContactItem
from chalicelib.conversation import (
    Conversation,
    Member,
    MessageRecord,
    OpenChat,
    Pending,
    Reply,
)
from chalicelib.gateways.contact_table import contact_row
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import ConversationItem
from chalicelib.gateways.message_table import history_update
from chalicelib.gateways.updates import Update
from chalicelib.ports import Claimed, Refused
from chalicelib.ring import Ring

IS_CONVERSATION = "#kind = :conversation"
MINE = "#pending_id = :mine"
NEW = "attribute_not_exists(#kind)"
CLEARED = {
    "pending_id": None,
    "pending_since": None,
    "pending_claimed_at": None,
    "pending_attempts": None,
    "pending_members": None,
    "pending_repeat": None,
}


class ConversationTable:
    """`expires` gives the TTL (epoch seconds) for conversations written now."""

    def __init__(
        self, db: DynamoDb, *, expires: Callable[[], int], history_expires: Callable[[], int]
    ) -> None:
        self._db = db
        self._expires = expires
        self._history_expires = history_expires

    def claim(self, key: str, pending: Pending) -> Claimed | Refused:
        done = [member.ring_entry for member in pending.members]
        free = [f"NOT contains(#done, :done{index})" for index in range(len(done))]
        update = Update(
            model=ConversationItem,
            key=key,
            set={**_pending(pending), "expires": self._expires()},
            condition=" AND ".join([IS_CONVERSATION, "attribute_not_exists(#pending_id)", *free]),
            values={
                "conversation": ("kind", "conversation"),
                **{f"done{index}": ("kind", entry) for index, entry in enumerate(done)},
            },
        )
        claimed, item = self._db.update(update, returns="ALL_NEW")
        if claimed:
            return Claimed(_conversation(item))
        return _refused(item, pending)

    def create(self, new: Conversation) -> str:
        updates = [self._new(new), *(self._pointer(alias, new.key) for alias in new.aliases)]
        refusals = self._db.transact(updates)
        if refusals is None:
            return ""
        # Two refusals mean two older conversations: the first, found by the strongest
        # identifier, is the one to use.
        found = next(item for item in refusals if item is not None)
        if found.kind == "conversation" and found.pending_id == _id(new.pending):
            return ""
        return str(found.points_to or found.key)

    def point(self, alias: str, key: str) -> None:
        self._db.update(self._pointer(alias, key))

    def load(self, key: str) -> Conversation | None:
        item = self._db.get(ConversationItem, key)
        if item is None:
            return None
        return self.load(item.points_to) if item.points_to else _conversation(item)

    def take_over(self, key: str, found: Pending, mine: Pending) -> bool:
        taken, item = self._db.update(self._if_mine(key, found, _pending(mine)))
        return taken or (item is not None and item.pending_id == mine.id)

    def release(self, key: str, pending: Pending) -> None:
        freed = {"pending_since": 0, "pending_attempts": pending.attempts}
        self._db.update(self._if_mine(key, pending, freed))

    def drop_claim(self, key: str, pending: Pending) -> None:
        self._db.update(self._if_mine(key, pending, CLEARED))

    def opened_again(self, key: str, pending: Pending, opened: int) -> None:
        changes = {"opened": opened, "pending_repeat": int(pending.repeat)}
        self._db.update(self._if_mine(key, pending, changes))

    def record(
        self,
        before: Conversation,
        pending: Pending,
        after: Conversation,
        history: Sequence[MessageRecord],
    ) -> bool:
        updates = [self._if_mine(before.key, pending, {**_changed(after), **CLEARED})]
        if after.chat and after.chat != before.chat:
            updates.append(contact_row(_contact(after), expires=self._expires()))
        updates.extend(history_update(line, self._history_expires()) for line in history)
        return self._db.transact(updates) is None

    def end(self, key: str, contact: str, at: int) -> None:
        """Not bound to `contact` being known: a chat may end before its opening is recorded."""
        self._db.update(
            Update(
                model=ConversationItem,
                key=key,
                set={"ended": contact, "ended_at": at},
                condition=IS_CONVERSATION,
                values={"conversation": ("kind", "conversation")},
            )
        )

    def _new(self, new: Conversation) -> Update:
        values = {
            "kind": "conversation",
            "customer": new.customer,
            "origination_id": new.reply.origination_id or None,
            "to": new.reply.to or None,
            "recipient": new.reply.recipient or None,
            "group": new.reply.group or None,
            "name": new.name or None,
            "language": new.language or None,
            "aliases": list(new.aliases),
            "expires": self._expires(),
            **(_pending(new.pending) if new.pending else {}),
        }
        return Update(model=ConversationItem, key=new.key, set=values, condition=NEW)

    def _pointer(self, alias: str, key: str) -> Update:
        values = {"kind": "pointer", "points_to": key, "expires": self._expires()}
        return Update(model=ConversationItem, key=alias, set=values, condition=NEW)

    def _if_mine(self, key: str, pending: Pending, changes: dict[str, Any]) -> Update:
        return Update(
            model=ConversationItem,
            key=key,
            set={**changes, "expires": self._expires()},
            condition=MINE,
            values={"mine": ("pending_id", pending.id)},
        )


def _refused(item: Any, pending: Pending) -> Claimed | Refused:
    if item is None:
        return Refused()
    if item.points_to:
        return Refused(pointer=str(item.points_to))
    if item.pending_id == pending.id:  # the SDK repeated a claim whose answer was lost
        return Claimed(_conversation(item))
    return Refused(conversation=_conversation(item))


def _pending(pending: Pending) -> dict[str, Any]:
    return {
        "pending_id": pending.id,
        "pending_since": pending.since,
        "pending_claimed_at": pending.claimed_at,
        "pending_attempts": pending.attempts,
        "pending_repeat": int(pending.repeat) or None,
        "pending_members": json.dumps([asdict(member) for member in pending.members]),
    }


def _id(pending: Pending | None) -> str:
    return pending.id if pending else ""


def _changed(after: Conversation) -> dict[str, Any]:
    """What the record step writes; `ended` is not among it, for that is another writer's."""
    chat = after.chat or OpenChat(contact="")
    return {
        "contact": chat.contact or None,
        "participant_token": chat.participant_token or None,
        "connection_token": chat.connection_token or None,
        "connected_until": chat.connected_until or None,
        "opened": after.opened,
        "done": list(after.done.entries),
        "forgotten_until": after.done.forgotten_until,
        "last": after.last or None,
        "beyond": after.beyond,
        "wrote_at": after.wrote_at,
        "recent": list(after.recent),
    }


def _contact(after: Conversation) -> ContactItem:
    assert after.chat is not None  # noqa: S101  (type narrowing; the caller checked)
    return ContactItem(
        chat=after.chat,
        conversation=after.key,
        customer=after.customer,
        reply=after.reply,
        language=after.language,
        wrote_at=after.wrote_at,
    )


def _conversation(item: Any) -> Conversation:
    chat = None
    if item.contact:
        chat = OpenChat(
            contact=item.contact,
            participant_token=item.participant_token or "",
            connection_token=item.connection_token or "",
            connected_until=int(item.connected_until or 0),
        )
    return Conversation(
        key=item.key,
        customer=item.customer or "",
        reply=Reply(
            origination_id=item.origination_id or "",
            to=item.to or "",
            recipient=item.recipient or "",
            group=item.group or "",
        ),
        name=item.name or "",
        language=item.language or "",
        chat=chat,
        ended=item.ended or "",
        ended_at=int(item.ended_at or 0),
        opened=int(item.opened or 0),
        done=ring(item),
        last=item.last or "",
        beyond=int(item.beyond or 0),
        wrote_at=int(item.wrote_at or 0),
        aliases=tuple(item.aliases or ()),
        recent=tuple(int(each) for each in item.recent or ()),
        pending=_read_pending(item),
    )


def ring(item: Any) -> Ring:
    """The ring of an item that has one."""
    forgotten = -1 if item.forgotten_until is None else int(item.forgotten_until)
    return Ring(tuple(item.done or ()), forgotten)


def _read_pending(item: Any) -> Pending | None:
    if not item.pending_id:
        return None
    members = tuple(
        Member(**{**plain, "attributes": tuple(map(tuple, plain["attributes"]))})
        for plain in json.loads(item.pending_members)
    )
    return Pending(
        id=item.pending_id,
        members=members,
        since=int(item.pending_since or 0),
        claimed_at=int(item.pending_claimed_at or 0),
        attempts=int(item.pending_attempts or 0),
        repeat=bool(item.pending_repeat),
    )
