"""DynamoDB's operations that the product uses; anything else is refused loudly."""

from typing import Any, ClassVar

from sandbox.clock import SandboxClock
from sandbox.dynamodb.expressions import Item, condition, placeholders, update, validation
from sandbox.dynamodb.query import query, scan
from sandbox.dynamodb.table import Table
from sandbox.wire import AwsError, Emulator
from sandbox.wire.emulator import NotImplementedOperation, Params, WireCall

TOKEN_SECONDS = 600  # API reference: ClientRequestToken of a transaction is valid for 10 minutes
MAX_ACTIONS = 100  # API reference: TransactWriteItems takes up to 100 actions
_ONE_ITEM = {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression")
_PLAYED = {
    "TableName",
    "Key",
    "Item",
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
    "ReturnConsumedCapacity",
    "ConsistentRead",
}


class Refused(Exception):
    """A condition did not hold; `item` stood there."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition did not hold")
        self.item = item


class DynamoDbEmulator(Emulator):
    """Tables in memory, one writer at a time (the router's lock)."""

    service: ClassVar[str] = "dynamodb"

    def __init__(self, clock: SandboxClock) -> None:
        self.tables: dict[str, Table] = {}
        self._clock = clock
        self._tokens: dict[str, float] = {}

    def looked_at(self, call: WireCall, output: Params) -> int:
        """As DynamoDB counts: the items a query or scan went through, else the items named."""
        named = len(call.params.get("TransactItems", ())) or call.operation in _ONE_ITEM
        return int(output.get("ScannedCount", named))

    # --- tables -----------------------------------------------------------------------------

    def create_table(self, params: Params) -> Params:
        name = params["TableName"]
        if name in self.tables:
            raise AwsError("ResourceInUseException", f"Table already exists: {name}")
        indexes = [
            {"IndexStatus": "ACTIVE", **_only(one, "IndexName", "KeySchema", "Projection")}
            for one in params.get("GlobalSecondaryIndexes", [])
        ]
        described = {
            "TableStatus": "ACTIVE",
            "TableArn": f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}",
            "GlobalSecondaryIndexes": indexes,
            **_only(params, "TableName", "KeySchema", "AttributeDefinitions"),
        }
        self.tables[name] = Table(described)
        return {"TableDescription": described}

    def describe_table(self, params: Params) -> Params:
        return {"Table": self._table(params).description}

    def update_table(self, params: Params) -> Params:
        """A key of one's own, and deletion protection; nothing else of a table is changed here."""
        played = {"TableName", "SSESpecification", "DeletionProtectionEnabled"}
        if not set(params) <= played:
            raise NotImplementedOperation("dynamodb", f"UpdateTable with {set(params)}")
        table = self._table(params)
        if "SSESpecification" in params:
            table.description["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS"}
        table.description |= _only(params, "DeletionProtectionEnabled")
        return {"TableDescription": table.description}

    def update_time_to_live(self, params: Params) -> Params:
        """Which attribute says when an item expires. The sandbox deletes none: AWS takes days."""
        wanted = params["TimeToLiveSpecification"]
        self._table(params).expiry = {
            "TimeToLiveStatus": "ENABLED" if wanted["Enabled"] else "DISABLED",
            "AttributeName": wanted["AttributeName"],
        }
        return {"TimeToLiveSpecification": wanted}

    def describe_time_to_live(self, params: Params) -> Params:
        return {"TimeToLiveDescription": self._table(params).expiry}

    def update_continuous_backups(self, params: Params) -> Params:
        """Switch point-in-time recovery."""
        wanted = params["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        self._table(params).recovery = "ENABLED" if wanted else "DISABLED"
        return self.describe_continuous_backups(params)

    def describe_continuous_backups(self, params: Params) -> Params:
        recovery = {"PointInTimeRecoveryStatus": self._table(params).recovery}
        return {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": recovery,
            }
        }

    # --- items ------------------------------------------------------------------------------

    def get_item(self, params: Params) -> Params:
        _check(params, "GetItem")
        item = self._table(params).get(params["Key"])
        return {"Item": item} if item is not None else {}

    def update_item(self, params: Params) -> Params:
        _check(params, "UpdateItem")
        return self._alone(params, self._updated)

    def put_item(self, params: Params) -> Params:
        _check(params, "PutItem")
        return self._alone(params, self._put)

    def delete_item(self, params: Params) -> Params:
        _check(params, "DeleteItem")
        return self._alone(params, self._deleted)

    def query(self, params: Params) -> Params:
        return query(self._table(params), params)

    def scan(self, params: Params) -> Params:
        return scan(self._table(params), params)

    def transact_write_items(self, params: Params) -> Params:
        """All or nothing; a repeat with the same ClientRequestToken does nothing."""
        token = params.get("ClientRequestToken", "")
        now = self._clock.now().timestamp()
        if token and now - self._tokens.get(token, -TOKEN_SECONDS) < TOKEN_SECONDS:
            return {}
        actions = [_action(one) for one in params["TransactItems"]]
        self._refuse_repeats(actions)
        self._all_or_none(actions)
        if token:
            self._tokens[token] = now
        return {}

    # --- inside -----------------------------------------------------------------------------

    def _table(self, params: Params) -> Table:
        if params["TableName"] not in self.tables:
            raise AwsError("ResourceNotFoundException", "Requested resource not found")
        return self.tables[params["TableName"]]

    def _alone(self, params: Params, change: Any) -> Params:
        old = self._table(params).get(params.get("Key") or params["Item"])
        try:
            new = change(params)
        except Refused as refused:
            raise AwsError(
                "ConditionalCheckFailedException",
                "The conditional request failed",
                **_shown(params, refused),
            ) from None
        wanted = params.get("ReturnValues", "NONE")
        answer = {"ALL_NEW": new, "ALL_OLD": old}.get(wanted)
        return {"Attributes": answer} if answer else {}

    def _updated(self, params: Params) -> Item:
        table = self._table(params)
        old = self._admitted(table, params, params["Key"])
        new = dict(old or params["Key"])
        if "UpdateExpression" in params:
            update(params["UpdateExpression"])(new, _names(params), _values(params))
        table.put(new)
        return new

    def _put(self, params: Params) -> Item:
        table = self._table(params)
        self._admitted(table, params, params["Item"])
        table.put(dict(params["Item"]))
        return dict(params["Item"])

    def _deleted(self, params: Params) -> Item:
        table = self._table(params)
        self._admitted(table, params, params["Key"])
        return table.delete(params["Key"]) or {}

    def _checked(self, params: Params) -> Item:
        return self._admitted(self._table(params), params, params["Key"]) or {}

    def _admitted(self, table: Table, params: Params, key: Item) -> Item | None:
        """The item as it stands. Raises Refused when the condition does not hold for it."""
        _check_placeholders(params)
        item = table.get(key)
        text = params.get("ConditionExpression")
        if text and not condition(text)(item or {}, _names(params), _values(params)):
            raise Refused(item)
        return item

    def _refuse_repeats(self, actions: list[tuple[str, Params]]) -> None:
        keys = [
            (params["TableName"], self._table(params).primary(params.get("Key") or params["Item"]))
            for _, params in actions
        ]
        if len(set(keys)) < len(keys):
            raise validation("Transaction request cannot include multiple operations on one item")
        if len(keys) > MAX_ACTIONS:
            raise validation("Member must have length less than or equal to 100")

    def _all_or_none(self, actions: list[tuple[str, Params]]) -> None:
        doings = {
            "Update": self._updated,
            "Put": self._put,
            "Delete": self._deleted,
            "ConditionCheck": self._checked,
        }
        before = [self._table(p).get(p.get("Key") or p["Item"]) for _, p in actions]
        reasons: list[Params] = []
        for kind, params in actions:
            try:
                doings[kind](params)
                reasons.append({"Code": "None"})
            except Refused as refused:
                failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request"}
                reasons.append({**failed, **_shown(params, refused)})
            except AwsError:
                self._restore(actions, before)
                raise
        if any(reason["Code"] != "None" for reason in reasons):
            self._restore(actions, before)
            raise AwsError(
                "TransactionCanceledException",
                f"Transaction cancelled: {[reason['Code'] for reason in reasons]}",
                CancellationReasons=reasons,
            )

    def _restore(self, actions: list[tuple[str, Params]], before: list[Item | None]) -> None:
        for (_, params), item in zip(actions, before, strict=True):
            table = self._table(params)
            if item is None:
                table.delete(params.get("Key") or params["Item"])
            else:
                table.put(item)


def _action(one: Params) -> tuple[str, Params]:
    kind, params = next(iter(one.items()))
    _check(params, "TransactWriteItems")
    return kind, params


def _check(params: Params, operation: str) -> None:
    if set(params) - _PLAYED:
        raise NotImplementedOperation("dynamodb", f"{operation} with {set(params) - _PLAYED}")


def _check_placeholders(params: Params) -> None:
    """DynamoDB refuses names and values that no expression uses."""
    used = {one for name in _EXPRESSIONS for one in placeholders(params.get(name, ""))}
    unused = {*_names(params), *_values(params)} - used
    if unused:
        raise validation(f"Value provided in Expression unused in expressions: {sorted(unused)}")


def _names(params: Params) -> dict[str, str]:
    return params.get("ExpressionAttributeNames") or {}


def _values(params: Params) -> dict[str, Any]:
    return params.get("ExpressionAttributeValues") or {}


def _shown(params: Params, refused: Refused) -> Params:
    wanted = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return {"Item": refused.item} if wanted and refused.item is not None else {}


def _only(params: Params, *names: str) -> Params:
    return {name: params[name] for name in names if name in params}
