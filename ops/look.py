"""What the doctor looks at: read-only calls, each made once. Raises the errors of the product."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from botocore.config import Config

from chalicelib.errors import Rejected
from chalicelib.gateways.ai_models import AiModels
from chalicelib.gateways.aws_errors import aws
from chalicelib.gateways.web_files import WebFiles
from chalicelib.wiring import App
from chalicelib.wiring_doors import QUICK
from infra.names import DEAD_LETTERS, INBOUND, LINK_PAGE, OUTBOUND, VOICE_NOTES
from ops.installed_names import Installed, names_of

Facts = dict[str, Any]
FLOW_ARN = re.compile(
    r"arn:aws[a-z-]*:connect:[a-z0-9-]+:\d{12}:instance/[^/]+/contact-flow/([\w-]+)"
)
# Connect answers two questions of most kinds a second, and a large instance is asked many.
ASKING = QUICK.merge(Config(retries={"total_max_attempts": 6, "mode": "standard"}))
AI_SECONDS = 10  # a person waits for the answer, no load balancer
QUEUES_A_CALL = 100  # API reference, GetCurrentMetricData, Filters


class Look:
    """Reads an installation. Every method may raise a ServiceError."""

    def __init__(self, app: App) -> None:
        self.settings = app.settings
        self.now: Callable[[], int] = app.clock
        self._app = app
        self.aws = cache(self._aws)

    @property
    def names(self) -> Installed:
        """What things are called here."""
        return names_of(self.settings)

    def _aws(self, service: str, operation: str, *, region: str = "", **parameters: Any) -> Facts:
        """One AWS call by its Python name; every page of what comes in pages. `region` "": ours."""
        config = ASKING if service == "connect" else QUICK
        client = self._app.client(service, config, region)
        with aws(service):
            if client.can_paginate(operation):
                pages = client.get_paginator(operation).paginate(**parameters)
                return dict(pages.build_full_result())
            answer: Facts = getattr(client, operation)(**parameters)
            return answer

    def simulated(
        self, role: str, actions: Sequence[str], where: Sequence[str], context: Mapping[str, str]
    ) -> list[Facts]:
        """IAM's verdict on actions of a role on resources, in a context like kms:ViaService."""
        entries = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ]
        answer = self._aws(
            "iam",
            "simulate_principal_policy",
            PolicySourceArn=role,
            ActionNames=list(actions),
            ResourceArns=list(where),
            ContextEntries=entries,
        )
        results: list[Facts] = answer["EvaluationResults"]
        return results

    # --- what several checks need ----------------------------------------------------------------

    def called_back(self) -> list[bool]:
        """Of some stored statuses, whether each brought our callback data back.

        One page of the table: enough to tell always from never, and cheap however large it is.
        """
        with aws("dynamodb"):
            page = self._app.client("dynamodb").scan(
                TableName=self.settings.dynamodb_table_messages,
                FilterExpression="attribute_exists(#back)",
                ExpressionAttributeNames={"#back": "called_back"},
                Limit=SAMPLE,
            )
        return [one["called_back"]["N"] == "1" for one in page["Items"]]

    def skew(self) -> float:
        """Seconds by which our clock is ahead of AWS's."""
        answer = self.aws("sts", "get_caller_identity")
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        if not told:
            return 0.0
        # HTTP's dates are GMT (RFC 9110); one that ends in "-0000" is read without a zone.
        said = parsedate_to_datetime(told).replace(tzinfo=UTC)
        return (datetime.now(UTC) - said).total_seconds()

    def accounts(self) -> list[Facts]:
        """The linked WhatsApp accounts with a number of ours, else all: numbers, destinations."""
        linked = self.aws("socialmessaging", "list_linked_whatsapp_business_accounts")
        found = [
            self.aws("socialmessaging", "get_linked_whatsapp_business_account", id=one["id"])
            for one in linked["linkedAccounts"]
        ]
        every: list[Facts] = [one["account"] for one in found]
        ours = self.numbers()
        mine = [one for one in every if ours & {n["phoneNumberId"] for n in numbers_of(one)}]
        return mine or every

    def numbers(self) -> set[str]:
        """The business numbers that the settings name."""
        settings = self.settings
        by_number = (*settings.connect_flows_by_number, *settings.languages_by_number)
        return {settings.whatsapp_phone_number_id, *(number for number, _ in by_number)} - {""}

    def connect(self, operation: str, **parameters: Any) -> Facts:
        instance = self.settings.connect_instance_id
        return self.aws("connect", operation, InstanceId=instance, **parameters)

    def queue_names(self) -> dict[str, str]:
        """Names of Connect's standard queues, by id; agents' own queues have none."""
        found = self.connect("list_queues")["QueueSummaryList"]
        return {one["Id"]: one["Name"] for one in found if one["QueueType"] == "STANDARD"}

    def live(self, queues: Sequence[str], metrics: Iterable[tuple[str, str]]) -> list[Facts]:
        """Connect's current metrics (name, unit) of chats, by queue; asked anew each time."""
        wanted = [{"Name": name, "Unit": unit} for name, unit in metrics]
        found: list[Facts] = []
        for start in range(0, len(queues), QUEUES_A_CALL):
            answer = self._aws(
                "connect",
                "get_current_metric_data",
                InstanceId=self.settings.connect_instance_id,
                Filters={
                    "Queues": queues[start : start + QUEUES_A_CALL],
                    "Channels": ["CHAT"],
                },
                Groupings=["QUEUE"],
                CurrentMetrics=wanted,
            )
            found += answer["MetricResults"]
        return found

    def flows(self) -> list[Facts]:
        """The flows that customers enter by: of the settings, then of single numbers."""
        settings = self.settings
        own = dict(settings.connect_flows_by_number).values()
        found = [
            self.connect("describe_contact_flow", ContactFlowId=flow)["ContactFlow"]
            for flow in dict.fromkeys((settings.connect_contact_flow_id, *own))
        ]
        return [dict(one) for one in found]

    def flow_contents(self) -> str:
        """The flows, their guides and the modules they run: each may call functions.

        An instance may have modules of others, which are not ours to judge.
        """
        listed = self.connect("list_contact_flow_modules").get("ContactFlowModulesSummaryList", [])
        left = {one["Id"] for one in listed}
        entered = [flow.get("Content", "") for flow in self.flows()]
        text = "\n".join([*entered, self.guide_contents()])
        while run := {module for module in left if module in text}:
            left -= run
            text = "\n".join([text, *(self._module(one) for one in sorted(run))])
        return text

    def _module(self, module: str) -> str:
        answer = self.connect("describe_contact_flow_module", ContactFlowModuleId=module)
        return str(answer["ContactFlowModule"].get("Content", ""))

    def guide_contents(self) -> str:
        """The flows that the entry flows run for agents and in queues: guides are among them."""
        entered = " ".join(flow.get("Content", "") for flow in self.flows())
        flows = sorted(set(FLOW_ARN.findall(entered)))
        found = [self.connect("describe_contact_flow", ContactFlowId=one) for one in flows]
        return "\n".join(one["ContactFlow"].get("Content", "") for one in found)

    def view_status(self, view: str) -> str:
        """Of a view by id, with or without a version; "GONE" when there is none."""
        try:
            found = self.connect("describe_view", ViewId=view)["View"]
        except Rejected:
            return "GONE"
        return str(found.get("Status", "PUBLISHED"))

    def queue(self, url: str) -> Facts:
        answer = self.aws("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=ALL)
        attributes: Facts = answer["Attributes"]
        return attributes

    def queue_named(self, name: str) -> Facts:
        """Attributes of a queue by our name for it: of the settings, or one beside those."""
        settings = self.settings
        told = {
            INBOUND: settings.inbound_queue_url,
            OUTBOUND: settings.outbound_queue_url,
            VOICE_NOTES: settings.voice_notes_queue_url,
            DEAD_LETTERS: settings.dead_letters_queue_url,
        }
        beside = settings.inbound_queue_url.rpartition("/")[0]
        return self.queue(told.get(name) or f"{beside}/{self.names.queue(name)}")

    def topic_policy(self, arn: str) -> list[Facts]:
        """The statements of a topic's policy."""
        answer = self.aws("sns", "get_topic_attributes", TopicArn=arn)
        document = json.loads(answer["Attributes"].get("Policy") or "{}")
        statements: list[Facts] = document.get("Statement", [])
        return statements

    def subscribers(self, arn: str) -> list[Facts]:
        """A topic's subscriptions; their ARN is "PendingConfirmation" before somebody confirms."""
        found = self.aws("sns", "list_subscriptions_by_topic", TopicArn=arn)
        return list(found.get("Subscriptions", []))

    def subscriptions(self, arn: str) -> list[str]:
        """ARNs of a topic's subscriptions."""
        return [str(one["SubscriptionArn"]) for one in self.subscribers(arn)]

    def bucket(self, operation: str) -> Facts:
        return self.aws("s3", operation, Bucket=self.settings.s3_bucket_media)

    def cors(self, bucket: str) -> set[str]:
        """HTTP methods that some other site's page may use on a bucket."""
        try:
            rules = self.aws("s3", "get_bucket_cors", Bucket=bucket)["CORSRules"]
        except Rejected as problem:
            if problem.code != "NoSuchCORSConfiguration":
                raise
            return set()
        return {method for rule in rules for method in rule["AllowedMethods"]}

    def has_pages(self) -> bool:
        """Whether CloudFront has the page that stands in for a link that opens no file."""
        page = f"https://{self.settings.media_link_domain}/{LINK_PAGE}"
        try:
            WebFiles(self._app.http).read(page)
        except Rejected:
            return False
        return True

    def models(self) -> list[str]:
        """Every model that the AI key may use; [] where the service lists none."""
        key = self._app.secret(self.settings.openai_api_key)
        url = self.settings.openai_base_url
        return AiModels(self._app.http, url, key, wait_s=AI_SECONDS).names()

    def quotas(self, service: str) -> dict[str, tuple[float, str]]:
        """This account's quotas of a service: name -> (value, code). {} when it is not known.

        Connect's quotas of an instance are raised for that instance alone (administrator guide,
        "Amazon Connect service quotas"): ours count, another's do not.
        """
        asked = {"ServiceCode": service, "QuotaAppliedAtLevel": "ALL"}
        try:
            every = self.aws("service-quotas", "list_service_quotas", **asked)["Quotas"]
        except Rejected:
            return {}
        ours = f":instance/{self.settings.connect_instance_id}"
        told = [one for one in every if _quota_of(one) == "*" or _quota_of(one).endswith(ours)]
        told.sort(key=lambda one: _quota_of(one) != "*")  # what is ours comes last, and stays
        return {one["QuotaName"]: (float(one["Value"]), one["QuotaCode"]) for one in told}


def _quota_of(quota: Facts) -> str:
    """ARN of the resource that has it, "*": each that has none of its own."""
    return str(quota.get("QuotaContext", {}).get("ContextId", "*"))


def numbers_of(account: Facts) -> list[Facts]:
    """The numbers of a linked account."""
    return list(account.get("phoneNumbers", []))


class _All(list[str]):
    """Every attribute; hashable, so that the answer can be kept."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash("All")


SAMPLE = 1000  # items of a table looked at
ALL = _All(["All"])
