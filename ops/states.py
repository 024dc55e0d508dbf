"""What the tables know of a message or a conversation, without what people wrote."""

from collections.abc import Iterator
from typing import Any

from chalicelib.gateways.contact_table import contact_key
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import ContactRow, ConversationItem, MessageItem

# Words, names, numbers and secrets stay out of terminals and tickets, unless asked for.
PRIVATE = frozenset(
    {
        "text",
        "name",
        "to",
        "recipient",
        "body",
        "participant_token",
        "connection_token",
        "pending_members",
        "voice_note",
    }
)
TOKENS = frozenset({"participant_token", "connection_token"})
BULKY = frozenset({"done"})


class States:
    """Reads items of the two tables."""

    def __init__(self, db: DynamoDb) -> None:
        self._db = db

    def message(self, wamid: str, *, private: bool = False) -> dict[str, Any]:
        """The history line of a message, {} when there is none yet."""
        return shown(self._db.get(MessageItem, wamid), private=private)

    def sent(self, message_id: str, *, private: bool = False) -> dict[str, Any]:
        """An outbound part by the id WhatsApp knows it under."""
        found = self._db.find(MessageItem, "by_message_id", "message_id", message_id)
        return self.message(found[0], private=private) if found else {}

    def conversation(self, key: str, *, private: bool = False) -> dict[str, Any]:
        """A conversation by its key, a pointer's or a contact's; {} when there is none."""
        item = self._db.get(ConversationItem, key)
        if item is not None and item.points_to:
            item = self._db.get(ConversationItem, item.points_to)
        if item is not None:
            return shown(item, private=private)
        contact = self.contact(key)
        found = contact.get("conversation")
        return self.conversation(found, private=private) if found else {}

    def contact(self, contact: str, *, private: bool = False) -> dict[str, Any]:
        """What is known of a Connect contact by its InitialContactId."""
        return shown(self._db.get(ContactRow, contact_key(contact)), private=private)

    def everything(self, customer: str) -> dict[str, list[dict[str, Any]]]:
        """Every item of a customer, words included; tokens of chats are no data of theirs."""
        keys = self._db.find(ConversationItem, "of_customer", "customer", customer)
        rows = [
            self._db.get(ContactRow if is_contact(key) else ConversationItem, key) for key in keys
        ]
        return {
            "conversations": [exported(row) for row in rows],
            "messages": [
                exported(self._db.get(MessageItem, one)) for one in self.messages(customer)
            ],
        }

    def history(self, key: str) -> list[str]:
        """The ids of the messages of a conversation's customer, newest first."""
        customer = self.conversation(key, private=True).get("customer", "")
        return self.messages(customer) if customer else []

    def between(self, first: int, last: int) -> Iterator[Any]:
        """Every recorded message that was sent in [first, last), epoch seconds, in no order."""
        return self._db.every(MessageItem, "sent_at", first, last)

    def messages(self, customer: str) -> list[str]:
        """The ids of a customer's messages, newest first."""
        return self._db.find(MessageItem, "by_customer", "customer", customer, newest_first=True)


def is_contact(key: str) -> bool:
    return key.startswith(contact_key(""))


def exported(item: Any) -> dict[str, Any]:
    """An item as a person may have it."""
    return {name: value for name, value in shown(item, private=True).items() if name not in TOKENS}


def shown(item: Any, *, private: bool) -> dict[str, Any]:
    """An item's attributes, without what is private or long."""
    if item is None:
        return {}
    values = {name: value for name, value in vars(item).items() if value is not None}
    lists = {f"{name}_count": len(values[name]) for name in BULKY & values.keys()}
    hidden = BULKY if private else BULKY | PRIVATE
    return {name: value for name, value in values.items() if name not in hidden} | lists
