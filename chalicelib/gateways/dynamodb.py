"""The door to DynamoDB: single updates, transactions, reads. Knows items, not their meaning."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError
from pynamodb.models import Model

from chalicelib.gateways.aws_errors import aws
from chalicelib.gateways.updates import (
    Update,
    Wire,
    cancellations,
    empty,
    hash_name,
    read,
    refusing_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SERVICE = "dynamodb"


class DynamoDb:
    """`client` is botocore's; time-outs and retries are set where it is built (wiring_doors)."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client

    def update(
        self, update: Update, *, returns: Literal["NONE", "ALL_OLD", "ALL_NEW"] = "NONE"
    ) -> tuple[bool, Any]:
        """Run one update.

        Returns (True, the item before or after it as `returns` says) or (False, the item that
        refused it, None when there is none).
        """
        with aws(SERVICE):
            try:
                if update.does == "Delete":
                    self._client.delete_item(**update.wire())
                    return True, None
                answer: Any = self._client.update_item(**update.wire(), ReturnValues=returns)
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
        wires: Any = [{update.does: update.wire()} for update in updates]
        with aws(SERVICE):
            try:
                self._client.transact_write_items(TransactItems=wires)
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
            return read(model, self._client.get_item(**wire).get("Item"))

    def find(
        self,
        model: type[Model],
        index: str,
        name: str,
        value: str,
        *,
        newest_first: bool = False,
    ) -> list[str]:
        """Keys of all items with `name` = `value` in an index, in the order of its sort key."""
        wire: Wire = {
            "TableName": model.Meta.table_name,
            "IndexName": index,
            "KeyConditionExpression": "#name = :value",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ScanIndexForward": not newest_first,
        }
        found: list[str] = []
        while True:
            with aws(SERVICE):
                page = self._client.query(**wire)
            found.extend(item[hash_name(model)]["S"] for item in page["Items"])
            if not page.get("LastEvaluatedKey"):
                return found
            wire["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _conditions_only(reasons: Sequence[Wire] | None) -> bool:
    """True when a transaction was cancelled by its conditions, not by conflict or throttling."""
    codes = {reason.get("Code") for reason in reasons or []}
    return bool(reasons) and codes <= {"None", None, "ConditionalCheckFailed"}


def _refuser(update: Update, reason: Wire) -> Any:
    if reason.get("Code") != "ConditionalCheckFailed":
        return None
    return read(update.model, reason.get("Item")) or empty(update.model)
