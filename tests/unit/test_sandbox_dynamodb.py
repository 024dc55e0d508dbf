"""Our quick DynamoDB says what moto says, for every kind of call the product makes."""

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.gateways import items
from chalicelib.gateways.updates import Update
from sandbox.clock import SandboxClock
from sandbox.dynamodb import DynamoDbEmulator
from sandbox.in_process import in_process
from sandbox.wire import AwsError, Router
from sandbox.wire.emulator import NotImplementedOperation, WireCall

TABLES = {"conversations": "puente-conversations", "messages": "puente-messages"}
KEYS = st.sampled_from(["a", "b", "c"])
WORDS = st.sampled_from(["", "x", "y", "zz"])
NUMBERS = st.integers(min_value=-3, max_value=12)
ENTRIES = st.lists(st.sampled_from(["e1", "e2", "e3"]), max_size=3)


class Pair:
    """Both DynamoDBs, asked the same thing."""

    def __init__(self):
        self.clock = SandboxClock()
        self.client = boto3.client("dynamodb")
        self.own = DynamoDbEmulator(self.clock)

    def ask(self, operation, **params):
        method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)[1:]
        try:
            theirs = getattr(self.client, method)(**params)
            theirs.pop("ResponseMetadata")
        except ClientError as error:
            reasons = [
                (one.get("Code"), one.get("Item"))
                for one in error.response.get("CancellationReasons", [])
            ]
            theirs = (error.response["Error"]["Code"], error.response.get("Item"), reasons)
        return theirs, self.alone(operation, **params)

    def alone(self, operation, **params):
        call = WireCall(
            service="dynamodb",
            operation=operation,
            params=params,
            headers={},
            at=self.clock.now(),
        )
        try:
            return self.own.handle(call)
        except AwsError as error:
            reasons = [
                (one.get("Code"), one.get("Item"))
                for one in error.extra.get("CancellationReasons", [])
            ]
            return (error.code, error.extra.get("Item"), reasons)


@pytest.fixture
def pair():
    with in_process(Router(SandboxClock())):
        pair = Pair()
        for name, index in (("t", True), ("u", False)):
            pair.ask("CreateTable", **_table(name, with_index=index))
        yield pair


def _table(name, *, with_index):
    attributes = [("id", "S"), ("who", "S"), ("at", "N")] if with_index else [("id", "S")]
    index = {
        "IndexName": "by_who",
        "KeySchema": [
            {"AttributeName": "who", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in attributes
        ],
        **({"GlobalSecondaryIndexes": [index]} if with_index else {}),
    }


CONDITIONS = st.sampled_from(
    [
        "",
        "attribute_not_exists(#kind)",
        "attribute_exists(#kind)",
        "#kind = :word",
        "#kind <> :word",
        "#kind = :word AND attribute_not_exists(#pending) AND NOT contains(#done, :entry)",
        "attribute_not_exists(#rank) OR #rank < :number",
        "(#rank >= :number OR #kind = :word) AND NOT #rank = :number",
        "NOT (attribute_exists(#rank) AND contains(#done, :entry))",
        "begins_with(#kind, :word)",
        "#rank BETWEEN :number AND :top",
    ]
)
CHANGES = st.sampled_from(
    [
        "SET #kind = :word",
        "SET #kind = if_not_exists(#kind, :word), #rank = :number",
        "SET #done = :list REMOVE #pending",
        "REMOVE #rank, #pending SET #pending = :word",
        "SET #who = :word, #rank = :number, #pending = :word",
    ]
)


@st.composite
def changes(draw):
    change, condition = draw(CHANGES), draw(CONDITIONS)
    # A partition key of an index may not be the empty string.
    word = draw(WORDS.filter(bool)) if "#who" in change else draw(WORDS)
    names = {"#kind": "kind", "#pending": "pending", "#done": "done", "#rank": "at", "#who": "who"}
    values = {
        ":word": {"S": word},
        ":number": {"N": str(draw(NUMBERS))},
        ":top": {"N": "9"},
        ":entry": {"S": draw(st.sampled_from(["e1", "e2"]))},
        ":list": {"L": [{"S": one} for one in draw(ENTRIES)]},
    }
    text = f"{change} {condition}"
    params = {
        "TableName": "t",
        "Key": {"id": {"S": draw(KEYS)}},
        "UpdateExpression": change,
        "ExpressionAttributeNames": _used(names, text),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if used := _used(values, text):
        params["ExpressionAttributeValues"] = used
    return params | ({"ConditionExpression": condition} if condition else {})


def _used(placeholders, text):
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
    return {name: value for name, value in placeholders.items() if name in words}


STEPS = st.one_of(
    changes().map(lambda one: ("UpdateItem", {**one, "ReturnValues": "ALL_NEW"})),
    st.lists(changes(), min_size=2, max_size=3, unique_by=lambda one: one["Key"]["id"]["S"]).map(
        lambda every: ("TransactWriteItems", {"TransactItems": [{"Update": u} for u in every]})
    ),
    KEYS.map(lambda key: ("GetItem", {"TableName": "t", "Key": {"id": {"S": key}}})),
    KEYS.map(
        lambda key: (
            "DeleteItem",
            {"TableName": "t", "Key": {"id": {"S": key}}, "ReturnValues": "ALL_OLD"},
        )
    ),
    st.tuples(WORDS.filter(bool), st.booleans()).map(
        lambda one: (
            "Query",
            {
                "TableName": "t",
                "IndexName": "by_who",
                "KeyConditionExpression": "#who = :who",
                "ExpressionAttributeNames": {"#who": "who"},
                "ExpressionAttributeValues": {":who": {"S": one[0]}},
                "ScanIndexForward": one[1],
            },
        )
    ),
)


@pytest.mark.deep
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=12))
def test_every_answer_and_refusal_is_the_same_as_motos(pair, steps):
    for key in "abc":
        pair.ask("DeleteItem", TableName="t", Key={"id": {"S": key}})
    for operation, params in steps:
        theirs, ours = pair.ask(operation, **params)
        assert _comparable(ours) == _comparable(theirs), (operation, params)


def _comparable(answer):
    """Items of equal sort key have no order; counts are not ours to compare; no empty lists."""
    if isinstance(answer, tuple):
        return answer
    return {
        name: sorted(map(str, value)) if name == "Items" else value
        for name, value in answer.items()
        if name in ("Item", "Items", "Attributes") and value
    }


def test_a_query_is_sorted_by_the_sort_key_both_ways(pair):
    for key, at in (("a", 3), ("b", 10), ("c", 1)):
        item = {"id": {"S": key}, "who": {"S": "x"}, "at": {"N": str(at)}}
        pair.ask("PutItem", TableName="t", Item=item)
    for forward, expected in ((True, ["c", "a", "b"]), (False, ["b", "a", "c"])):
        for answer in pair.ask(
            "Query",
            TableName="t",
            IndexName="by_who",
            KeyConditionExpression="#who = :who AND #at > :zero",
            ExpressionAttributeNames={"#who": "who", "#at": "at"},
            ExpressionAttributeValues={":who": {"S": "x"}, ":zero": {"N": "0"}},
            ScanIndexForward=forward,
        ):
            assert [item["id"]["S"] for item in answer["Items"]] == expected


def test_pages_of_a_query_and_a_scan_join_to_the_whole(pair):
    for number in range(5):
        item = {"id": {"S": f"k{number}"}, "who": {"S": "x"}, "at": {"N": str(number)}}
        pair.ask("PutItem", TableName="t", Item=item)
    asked = {
        "TableName": "t",
        "IndexName": "by_who",
        "KeyConditionExpression": "#who = :who",
        "ExpressionAttributeNames": {"#who": "who"},
        "ExpressionAttributeValues": {":who": {"S": "x"}},
        "Limit": 2,
    }
    found, start = [], {}
    for _ in range(3):
        page = pair.alone("Query", **asked, **start)
        found += [item["id"]["S"] for item in page["Items"]]
        start = {"ExclusiveStartKey": page.get("LastEvaluatedKey")}
    assert found == ["k0", "k1", "k2", "k3", "k4"]
    assert start == {"ExclusiveStartKey": None}
    assert len(pair.alone("Scan", TableName="t")["Items"]) == 5
    filtered = pair.alone(
        "Scan",
        TableName="t",
        IndexName="by_who",
        FilterExpression="#at >= :two",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    assert filtered["Count"] == 3


def test_a_repeated_transaction_is_not_done_twice(pair):
    add = Update(
        model=items.MessageItem,
        key="m",
        set={"text": "one"},
        condition="attribute_not_exists(#text)",
    )
    pair.alone("CreateTable", **_table(items.MessageItem.Meta.table_name, with_index=False))
    asked = {"TransactItems": [{"Update": add.wire()}]}
    assert pair.alone("TransactWriteItems", ClientRequestToken="t1", **asked) == {}
    assert pair.alone("TransactWriteItems", ClientRequestToken="t1", **asked) == {}
    pair.clock.advance(601)
    refused = pair.alone("TransactWriteItems", ClientRequestToken="t1", **asked)
    assert refused[0] == "TransactionCanceledException"


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"UpdateExpression": "SET #a = :b"}, "not defined"),
        ({"ConditionExpression": "plain = :x"}, "placeholder"),
        ({"ExpressionAttributeNames": {"#unused": "x"}}, "unused"),
        ({"ConditionExpression": "size(#x) = :x"}, "does not play the function"),
        ({"UpdateExpression": "SET #x = list_append(#x, :x)"}, "does not play the operand"),
        ({"ConditionExpression": "attribute_exists(#x"}, "missing"),
        ({"ConditionExpression": "#x ="}, "ends too early"),
        ({"UpdateExpression": "ADD #x :x"}, "does not play the update clause"),
        ({"UpdateExpression": "SET #x ? :x"}, "unreadable"),
        ({"Key": {"id": {"S": ""}}}, "not valid"),
        ({"Key": {"other": {"S": "x"}}}, "does not match"),
    ],
)
def test_what_is_malformed_or_unknown_is_refused_in_words(params, says):
    own = DynamoDbEmulator(SandboxClock())
    own.create_table(_table("t", with_index=False))
    text = str(params.get("ConditionExpression", "")) + str(params.get("UpdateExpression", ""))
    names = {"#x": "x"} if "#x" in text else {}
    values = {":x": {"S": "x"}} if ":x" in text else {}
    named = {"ExpressionAttributeNames": names} if names else {}
    valued = {"ExpressionAttributeValues": values} if values else {}
    asked = {"TableName": "t", "Key": {"id": {"S": "k"}}, **named, **valued, **params}
    with pytest.raises(AwsError, match=says):
        own.update_item(asked)


def test_an_item_over_400_kb_is_refused():
    own = DynamoDbEmulator(SandboxClock())
    own.create_table(_table("t", with_index=False))
    with pytest.raises(AwsError, match="size"):
        own.put_item({"TableName": "t", "Item": {"id": {"S": "k"}, "x": {"S": "y" * 410_000}}})


def test_unknown_tables_indexes_and_parameters_are_refused():
    own = DynamoDbEmulator(SandboxClock())
    with pytest.raises(AwsError, match="not found"):
        own.get_item({"TableName": "none", "Key": {"id": {"S": "k"}}})
    own.create_table(_table("t", with_index=True))
    with pytest.raises(AwsError, match="already exists"):
        own.create_table(_table("t", with_index=True))
    with pytest.raises(NotImplementedOperation):
        own.get_item({"TableName": "t", "Key": {"id": {"S": "k"}}, "ProjectionExpression": "#a"})
    with pytest.raises(NotImplementedOperation):
        own.scan({"TableName": "t", "Segment": 0})
    with pytest.raises(AwsError, match="index"):
        own.scan({"TableName": "t", "IndexName": "none"})
    assert own.describe_table({"TableName": "t"})["Table"]["TableStatus"] == "ACTIVE"


def test_a_transaction_may_not_touch_an_item_twice():
    own = DynamoDbEmulator(SandboxClock())
    own.create_table(_table("t", with_index=False))
    put = {"Put": {"TableName": "t", "Item": {"id": {"S": "k"}}}}
    with pytest.raises(AwsError, match="multiple operations"):
        own.transact_write_items({"TransactItems": [put, put]})
    check = {
        "ConditionCheck": {
            "TableName": "t",
            "Key": {"id": {"S": "k2"}},
            "ConditionExpression": "attribute_exists(#id)",
            "ExpressionAttributeNames": {"#id": "id"},
        }
    }
    with pytest.raises(AwsError, match="cancelled"):
        own.transact_write_items({"TransactItems": [put, check]})
    assert own.get_item({"TableName": "t", "Key": {"id": {"S": "k"}}}) == {}
