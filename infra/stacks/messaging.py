"""Topics, queues, functions: the way of every message."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_xray as xray
from constructs import Construct

from infra import functions, names, policies
from infra.functions import FILTERS, FUNCTIONS, Function
from infra.link_keys import mark
from infra.settings import Stage
from infra.stacks.api import http_api
from infra.stacks.base import ConcernStack
from infra.stacks.cdn import CdnStack
from infra.stacks.data import DataStack
from infra.stacks.environment import environment, media_links
from infra.stacks.guards import retention, said_once, tls_only, tls_publish, traces_of
from infra.stacks.instance import InstanceStack
from infra.stacks.network import NetworkStack
from infra.stacks.roles import function_role, own_policy, shared_policy

LETTERS_DAYS = 14  # SQS keeps messages no longer
MAX_LOOKS = 1000  # the largest maxReceiveCount of SQS


class MessagingStack(ConcernStack):
    """`queues` by our names, redrive queues included; `functions` by name."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        data: DataStack,
        instance: InstanceStack,
        package: tuple[Path, Path],
        network: NetworkStack | None,
        cdn: CdnStack | None,
    ) -> None:
        super().__init__(scope, "messaging", stage)
        self.cdn = cdn
        self.network = network if stage.network.vpc else None
        self.data, self.instance = data, instance
        self.queues: dict[str, sqs.CfnQueue] = {}
        self.policies: dict[str, iam.CfnManagedPolicy] = {}
        for queue in names.WORK_QUEUES:
            self._with_letters(
                queue,
                days=functions.RETENTION_DAYS,
                receives=functions.MAX_RECEIVES,
                visibility_timeout=functions.reader_of(queue).visibility_s,
            )
        # Operators read and redrive parked messages; none is lost by being looked at too often.
        self._with_letters(names.DEAD_LETTERS, days=LETTERS_DAYS, receives=MAX_LOOKS)
        self.topics = {name: self._topic(name) for name in names.TOPICS}
        self._may_publish()
        self._subscriptions()
        self._traced()
        # One for all functions, so that a message can be followed in one place.
        self.log_group = self._logs("FunctionLogs", "/aws/lambda/")
        self.runtime = shared_policy(
            self, self.log_group, self.network.arns if self.network else []
        )
        self.code = self._code(package[0])
        self.layer = self._layer(package[1])
        self.functions = {function.name: self._function(function) for function in FUNCTIONS}
        self.api = http_api(self, self.functions["api"], self._logs("ApiLogs", "/aws/apigateway/"))
        cdk.CfnOutput(self, "EventDestination", value=self.names.topic_arn("whatsapp-events"))

    # --- queues and topics --------------------------------------------------------------------

    def _with_letters(self, name: str, *, days: int, receives: int, **more: Any) -> None:
        letters = names.letters_of(name)
        self._queue(letters, days=LETTERS_DAYS)
        redrive = {
            "deadLetterTargetArn": self.queues[letters].attr_arn,
            "maxReceiveCount": receives,
        }
        self._queue(name, days=days, redrive_policy=redrive, **more)

    def _queue(self, name: str, *, days: int, **more: Any) -> None:
        fifo = {"fifo_queue": True} if name.endswith(".fifo") else {}
        self.queues[name] = queue = sqs.CfnQueue(
            self,
            _id(name),
            queue_name=self.names.queue(name),
            kms_master_key_id=self.data.key.key_arn,
            message_retention_period=cdk.Duration.days(days).to_seconds(),
            **fifo,
            **more,
        )
        statements = [tls_only(queue.attr_arn)]
        topic = name.removesuffix("-dlq")
        if topic in names.TOPICS:  # the event queue, and what SNS itself cannot deliver
            statements.append(self._from_topic(topic, queue))
        sqs.CfnQueuePolicy(
            self,
            f"{_id(name)}Policy",
            queues=[queue.ref],
            policy_document={"Version": "2012-10-17", "Statement": statements},
        )

    def _from_topic(self, name: str, queue: sqs.CfnQueue) -> dict[str, Any]:
        return {
            "Sid": "FromTopic",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue.attr_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.names.topic_arn(name)}},
        }

    def _topic(self, name: str) -> sns.CfnTopic:
        return sns.CfnTopic(
            self,
            f"{_id(name)}Topic",
            topic_name=self.names.topic(name),
            kms_master_key_id=self.data.key.key_arn,
            tracing_config="Active",
        )

    def _may_publish(self) -> None:
        """End User Messaging into one topic, Connect into the other, nobody else."""
        sources = {
            names.WHATSAPP_EVENTS: (
                "social-messaging",
                f"arn:aws:social-messaging:{self.region}:{self.account}:*",
            ),
            names.CHAT_EVENTS: ("connect", self.instance.instance_arn),
        }
        for name, (service, source) in sources.items():
            topic = self.topics[name]
            publish = {
                "Sid": "Publisher",
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic.ref,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": source},
                },
            }
            document = {"Version": "2012-10-17", "Statement": [publish, tls_publish(topic.ref)]}
            sns.CfnTopicPolicy(
                self, f"{_id(name)}TopicPolicy", topics=[topic.ref], policy_document=document
            )

    def _subscriptions(self) -> None:
        for name in names.TOPICS:
            filtered = {"filter_policy": FILTERS[name]} if name in FILTERS else {}
            letters = self.queues[names.letters_of(name)]
            sns.CfnSubscription(
                self,
                f"{_id(name)}Subscription",
                topic_arn=self.topics[name].ref,
                protocol="sqs",
                endpoint=self.queues[name].attr_arn,
                redrive_policy={"deadLetterTargetArn": letters.attr_arn},
                **filtered,
            )

    def _traced(self) -> None:
        arns = [self.names.topic_arn(name) for name in names.TOPICS]
        xray.CfnResourcePolicy(
            self,
            "TopicTraces",
            policy_name=f"{self.stage.prefix}-topics",
            policy_document=json.dumps(traces_of(arns, self.account)),
        )

    # --- functions ----------------------------------------------------------------------------

    def _code(self, path: Path) -> lambda_.Code:
        return lambda_.Code.from_asset(str(path))

    def _layer(self, path: Path) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            "Media",
            layer_version_name=f"{self.stage.prefix}-media",
            description="PyAV, Pillow, pi-heif; never publish it (GPL codecs inside)",
            code=lambda_.Code.from_asset(str(path)),
            compatible_runtimes=[lambda_.Runtime(functions.RUNTIME)],
        )

    def _logs(self, id_: str, place: str) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            id_,
            log_group_name=f"{place}{self.stage.prefix}",
            retention=retention(self.stage.log_retention_days),
            encryption_key=self.data.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _function(self, function: Function) -> lambda_.Function:
        name, id_ = self.names.function(function.name), _id(function.name)
        made = lambda_.Function(
            self,
            id_,
            function_name=name,
            description=function.about,
            runtime=lambda_.Runtime(functions.RUNTIME),
            architecture=lambda_.Architecture.X86_64,
            handler=function.handler,
            code=self.code,
            layers=[self.layer] if function.media else [],
            memory_size=function.memory_mb,
            timeout=cdk.Duration.seconds(function.timeout_s),
            reserved_concurrent_executions=self.stage.concurrency.get(function.name) or None,
            environment=self.environment(),
            environment_encryption=self.data.key,
            tracing=lambda_.Tracing.ACTIVE,
            role=self._role(function),
            log_group=self.log_group,
            vpc=self.network.vpc if self.network else None,
            vpc_subnets=self.network.subnets if self.network else None,
            security_groups=[self.network.inside] if self.network else None,
        )
        said_once(made)
        for source in function.sources:
            # Lambda tries the queue when the mapping is made: the policy must be there.
            self._event_source(made, source).add_resource_dependency(self.policies[function.name])
        if function.flow:
            self._called_by_flows(made, function)
        return made

    def environment(self) -> dict[str, str]:
        """The product's settings, as functions and containers have them."""
        urls = {name: queue.ref for name, queue in self.queues.items()}
        links = media_links(self.stage, self.names, self.cdn.key_id) if self.cdn else {}
        return {**environment(self.stage, self.names, self.instance, urls), **links}

    def _role(self, function: Function) -> iam.IRole:
        places = policies.Places(
            names=self.names,
            copies=self.names.copies_arn(self.stage.backup.copy_region),
            key=self.data.key.key_arn,
            instance=self.instance.instance_arn,
            flows=list(self.instance.flow_arns.values()),
            numbers=[self.names.number_arn(n) for n in self.stage.whatsapp.numbers],
            link_secrets=[self.names.link_secret_arn(mark(key)) for key in self.stage.cdn.keys],
        )
        id_ = _id(function.name)
        role = function_role(self, id_, function, self.runtime)
        own = own_policy(self, id_, function, role, places)
        if own:
            self.policies[function.name] = own
        # These two policies are the whole of it: constructs must not add to it.
        return role.without_policy_updates()

    def _called_by_flows(self, made: lambda_.Function, function: Function) -> None:
        lambda_.CfnPermission(
            self,
            f"{_id(function.name)}Connect",
            action="lambda:InvokeFunction",
            function_name=made.function_arn,
            principal="connect.amazonaws.com",
            source_account=self.account,
            source_arn=self.instance.instance_arn,
        )

    def _event_source(
        self, function: lambda_.Function, source: functions.Source
    ) -> lambda_.CfnEventSourceMapping:
        # A container reads the queue instead; the function stays, for the way back.
        read_by_worker = functions.reader_of(source.queue).name in self.stage.worker.instead_of
        window = {"maximum_batching_window_in_seconds": source.window_s} if source.window_s else {}
        return lambda_.CfnEventSourceMapping(
            self,
            f"{_id(source.queue)}Source",
            event_source_arn=self.queues[source.queue].attr_arn,
            function_name=function.function_arn,
            batch_size=source.batch,
            function_response_types=["ReportBatchItemFailures"],
            enabled=not read_by_worker,
            **window,
        )


def _id(name: str) -> str:
    """ "voice-notes.fifo" -> "VoiceNotesFifo"."""
    return "".join(w.capitalize() for w in name.replace(".", "-").replace("_", "-").split("-"))
