"""The sandbox's recorded calls as the permissions they need in a deployed stage."""

from collections.abc import Iterable

from infra.functions import FUNCTIONS
from infra.names import AI_KEY, Names
from infra.permissions import TOKENS, Need, action_of, allowed
from infra.policies import Places, runtime, statements
from infra.recording import Call
from infra.settings import EXAMPLE_NUMBER
from tests.infra_templates import PREFIX

AT = Names(prefix=PREFIX, account="123456789012", region="us-east-1")
INSTANCE = "arn:aws:connect:us-east-1:123456789012:instance/Instance.Id"
FLOW = "WhatsappInbound.ContactFlowArn"
NUMBER = AT.number_arn(EXAMPLE_NUMBER)
PLACES = Places(names=AT, copies="", key="", instance=INSTANCE, flows=[FLOW], numbers=[NUMBER])
SANDBOX_TABLES = {"puente-conversations": AT.conversations, "puente-messages": AT.messages}


def needs_of(calls: Iterable[Call]) -> dict[str, set[Need]]:
    """By function. Calls of `connectparticipant` carry tokens and need no permission."""
    found: dict[str, set[Need]] = {one.name: set() for one in FUNCTIONS}
    for call in calls:
        if call.service != TOKENS:
            action = action_of(call.service, call.operation)
            found[call.function].add(Need(action, arn_of(call.service, call.resource)))
    return found


def arn_of(service: str, resource: str) -> str:
    """The sandbox's resource as the deployed stage names it."""
    if service == "sqs":
        return AT.queue_arn(resource)
    if service == "dynamodb":
        table, slash, index = resource.partition("/")
        return AT.table_arn(SANDBOX_TABLES[table]) + slash + index
    if resource in ("?versions", "?bucket"):
        return AT.media_arn
    if service == "s3":
        return f"{AT.media_arn}/{resource}/some/key"
    if service == "secretsmanager":
        return f"{AT.secret_arn(AI_KEY)}-a1B2c3"
    if service == "socialmessaging":
        return NUMBER
    connect = {"contact": f"{INSTANCE}/contact/some-id", "instance": INSTANCE}
    return connect.get(resource, FLOW)


def refused(calls: Iterable[Call]) -> list[tuple[str, Need]]:
    """What a function called and its role does not allow."""
    shared = runtime(AT.log_streams_arn)
    return [
        (one.name, need)
        for one in FUNCTIONS
        for need in sorted(needs_of(calls)[one.name])
        if not allowed([*statements(one, PLACES), *shared], need)
    ]
