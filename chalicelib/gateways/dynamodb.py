"""The door to DynamoDB: single updates, transactions, reads. Knows items, not their meaning."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.models import Model

from chalicelib.gateways.aws_errors import aws
from chalicelib.gateways.updates import (
    Update,
    Wire,
    botocores_own,
    cancellations,
    hash_name,
    read,
    refusing_item,
)

SERVICE = "dynamodb"


class DynamoDb:
    """`connection` is pynamodb's; time-outs and retries are set where it is built (wiring)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def update(self, update: Update, *, returns: str = "NONE") -> tuple[bool, Any]:
        """Run one update.

        Returns (True, the item after it when `returns` is ALL_NEW) or (False, the item that
        refused it, None when there is none).
        """
        with aws(SERVICE):
            try:
                answer = self._call("UpdateItem", {**update.wire(), "ReturnValues": returns})
            except ClientError as error:
                refusing = refusing_item(error)
                if refusing is None:
                    raise
                return False, read(update.model, refusing)
        return True, read(update.model, answer.get("Attributes"))

    def transact(self, updates: Sequence[Update]) -> list[Any] | None:
        """Run all updates or none.

        Returns None when done, else for each update the item that refused it (None: it did not).
        """
        with aws(SERVICE):
            try:
                self._call(
                    "TransactWriteItems",
                    {"TransactItems": [{"Update": update.wire()} for update in updates]},
                )
            except ClientError as error:
                reasons = cancellations(error)
                if not _conditions_only(reasons):
                    raise
                return [
                    _refuser(update, r) for update, r in zip(updates, reasons or [], strict=True)
                ]
        return None

    def get(self, model: type[Model], key: str) -> Any:
        """The item, strongly read, or None."""
        wire: Wire = {
            "TableName": model.Meta.table_name,
            "Key": {hash_name(model): {"S": key}},
            "ConsistentRead": True,
        }
        with aws(SERVICE):
            return read(model, self._call("GetItem", wire).get("Item"))

    def find(self, model: type[Model], index: str, name: str, value: str) -> list[str]:
        """Keys of the items with `name` = `value` in an index."""
        wire: Wire = {
            "TableName": model.Meta.table_name,
            "IndexName": index,
            "KeyConditionExpression": "#name = :value",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": {":value": {"S": value}},
        }
        with aws(SERVICE):
            items = self._call("Query", wire).get("Items", [])
        return [item[hash_name(model)]["S"] for item in items]

    def _call(self, operation: str, wire: Wire) -> Wire:
        try:
            return dict(self._connection.dispatch(operation, wire))
        except ClientError as error:
            # pynamodb's own error drops the HTTP status, which tells an outage from a refusal.
            raise botocores_own(error) from error


def _conditions_only(reasons: Sequence[Wire] | None) -> bool:
    """True when a transaction was cancelled by its conditions, not by conflict or throttling."""
    codes = {reason.get("Code") for reason in reasons or []}
    return bool(reasons) and codes <= {"None", None, "ConditionalCheckFailed"}


def _refuser(update: Update, reason: Wire) -> Any:
    if reason.get("Code") != "ConditionalCheckFailed":
        return None
    return read(update.model, reason.get("Item")) or update.model()
