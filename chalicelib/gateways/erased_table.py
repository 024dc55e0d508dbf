"""Erased customers in DynamoDB: what is deleted of them, and the little that stays.

What stays is a *tombstone*: under a salted hash of each key one item that says up to when the
customer is forgotten, so that a message from before, which may still lie in a queue, does not
bring them back. Nothing in it leads to a person, and it expires.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from pynamodb.models import Model

from chalicelib.conversation import Conversation
from chalicelib.gateways.contact_table import contact_key
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import ConversationItem, MessageItem
from chalicelib.gateways.updates import Update

ERASED = "erased"
UP_TO = "attribute_not_exists(#kind) OR #erased_before <= :before"


def tomb(salt: str, key: str) -> str:
    """Where the tombstone of a conversation key lies; without the salt nobody can guess it."""
    return f"{ERASED}#{hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()}"


def not_erased(salt: str, key: str, before: int) -> Update:
    """The condition that nobody was erased under `key` later than `before`."""
    return Update(
        model=ConversationItem,
        key=tomb(salt, key),
        does="ConditionCheck",
        condition=UP_TO,
        values={"before": ("erased_before", before)},
    )


class ErasedTable:
    """`expires` gives the TTL (epoch seconds) of tombstones written now."""

    def __init__(
        self, db: DynamoDb, *, salt: Callable[[], str], expires: Callable[[], int]
    ) -> None:
        self._db = db
        self._salt = salt
        self._expires = expires

    def detach(self, keys: Sequence[str], conversation: Conversation | None, before: int) -> bool:
        gone = [_gone(conversation)] if conversation else []
        tombs = [self._tombstone(key, before) for key in dict.fromkeys(keys)]
        refusals = self._db.transact([*gone, *tombs])
        if refusals is None:
            return True
        if gone and refusals[0] is not None:
            return False
        # The other refusals are tombstones of a later time, which say more than ours.
        said = refusals[len(gone) :]
        left = [tomb for tomb, later in zip(tombs, said, strict=True) if later is None]
        return not (gone or left) or self._db.transact([*gone, *left]) is None

    def before(self, key: str) -> int:
        item = self._db.get(ConversationItem, tomb(self._salt(), key))
        return int(item.erased_before or 0) if item is not None else 0

    def contacts(self, customer: str) -> list[str]:
        found = self._db.find(ConversationItem, "of_customer", "customer", customer)
        start = contact_key("")
        return [key.removeprefix(start) for key in found if key.startswith(start)]

    def forget(self, customer: str) -> None:
        for key in self._db.find(MessageItem, "by_customer", "customer", customer):
            self._db.update(_only_of(customer, MessageItem, key))
        for key in self._db.find(ConversationItem, "of_customer", "customer", customer):
            self._db.update(_only_of(customer, ConversationItem, key))

    def _tombstone(self, key: str, before: int) -> Update:
        return Update(
            model=ConversationItem,
            key=tomb(self._salt(), key),
            set={"kind": ERASED, "erased_before": before, "expires": self._expires()},
            condition=UP_TO,
            values={"before": ("erased_before", before)},
        )


def _only_of(customer: str, model: type[Model], key: str) -> Update:
    """Indexes lag: a pointer may lead to what the customer has written since."""
    return Update(
        model=model,
        key=key,
        does="Delete",
        condition="#customer = :customer",
        values={"customer": ("customer", customer)},
    )


def _gone(conversation: Conversation) -> Update:
    """Only while nobody works on it: a claim belongs to a message that must not be lost."""
    return Update(
        model=ConversationItem,
        key=conversation.key,
        does="Delete",
        condition="#customer = :customer AND attribute_not_exists(#pending_id)",
        values={"customer": ("customer", conversation.customer)},
    )
