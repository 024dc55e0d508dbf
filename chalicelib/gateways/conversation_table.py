"""Conversations in DynamoDB: each method is one call (protocol sections 3, 4 and 7)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from chalicelib.contact import ContactItem
from chalicelib.conversation import (
    Conversation,
    MessageRecord,
    OpenChat,
    Pending,
    Reply,
)
from chalicelib.gateways.contact_table import contact_row
from chalicelib.gateways.conversation_items import conversation_of
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.erased_table import ERASED, not_erased
from chalicelib.gateways.items import ConversationItem
from chalicelib.gateways.message_table import history_update
from chalicelib.gateways.updates import Update
from chalicelib.ports.conversations import Claimed, Erased, Existing, Refused

IS_CONVERSATION = "#kind = :conversation"
MINE = "#pending_id = :mine"
SINCE_ERASED = "(attribute_not_exists(#erased_before) OR #erased_before < :oldest)"
NEVER = 2**53  # later than any message: one without a time counts as new
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
    """`expires` gives the TTL (epoch seconds) for conversations written now; `salt` what the keys
    of erased customers are hashed with (`erased_table.tomb`).
    """

    def __init__(
        self,
        db: DynamoDb,
        *,
        expires: Callable[[], int],
        history_expires: Callable[[], int],
        salt: Callable[[], str] = str,
    ) -> None:
        self._db = db
        self._salt = salt
        self._expires = expires
        self._history_expires = history_expires

    def claim(self, key: str, pending: Pending) -> Claimed | Refused:
        done = [member.ring_entry for member in pending.members]
        free = [f"NOT contains(#done, :done{index})" for index in range(len(done))]
        oldest = min((m.sent_at for m in pending.members if m.sent_at), default=NEVER)
        update = Update(
            model=ConversationItem,
            key=key,
            set={**_pending(pending), "expires": self._expires()},
            condition=" AND ".join(
                [IS_CONVERSATION, "attribute_not_exists(#pending_id)", SINCE_ERASED, *free]
            ),
            values={
                "conversation": ("kind", "conversation"),
                "oldest": ("erased_before", oldest),
                **{f"done{index}": ("kind", entry) for index, entry in enumerate(done)},
            },
        )
        claimed, item = self._db.update(update, returns="ALL_NEW")
        if claimed:
            return Claimed(conversation_of(item))
        return _refused(item, pending)

    def create(self, new: Conversation) -> Existing | Erased | None:
        pointers = [self._own_pointer(alias, new) for alias in new.aliases]
        # That nobody asked to be forgotten is a condition of the same call: it costs none.
        salt, keys = self._salt(), (new.key, *new.aliases)
        tombs = [not_erased(salt, key, new.erased_before) for key in keys]
        refusals = self._db.transact([self._new(new), *pointers, *tombs])
        return None if refusals is None else _existing(refusals, new)

    def point(self, alias: str, key: str, customer: str) -> None:
        self._db.update(self._pointer(alias, key, customer))

    def move(self, alias: str, key: str, customer: str) -> None:
        pointer = self._pointer(alias, key, customer)
        self._db.update(
            replace(
                pointer,
                condition=f"{NEW} OR #kind = :pointer",
                values={"pointer": ("kind", "pointer")},
            )
        )

    def readdress(self, conversation: Conversation, reply: Reply) -> None:
        after = replace(conversation, reply=reply)
        updates = [
            Update(
                model=ConversationItem,
                key=conversation.key,
                set=_address(reply),
                condition=IS_CONVERSATION,
                values={"conversation": ("kind", "conversation")},
            )
        ]
        if conversation.chat:
            updates.append(contact_row(_contact(after), expires=self._expires()))
        self._db.transact(updates)

    def load(self, key: str) -> Conversation | None:
        item = self._db.get(ConversationItem, key)
        if item is None:
            return None
        return self.load(item.points_to) if item.points_to else conversation_of(item)

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
        changes = {**_changed(after), **_learned(before, after), **CLEARED}
        updates = [self._if_mine(before.key, pending, changes)]
        if after.chat and (after.chat, after.reply) != (before.chat, before.reply):
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
            **_address(new.reply),
            "name": new.name or None,
            "language": new.language or None,
            "aliases": list(new.aliases),
            "erased_before": new.erased_before or None,
            "expires": self._expires(),
            **(_pending(new.pending) if new.pending else {}),
        }
        return Update(model=ConversationItem, key=new.key, set=values, condition=NEW)

    def _own_pointer(self, alias: str, new: Conversation) -> Update:
        """One that leads here already, to a conversation that is gone, is no reason to refuse."""
        return replace(
            self._pointer(alias, new.key, new.customer),
            condition=f"{NEW} OR #points_to = :key",
            values={"key": ("points_to", new.key)},
        )

    def _pointer(self, alias: str, key: str, customer: str) -> Update:
        values = {
            "kind": "pointer",
            "points_to": key,
            "customer": customer or None,
            "expires": self._expires(),
        }
        return Update(model=ConversationItem, key=alias, set=values, condition=NEW)

    def _if_mine(self, key: str, pending: Pending, changes: dict[str, Any]) -> Update:
        return Update(
            model=ConversationItem,
            key=key,
            set={**changes, "expires": self._expires()},
            condition=MINE,
            values={"mine": ("pending_id", pending.id)},
        )


def _existing(refusals: Sequence[Any], new: Conversation) -> Existing | Erased | None:
    """Which conversation is there already. Two refusals mean two older ones: the first, found by
    the strongest identifier, is the one to use."""
    there = [item for item in refusals if item is not None]
    found = next((item for item in there if item.kind != ERASED), None)
    if found is None:
        return Erased(max(int(item.erased_before) for item in there))
    if found.kind == "conversation" and found.pending_id == _id(new.pending):
        return None
    return Existing(str(found.points_to or found.key), found.customer or "")


def _refused(item: Any, pending: Pending) -> Claimed | Refused:
    if item is None:
        return Refused()
    if item.points_to:
        return Refused(pointer=str(item.points_to))
    if item.pending_id == pending.id:  # the SDK repeated a claim whose answer was lost
        return Claimed(conversation_of(item))
    return Refused(conversation=conversation_of(item))


def _pending(pending: Pending) -> dict[str, Any]:
    return {
        "pending_id": pending.id,
        "pending_since": pending.since,
        "pending_claimed_at": pending.claimed_at,
        "pending_attempts": pending.attempts,
        "pending_repeat": int(pending.repeat) or None,
        "pending_members": json.dumps(
            [asdict(member) for member in pending.members], ensure_ascii=False
        ),
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
        "done": after.done.entries,
        "forgotten_until": after.done.forgotten_until,
        "last": after.last or None,
        "beyond": after.beyond,
        "wrote_at": after.wrote_at,
        "recent": after.recent,
        "newest": after.newest or None,
    }


def _learned(before: Conversation, after: Conversation) -> dict[str, Any]:
    """What the customer's event told anew: how answers reach them, and further aliases."""
    learned: dict[str, Any] = {}
    if after.reply != before.reply:
        learned |= _address(after.reply)
    if after.aliases != before.aliases:
        learned["aliases"] = list(after.aliases)
    return learned


def _address(reply: Reply) -> dict[str, Any]:
    return {
        "origination_id": reply.origination_id or None,
        "to": reply.to or None,
        "recipient": reply.recipient or None,
        "group": reply.group or None,
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
