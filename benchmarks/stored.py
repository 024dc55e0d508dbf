"""Years of other people's messages in a moment: what a few real conversations stored, many times.

The items are those that the product wrote; only their identifiers differ. They go straight into
the emulated tables: playing a hundred thousand messages would take an hour.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sandbox.dynamodb import DynamoDbEmulator
from sandbox.dynamodb.table import Table
from sandbox.world import TABLES, World

Item = dict[str, Any]
IDENTIFIERS = ("key", "id", "points_to", "customer", "conversation", "contact", "message_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the tables hold. `of_customer`: messages of the customer that is measured."""

    messages: int
    of_customer: int
    conversations: int


def stored(world: World, customer: str) -> Stored:
    """Count what is there by now."""
    conversations, messages = _tables(world)
    lines = list(messages.items.values())
    return Stored(
        messages=len(lines),
        of_customer=sum(_text(line, "customer") == customer for line in lines),
        conversations=sum(
            _text(item, "kind") == "conversation" for item in conversations.items.values()
        ),
    )


def multiply(world: World, customer: str, *, history: int, conversations: int) -> None:
    """Store at least `history` times as many messages, this customer's own among them, and at
    least `conversations` times as many open conversations."""
    people, messages = _tables(world)
    own = [item for item in people.items.values() if _text(item, "customer") == customer]
    others = [item for item in people.items.values() if _text(item, "customer") != customer]
    # Nobody can have two conversations open: there are more copies of the others' instead.
    for copy in range(1, 2 * conversations):
        for item in others:
            people.put(_copied(item, copy))
    lines = list(messages.items.values())
    kept = {customer, *(_text(item, "key") for item in own)}
    for copy in range(1, history):
        for line in lines:
            messages.put(_copied(line, copy, kept))


def customer_of(world: World, number: str) -> str:
    """Our own id of the customer with this phone number."""
    people, _ = _tables(world)
    items = people.items.values()
    return next(_text(item, "customer") for item in items if _text(item, "to") == number)


def _copied(item: Item, copy: int, kept: Collection[str] = ()) -> Item:
    """The item of somebody else, in the same form. `kept`: identifiers that stay as they are."""
    changed = {
        name: {"S": f"{item[name]['S']}.{copy}"}
        for name in IDENTIFIERS
        if name in item and item[name]["S"] not in kept
    }
    return item | changed


def _tables(world: World) -> tuple[Table, Table]:
    emulator = world.router.emulator("dynamodb")
    if not isinstance(emulator, DynamoDbEmulator):
        raise TypeError("the tables can only be filled in the sandbox's own DynamoDB")
    return emulator.tables[TABLES["conversations"]], emulator.tables[TABLES["messages"]]


def _text(item: Item, name: str) -> str:
    return str(item.get(name, {}).get("S", ""))
