"""The sandbox's recorded calls as the permissions they need in a deployed stage."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from infra.functions import FUNCTIONS
from infra.link_keys import mark
from infra.names import AI_KEY, Names
from infra.permissions import TOKENS, Need, action_of, allowed
from infra.policies import Places, statements
from infra.recording import LINK_SECRET, Call
from infra.runtime_policy import runtime
from infra.settings import EXAMPLE_NUMBER
from tests.infra_templates import A_PUBLIC_KEY, PREFIX

AT = Names(prefix=PREFIX, account="123456789012", region="us-east-1")
INSTANCE = "arn:aws:connect:us-east-1:123456789012:instance/Instance.Id"
FLOW = "WhatsappInbound.ContactFlowArn"
NUMBER = AT.number_arn(EXAMPLE_NUMBER)
PLACES = Places(names=AT, copies="", key="", instance=INSTANCE, flows=[FLOW], numbers=[NUMBER])


@dataclass(frozen=True)
class Deployed:
    """A stage in which the calls are made; the sandbox has one number."""

    at: Names = AT
    number: str = NUMBER
    instance: str = INSTANCE

    def arn(self, service: str, resource: str) -> str:
        """The sandbox's resource as the deployed stage names it."""
        if service == "sqs":
            return self.at.queue_arn(resource)
        if service == "dynamodb":
            return self._table(resource)
        if resource in ("?versions", "?bucket"):
            return self.at.media_arn
        if service == "s3":
            return f"{self.at.media_arn}/{resource}/some/key"
        if service == "secretsmanager":
            return self._secret(resource)
        if service == "socialmessaging":
            return self.number
        connect = {"contact": f"{self.instance}/contact/some-id", "instance": self.instance}
        return connect.get(resource, FLOW)

    def _table(self, resource: str) -> str:
        table, slash, index = resource.partition("/")
        tables = {
            "puente-conversations": self.at.conversations,
            "puente-messages": self.at.messages,
        }
        return self.at.table_arn(tables[table]) + slash + index

    def _secret(self, arn: str) -> str:
        link = arn.endswith(LINK_SECRET)
        named = self.at.link_secret_arn(mark(A_PUBLIC_KEY)) if link else self.at.secret_arn(AI_KEY)
        return f"{named}-a1B2c3"


BY_DEFAULT = Deployed()


def needs_of(calls: Iterable[Call], deployed: Deployed = BY_DEFAULT) -> dict[str, set[Need]]:
    """By function. Calls of `connectparticipant` carry tokens and need no permission."""
    found: defaultdict[str, set[Need]] = defaultdict(set)
    for call in calls:
        if call.service != TOKENS:
            action = action_of(call.service, call.operation)
            found[call.function].add(Need(action, deployed.arn(call.service, call.resource)))
    return found


def refused(calls: Iterable[Call]) -> list[tuple[str, Need]]:
    """What a function called and its role does not allow."""
    shared = runtime(AT.log_streams_arn, AT)
    return [
        (one.name, need)
        for one in FUNCTIONS
        for need in sorted(needs_of(calls)[one.name])
        if not allowed([*statements(one, PLACES), *shared], need)
    ]
