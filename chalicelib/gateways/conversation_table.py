"""Conversations in DynamoDB: each method is one call (protocol sections 3, 4 and 7)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.contact import ContactItem
from chalicelib.conversation import (
    Conversation,
    MessageRecord,
    Pending,
    Reply,
)
from chalicelib.gateways.contact_table import contact_row
from chalicelib.gateways.conversation_items import (
    CLEARED,
    address_values,
    changed_values,
    conversation_of,
    learned_values,
    pending_values,
)
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
        oldest = min((m.written_by or NEVER for m in pending.members), default=NEVER)
        update = Update(
            model=ConversationItem,
            key=key,
            set={**pending_values(pending), "expires": self._expires()},
            condition=" AND ".join(
                [IS_CONVERSATION, "attribute_not_exists(#pending_id)", SINCE_ERASED, *free]
            ),
            values={
                "conversation": ("kind", "conversation"),
                "oldest": ("erased_before", oldest),
                **{f"done{index}": ("kind", entry) for index, entry in enumerate(done)},
            },
        )
        # As it was before: what the claim adds we know, and need not read again.
        claimed, item = self._db.update(update, returns="ALL_OLD")
        if claimed:
            return Claimed(conversation_of(item, pending))
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
                set=address_values(reply),
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
        taken, item = self._db.update(self._if_mine(key, found, pending_values(mine)))
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
        changes = {**changed_values(before, after), **learned_values(before, after), **CLEARED}
        updates = [self._if_mine(before.key, pending, changes)]
        if after.chat and (after.chat, after.reply) != (before.chat, before.reply):
            updates.append(contact_row(_contact(after), expires=self._expires()))
        updates.extend(history_update(line, self._history_expires()) for line in history)
        pointers = self._pointers_to_keep(before, after)
        refusals = self._db.transact([*updates, *pointers])
        if refusals is not None and not any(refusals[: len(updates)]):
            # A pointer leads to somebody else by now: it stays so, and the record goes without.
            refusals = self._db.transact(updates)
        return refusals is None

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
            **address_values(new.reply),
            "name": new.name or None,
            "language": new.language or None,
            "aliases": list(new.aliases),
            "erased_before": new.erased_before or None,
            "expires": self._expires(),
            **(pending_values(new.pending) if new.pending else {}),
        }
        return Update(model=ConversationItem, key=new.key, set=values, condition=NEW)

    def _pointers_to_keep(self, before: Conversation, after: Conversation) -> list[Update]:
        """Pointers live as long as what they lead to: each further chat renews them.

        In the record's own transaction this costs no call, and a chat lasts days, not months.
        """
        reopened = before.chat and after.chat and before.chat.contact != after.chat.contact
        return [self._own_pointer(alias, after) for alias in after.aliases] if reopened else []

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


def _id(pending: Pending | None) -> str:
    return pending.id if pending else ""


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
