"""The door to DynamoDB: single updates, transactions, reads. Knows items, not their meaning."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import ClientError
from pynamodb.models import Model

from chalicelib.errors import Throttled
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
CONFLICT = "TransactionConflictException"
# Why a transaction was refused for now, as its reasons say it (API reference,
# TransactionCanceledException); the answer itself is a 400 like that of a wrong request.
FOR_NOW = {
    "TransactionConflict": CONFLICT,
    "ThrottlingError": "ThrottlingException",
    "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
}
# Another writer has an item for milliseconds only, and the SDK repeats nothing that it refused.
PAUSES_SECONDS = (0.02, 0.1)

Answer = TypeVar("Answer")


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
        return _past_conflicts(lambda: self._update(update, returns))

    def _update(
        self, update: Update, returns: Literal["NONE", "ALL_OLD", "ALL_NEW"]
    ) -> tuple[bool, Any]:
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
        return _past_conflicts(lambda: self._transact(updates))

    def _transact(self, updates: Sequence[Update]) -> list[Any] | None:
        wires: Any = [{update.does: update.wire()} for update in updates]
        with aws(SERVICE):
            try:
                self._client.transact_write_items(TransactItems=wires)
            except ClientError as error:
                reasons = cancellations(error)
                _raise_for_now(reasons, error)
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
        return [item[hash_name(model)]["S"] for item in _pages(self._client.query, wire)]

    def every(self, model: type[Model], name: str, first: int, last: int) -> Iterator[Any]:
        """All items whose number `name` lies in [first, last). It reads the whole table, page after
        page: for an operator's report, never for a message."""
        wire: Wire = {
            "TableName": model.Meta.table_name,
            "FilterExpression": "#name >= :first AND #name < :last",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": {":first": {"N": str(first)}, ":last": {"N": str(last)}},
        }
        return (read(model, item) for item in _pages(self._client.scan, wire))


def _pages(ask: Callable[..., Any], wire: Wire) -> Iterator[Any]:
    """The items of every page, asked for one after the other."""
    last: Any = None
    while True:
        with aws(SERVICE):
            page = ask(**wire, **({"ExclusiveStartKey": last} if last else {}))
        yield from page["Items"]
        last = page.get("LastEvaluatedKey")
        if not last:
            return


def _past_conflicts(call: Callable[[], Answer]) -> Answer:
    """Repeat a write that another one was in the way of: it surely did not happen."""
    for pause in PAUSES_SECONDS:
        try:
            return call()
        except Throttled as refused:
            if refused.code != CONFLICT:
                raise
            time.sleep(pause)
    return call()


def _raise_for_now(reasons: Sequence[Wire] | None, error: ClientError) -> None:
    """Raise Throttled when it was cancelled by what passes: nothing of it happened."""
    for reason in reasons or []:
        if code := FOR_NOW.get(reason.get("Code", "")):
            raise Throttled(f"{SERVICE} answered {code}", service=SERVICE, code=code) from error


def _conditions_only(reasons: Sequence[Wire] | None) -> bool:
    """True when a transaction was cancelled by its conditions, not by conflict or throttling."""
    codes = {reason.get("Code") for reason in reasons or []}
    return bool(reasons) and codes <= {"None", None, "ConditionalCheckFailed"}


def _refuser(update: Update, reason: Wire) -> Any:
    if reason.get("Code") != "ConditionalCheckFailed":
        return None
    return read(update.model, reason.get("Item")) or empty(update.model)
