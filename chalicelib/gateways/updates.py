"""Updates of DynamoDB items by attribute, for single calls and for transactions.

pynamodb 6.1 cannot ask an update for the item that refused it
(ReturnValuesOnConditionCheckFailure), which is what lets the claim replace a read; so the
expressions are built here, with pynamodb's own attribute types.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal

from botocore.exceptions import ClientError
from pynamodb.models import Model

Wire = dict[str, Any]
NAMES_IN_CONDITION = re.compile(r"#[a-z_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One item's change, its deletion, or (in a transaction) only a condition it must fulfil.

    A `None` in `set` removes the attribute. A condition names attributes as `#name` (many of
    ours are reserved words) and values as `:name`, given in `values` as (attribute, value).
    `keep` names attributes that stay as they are when they exist already.
    """

    model: type[Model]
    key: str
    set: Mapping[str, Any] = field(default_factory=dict)
    does: Literal["Update", "Delete", "ConditionCheck"] = "Update"
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    keep: Sequence[str] = ()

    def wire(self) -> Wire:
        """The parameters of UpdateItem or DeleteItem, or of the same inside a transaction."""
        names: dict[str, str] = {}
        placeholders: dict[str, Wire] = {}
        wire: Wire = {
            "TableName": self.model.Meta.table_name,
            "Key": {hash_name(self.model): {"S": self.key}},
        }
        if self.set:
            wire["UpdateExpression"] = self._changes(names, placeholders)
        for name, (attribute, value) in self.values.items():
            placeholders[f":{name}"] = typed(self.model, attribute, value)
        if self.condition:
            names |= {name: name[1:] for name in NAMES_IN_CONDITION.findall(self.condition)}
            wire["ConditionExpression"] = self.condition
            wire["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if names:
            wire["ExpressionAttributeNames"] = names
        if placeholders:
            wire["ExpressionAttributeValues"] = placeholders
        return wire

    def _changes(self, names: dict[str, str], placeholders: dict[str, Wire]) -> str:
        changes, removals = [], []
        for index, (name, value) in enumerate(self.set.items()):
            place = f"#{index}"
            names[place] = name
            if value is None:
                removals.append(place)
                continue
            placeholders[f":s{index}"] = typed(self.model, name, value)
            new = f"if_not_exists({place}, :s{index})" if name in self.keep else f":s{index}"
            changes.append(f"{place} = {new}")
        return _expression(changes, removals)


def typed(model: type[Model], name: str, value: Any) -> Wire:
    """One value in DynamoDB's own form, by the type the model declares."""
    attribute = model._attributes[name]
    return {attribute.attr_type: attribute.serialize(value)}


@cache
def hash_name(model: type[Model]) -> str:
    """The name of the model's partition key."""
    return str(model._hash_key_attribute().attr_name)  # type: ignore[no-untyped-call]


def read(model: type[Model], raw: Wire | None) -> Any:
    """A raw item with its values as attributes (None where it has none), or None.

    Not an instance of the model: most of a model's attributes are absent in any one item, and
    making an instance costs more than reading it.
    """
    if not raw:
        return None
    known = model._attributes
    values: dict[str, Any] = dict.fromkeys(known)
    for name, value in raw.items():
        if name in known:
            attribute = known[name]
            values[name] = attribute.deserialize(attribute.get_value(value))
    return SimpleNamespace(**values)


def empty(model: type[Model]) -> Any:
    """An item of which nothing is stored."""
    return SimpleNamespace(**dict.fromkeys(model._attributes))


def refusing_item(error: ClientError) -> Wire | None:
    """The item that refused a conditional update; {} when there was none; None: other error."""
    answer = _answer(error)
    if answer.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        return None
    item: Wire = answer.get("Item", {})
    return item


def cancellations(error: ClientError) -> list[Wire] | None:
    """Why each part of a transaction was refused; None when it was another error."""
    answer = _answer(error)
    if answer.get("Error", {}).get("Code") != "TransactionCanceledException":
        return None
    reasons: list[Wire] = answer.get("CancellationReasons", [])
    return reasons


def _answer(error: ClientError) -> Wire:
    return dict(error.response)


def _expression(changes: Sequence[str], removals: Sequence[str]) -> str:
    parts = []
    if changes:
        parts.append("SET " + ", ".join(changes))
    if removals:
        parts.append("REMOVE " + ", ".join(removals))
    return " ".join(parts)
