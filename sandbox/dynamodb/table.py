"""One table in memory, with its global secondary indexes kept up to date."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.dynamodb.expressions import Item, plain, validation

KEY_BYTES = 2048  # developer guide, quotas: partition key of at most 2048 bytes
ITEM_BYTES = 400 * 1024  # the same: an item of at most 400 KB


@dataclass(frozen=True, slots=True)
class KeySchema:
    """`range` is "" for a key of one attribute."""

    hash: str
    range: str = ""

    @classmethod
    def read(cls, schema: list[dict[str, str]]) -> "KeySchema":
        by_type = {one["KeyType"]: one["AttributeName"] for one in schema}
        return cls(by_type["HASH"], by_type.get("RANGE", ""))

    def of(self, item: Item) -> tuple[Any, ...] | None:
        """The key of an item, or None when it lacks a part of it."""
        names = [self.hash, *([self.range] if self.range else [])]
        if any(name not in item for name in names):
            return None
        return tuple(plain(item[name]) for name in names)


@dataclass(slots=True)
class Index:
    """A global secondary index with its projection. `groups`: items by partition key."""

    key: KeySchema
    keys_only: bool
    groups: dict[Any, dict[Any, Item]] = field(default_factory=dict)

    def forget(self, primary: Any, item: Item) -> None:
        key = self.key.of(item)
        if key is not None:
            self.groups.get(key[0], {}).pop(primary, None)

    def learn(self, primary: Any, item: Item) -> None:
        key = self.key.of(item)
        if key is not None:
            self.groups.setdefault(key[0], {})[primary] = item


class Table:
    """Items by primary key; items are replaced, never changed in place."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        self.expiry: dict[str, Any] = {"TimeToLiveStatus": "DISABLED"}
        self.recovery = "DISABLED"
        self.key = KeySchema.read(description["KeySchema"])
        self.items: dict[Any, Item] = {}
        self.indexes = {
            one["IndexName"]: Index(
                KeySchema.read(one["KeySchema"]),
                one["Projection"].get("ProjectionType") == "KEYS_ONLY",
            )
            for one in description.get("GlobalSecondaryIndexes", [])
        }

    def primary(self, key: Item) -> Any:
        """The key as a dict key. Raises AwsError for one that does not fit the table."""
        found = self.key.of(key)
        if found is None:
            raise validation("The provided key element does not match the schema")
        if not found[0] or len(str(found[0]).encode()) > KEY_BYTES:
            raise validation("One or more parameter values are not valid: key length")
        return found

    def get(self, key: Item) -> Item | None:
        """The item, not to be changed by the caller."""
        return self.items.get(self.primary(key))

    def put(self, item: Item) -> None:
        """Replace the item of this key. Raises AwsError when it is too large."""
        if len(repr(item).encode()) > ITEM_BYTES and _size(item) > ITEM_BYTES:
            raise validation("Item size has exceeded the maximum allowed size")
        primary = self.primary(item)
        self.delete(item)
        self.items[primary] = item
        for index in self.indexes.values():
            index.learn(primary, item)

    def delete(self, key: Item) -> Item | None:
        """Remove an item; what stood there."""
        primary = self.primary(key)
        old = self.items.pop(primary, None)
        if old is not None:
            for index in self.indexes.values():
                index.forget(primary, old)
        return old


def _size(value: Any) -> int:
    """Bytes as DynamoDB counts them, roughly: names and contents, three for a list or map."""
    if isinstance(value, dict):
        return 3 + sum(len(str(name).encode()) + _size(part) for name, part in value.items())
    if isinstance(value, list):
        return 3 + sum(1 + _size(part) for part in value)
    return len(value) if isinstance(value, bytes) else len(str(value).encode())
