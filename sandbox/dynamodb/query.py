"""Query and Scan: sorted, paged, filtered, over a table or one of its indexes."""

from collections.abc import Sequence
from typing import Any

from sandbox.dynamodb.expressions import Item, condition, placeholders, plain, validation
from sandbox.dynamodb.table import Index, KeySchema, Table
from sandbox.wire.emulator import NotImplementedOperation, Params

_PLAYED = {
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "FilterExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ScanIndexForward",
    "Limit",
    "ExclusiveStartKey",
    "ConsistentRead",
    "ReturnConsumedCapacity",
}


def query(table: Table, params: Params) -> Params:
    """Items of one partition, in the order of the sort key."""
    _check(params, "Query")
    index = _index(table, params)
    key = index.key if index else table.key
    text = params["KeyConditionExpression"]
    names = params.get("ExpressionAttributeNames") or {}
    values = params.get("ExpressionAttributeValues") or {}
    _check_key_condition(text, names, key)
    wanted = condition(text)
    found = [item for item in _partition(table, index, text, params) if wanted(item, names, values)]
    backwards = not params.get("ScanIndexForward", True)
    order = _order(table, key)
    return _page(table, index, sorted(found, key=order, reverse=backwards), params)


def scan(table: Table, params: Params) -> Params:
    """All items, in no order that means anything."""
    _check(params, "Scan")
    index = _index(table, params)
    if index:
        every = [item for group in index.groups.values() for item in group.values()]
    else:
        every = list(table.items.values())
    return _page(table, index, every, params)


def _check(params: Params, operation: str) -> None:
    if set(params) - _PLAYED:
        raise NotImplementedOperation("dynamodb", f"{operation} with {set(params) - _PLAYED}")


def _index(table: Table, params: Params) -> Index | None:
    name = params.get("IndexName")
    if name is None:
        return None
    if name not in table.indexes:
        raise validation(f"The table does not have the specified index: {name}")
    return table.indexes[name]


def _check_key_condition(text: str, names: dict[str, str], key: KeySchema) -> None:
    used = {names[one] for one in placeholders(text) if one in names}
    if key.hash not in used:
        raise validation(f"Query condition missed key schema element: {key.hash}")
    if used - {key.hash, key.range}:
        raise validation("Query key condition not supported")


def _partition(table: Table, index: Index | None, text: str, params: Params) -> Sequence[Item]:
    """The items of the partition, found by its value in the expression, not by a scan."""
    if index is None:
        return list(table.items.values())
    names = params["ExpressionAttributeNames"]
    hash_names = [name for name, real in names.items() if real == index.key.hash]
    tokens = text.replace("(", " ").replace(")", " ").split()
    value = tokens[tokens.index(hash_names[0]) + 2]
    group = index.groups.get(plain(params["ExpressionAttributeValues"][value]), {})
    return list(group.values())


def _order(table: Table, key: KeySchema) -> Any:
    def order(item: Item) -> tuple[Any, ...]:
        return (plain(item[key.range]) if key.range else 0, table.primary(item))

    return order


def _page(table: Table, index: Index | None, found: list[Item], params: Params) -> Params:
    start = params.get("ExclusiveStartKey")
    if start:
        primaries = [table.primary(item) for item in found]
        found = found[primaries.index(table.primary(start)) + 1 :]
    limit = params.get("Limit") or len(found) or 1
    page, more = found[:limit], found[limit:]
    text = params.get("FilterExpression")
    names = params.get("ExpressionAttributeNames") or {}
    values = params.get("ExpressionAttributeValues") or {}
    kept = [item for item in page if not text or condition(text)(item, names, values)]
    answer: Params = {
        "Items": [_projected(table, index, item) for item in kept],
        "Count": len(kept),
        "ScannedCount": len(page),
    }
    if more:
        answer["LastEvaluatedKey"] = _keys(table, index, page[-1])
    return answer


def _projected(table: Table, index: Index | None, item: Item) -> Item:
    return _keys(table, index, item) if index and index.keys_only else item


def _keys(table: Table, index: Index | None, item: Item) -> Item:
    keys = [table.key, *([index.key] if index else [])]
    names = [name for key in keys for name in (key.hash, key.range) if name]
    return {name: item[name] for name in names}
