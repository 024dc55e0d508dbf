"""The DynamoDB items, as pynamodb models: schema, types, table definitions.

Two tables. `conversations` holds conversations, pointers to them, and contacts, each found by its
key; `messages` holds history, delivery statuses and voice notes. Every item has the customer and
a working TTL. Items are changed attribute by attribute, never saved whole (protocol law 3), so
the writes are built by `updates.py`.
"""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute, ListAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER, STRING
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model


class WholeNumber(Attribute[int]):
    """Seconds and counts. pynamodb's own numbers may have fractions and go through JSON, which
    costs twenty numbers a text five times as much.

    A fraction that another version or a hand left behind is read rounded down: an item that cannot
    be read would block its customer. Down is how our clock counts, and the safe side: a token seems
    to end, a window to close, a try to have been made a little earlier, never later.
    """

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(int(value))

    def deserialize(self, value: str) -> int:
        try:
            return int(value)
        except ValueError:
            return math.floor(Decimal(value))


class WordsAttribute(Attribute[Iterable[object]]):
    """Words without spaces, in order, as one text: DynamoDB's `contains` finds one of them, and
    sixty-four cost a text on the wire, not sixty-four values to be made and read."""

    attr_type = STRING

    def serialize(self, value: Iterable[object]) -> str:
        return " ".join(map(str, value))

    def deserialize(self, value: str) -> tuple[str, ...]:
        return tuple(value.split())


class OfCustomer(GlobalSecondaryIndex["ConversationItem"]):  # type: ignore[no-untyped-call]
    """Conversation, pointers and contacts of a customer, to export or erase them."""

    class Meta:
        index_name = "of_customer"
        projection = KeysOnlyProjection()

    customer = UnicodeAttribute(hash_key=True)


class ConversationItem(Model):
    """A conversation, (`kind` pointer) the way to one, or (erased) what is left of one."""

    class Meta:
        table_name = "conversations"

    of_customer = OfCustomer()

    key = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute()
    points_to = UnicodeAttribute(null=True)
    customer = UnicodeAttribute(null=True)
    origination_id = UnicodeAttribute(null=True)
    to = UnicodeAttribute(null=True)
    recipient = UnicodeAttribute(null=True)
    group = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    participant_token = UnicodeAttribute(null=True)
    connection_token = UnicodeAttribute(null=True)
    connected_until = WholeNumber(null=True)
    ended = UnicodeAttribute(null=True)
    ended_at = WholeNumber(null=True)
    opened = WholeNumber(null=True)
    done = WordsAttribute(null=True)
    forgotten_until = WholeNumber(null=True)
    last = UnicodeAttribute(null=True)
    beyond = WholeNumber(null=True)
    wrote_at = WholeNumber(null=True)
    aliases = ListAttribute[Any](null=True)
    recent = WordsAttribute(null=True)
    pending_id = UnicodeAttribute(null=True)
    pending_since = WholeNumber(null=True)
    pending_claimed_at = WholeNumber(null=True)
    pending_attempts = WholeNumber(null=True)
    pending_members = UnicodeAttribute(null=True)
    newest = UnicodeAttribute(null=True)
    pending_repeat = WholeNumber(null=True)
    erased_before = WholeNumber(null=True)
    expires = WholeNumber(null=True)


class ContactRow(Model):
    """A Connect contact of ours, in the same table as the conversations."""

    class Meta:
        table_name = "conversations"

    key = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute()
    contact = UnicodeAttribute(null=True)
    conversation = UnicodeAttribute(null=True)
    customer = UnicodeAttribute(null=True)
    origination_id = UnicodeAttribute(null=True)
    to = UnicodeAttribute(null=True)
    recipient = UnicodeAttribute(null=True)
    group = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    participant_token = UnicodeAttribute(null=True)
    connection_token = UnicodeAttribute(null=True)
    connected_until = WholeNumber(null=True)
    wrote_at = WholeNumber(null=True)
    done = WordsAttribute(null=True)
    forgotten_until = WholeNumber(null=True)
    pending_id = UnicodeAttribute(null=True)
    pending_event = UnicodeAttribute(null=True)
    pending_sent_at = WholeNumber(null=True)
    pending_since = WholeNumber(null=True)
    pending_next = WholeNumber(null=True)
    pending_attempt = WholeNumber(null=True)
    pending_attempts = WholeNumber(null=True)
    expires = WholeNumber(null=True)


class ByCustomer(GlobalSecondaryIndex["MessageItem"]):  # type: ignore[no-untyped-call]
    """History of a customer, newest first. An item without both attributes is not in it."""

    class Meta:
        index_name = "by_customer"
        projection = KeysOnlyProjection()

    customer = UnicodeAttribute(hash_key=True)
    sent_at = WholeNumber(range_key=True)


class ByMessageId(GlobalSecondaryIndex["MessageItem"]):  # type: ignore[no-untyped-call]
    """Outbound parts by the provider's message id, for statuses without our callback data."""

    class Meta:
        index_name = "by_message_id"
        projection = KeysOnlyProjection()

    message_id = UnicodeAttribute(hash_key=True)


class MessageItem(Model):
    """One message: history line, delivery status, voice note."""

    class Meta:
        table_name = "messages"

    by_customer = ByCustomer()
    by_message_id = ByMessageId()

    id = UnicodeAttribute(hash_key=True)
    conversation = UnicodeAttribute(null=True)
    customer = UnicodeAttribute(null=True)
    direction = UnicodeAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    sent_at = WholeNumber(null=True)
    fate = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    media_key = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    status_rank = WholeNumber(null=True)
    status_at = WholeNumber(null=True)
    called_back = WholeNumber(null=True)
    attempt = WholeNumber(null=True)
    error = UnicodeAttribute(null=True)
    pricing = UnicodeAttribute(null=True)
    voice_note = UnicodeAttribute(null=True)
    file = UnicodeAttribute(null=True)
    body = UnicodeAttribute(null=True)
    raw = UnicodeAttribute(null=True)
    role = UnicodeAttribute(null=True)
    resent = WholeNumber(null=True)
    sends = WholeNumber(null=True)
    origination_id = UnicodeAttribute(null=True)
    languages = ListAttribute[Any](null=True)
    working_since = WholeNumber(null=True)
    handed_over = WholeNumber(null=True)
    tries = WholeNumber(null=True)
    expires = WholeNumber(null=True)


def use_tables(*, conversations: str, messages: str) -> None:
    """Name the tables; pynamodb keeps the name in the model."""
    ConversationItem.Meta.table_name = conversations
    ContactRow.Meta.table_name = conversations
    MessageItem.Meta.table_name = messages
