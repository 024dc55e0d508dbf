"""The container of `container/` on Fargate, in place of the workers in Lambda.

The image is built where `make deploy` runs, into the account's own registry: it holds PyAV, whose
wheel carries GPL codecs, so it is never published.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_ecr_assets as images
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import names
from infra.resourceless import TOKEN
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.data import DataStack
from infra.stacks.messaging import MessagingStack
from infra.stacks.network import NetworkStack

ROOT = Path(__file__).parent.parent.parent
CPU, MEMORY_MB = 512, 1024
STOP_SECONDS = 30  # what a worker has in hand takes 20 at most
# Messages that wait -> tasks more or less; one task works on some forty customers at once.
STEPS = ((0, 10, -1), (100, 500, 1), (500, None, 3))
FINGERPRINT_LETTERS = 16
EVENT_QUEUES = {
    "WHATSAPP_EVENTS_QUEUE_URL": names.WHATSAPP_EVENTS,
    "CHAT_EVENTS_QUEUE_URL": names.CHAT_EVENTS,
}


class WorkerStack(ConcernStack):
    """One service; `queued` scales on what waits, `inline` is exactly one task."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        data: DataStack,
        network: NetworkStack,
        messaging: MessagingStack,
    ) -> None:
        super().__init__(scope, "worker", stage)
        self.data, self.network, self.messaging = data, network, messaging
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=stage.prefix,
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.service = self._service(cluster, self._task())
        if stage.worker.mode == "queued":
            self._scaled()
        self._alarm()

    def _task(self) -> ecs.FargateTaskDefinition:
        image = images.DockerImageAsset(
            self, "Image", directory=str(ROOT), platform=images.Platform.LINUX_AMD64
        )
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=self.stage.prefix,
            cpu=CPU,
            memory_limit_mib=MEMORY_MB,
            task_role=self._role().without_policy_updates(),
            execution_role=self._starter(image).without_policy_updates(),
        )
        task.add_container(
            "puente",
            image=ecs.ContainerImage.from_docker_image_asset(image),
            secrets=self._settings(),
            # Tasks read their settings when they start: other settings are another definition, and
            # so other tasks.
            docker_labels={"settings": self._fingerprint()},
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix="worker", log_group=self.messaging.log_group
            ),
            readonly_root_filesystem=True,
            user="10001",
            stop_timeout=cdk.Duration.seconds(STOP_SECONDS),
        )
        return task

    def _environment(self) -> dict[str, str]:
        mode = self.stage.worker.mode
        urls = {name: queue.ref for name, queue in self.messaging.queues.items()}
        events = {name: urls[queue] for name, queue in EVENT_QUEUES.items()}
        return {
            **self.messaging.environment(),
            "RUN_MODE": mode,
            **(events if mode == "inline" else {}),
        }

    def _settings(self) -> dict[str, ecs.Secret]:
        """Settings as parameters, so that one may be changed and read without this repository."""
        return {
            name: ecs.Secret.from_ssm_parameter(
                ssm.StringParameter(
                    self,
                    f"Setting{name}",
                    parameter_name=self.names.worker_setting(name),
                    string_value=value,
                )
            )
            for name, value in self._environment().items()
            if value  # a parameter is never empty; an empty setting is its default
        }

    def _fingerprint(self) -> str:
        """Of the settings, with references where values are not known yet."""
        known = json.dumps(self.resolve(self._environment()), sort_keys=True)
        return hashlib.sha256(known.encode()).hexdigest()[:FINGERPRINT_LETTERS]

    def _role(self) -> iam.Role:
        """What the functions whose place it takes may do; nothing that Lambda does for them."""
        role = iam.Role(
            self,
            "TaskRole",
            role_name=f"{self.stage.prefix}-worker-{self.region}",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
        )
        for function in self.stage.worker.acts_as:
            role.add_managed_policy(
                iam.ManagedPolicy.from_managed_policy_arn(
                    self, f"As{function}", self.messaging.policies[function].attr_policy_arn
                )
            )
        return role

    def _starter(self, image: images.DockerImageAsset) -> iam.Role:
        """What Fargate itself needs: the image, the settings, and a place for the log."""
        place = f"arn:aws:ssm:{self.region}:{self.account}:parameter"
        pull = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
        statements = [
            iam.PolicyStatement(
                actions=[f"ecr:{action}" for action in pull],
                resources=[image.repository.repository_arn],
            ),
            iam.PolicyStatement(
                actions=["ssm:GetParameters"],
                resources=[
                    f"{place}{self.names.worker_setting(name)}"
                    for name, value in self._environment().items()
                    if value
                ],
            ),
            # Not bound to our VPC: Fargate fetches it by an interface of its own (ECR user guide,
            # "Optional IAM permissions for Fargate tasks pulling Amazon ECR images").
            iam.PolicyStatement(
                actions=[TOKEN],
                resources=["*"],
                conditions={"StringEquals": {"aws:RequestedRegion": self.region}},
            ),
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[self.messaging.log_group.log_group_arn],
            ),
        ]
        role = iam.Role(self, "Starter", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        self.may_start = iam.ManagedPolicy(self, "MayStart", statements=statements, roles=[role])
        return role

    def _service(self, cluster: ecs.Cluster, task: ecs.FargateTaskDefinition) -> ecs.FargateService:
        # Two inline services would not know of each other's order: the old one ends first.
        alone = self.stage.worker.mode == "inline"
        service = ecs.FargateService(
            self,
            "Service",
            service_name=self.names.worker,
            cluster=cluster,
            task_definition=task,
            desired_count=self.stage.worker.min_tasks,
            min_healthy_percent=0 if alone else 100,
            max_healthy_percent=100 if alone else 200,
            vpc_subnets=self.network.subnets,
            security_groups=[self.network.inside],
            assign_public_ip=False,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        )
        service.node.add_dependency(self.may_start)  # three tasks that cannot start end it all
        return service

    def _scaled(self) -> None:
        waiting = {
            f"q{number}": cw.Metric(
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions_map={"QueueName": self.names.queue(queue)},
                statistic="Maximum",
                period=cdk.Duration.minutes(1),
            )
            for number, queue in enumerate(_fifo(names.WORK_QUEUES))
        }
        self.service.auto_scale_task_count(
            min_capacity=self.stage.worker.min_tasks, max_capacity=self.stage.worker.max_tasks
        ).scale_on_metric(
            "Waiting",
            metric=cw.MathExpression(
                expression="+".join(waiting),
                using_metrics=waiting,
                period=cdk.Duration.minutes(1),
                label="messages that wait",
            ),
            scaling_steps=[
                scaling.ScalingInterval(lower=low, upper=high, change=change)
                for low, high, change in STEPS
            ],
            adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
            cooldown=cdk.Duration.minutes(2),
        )

    def _alarm(self) -> None:
        running = cw.Metric(
            namespace="ECS/ContainerInsights",
            metric_name="RunningTaskCount",
            dimensions_map={
                "ClusterName": self.stage.prefix,
                "ServiceName": self.names.worker,
            },
            statistic="Minimum",
            period=cdk.Duration.minutes(1),
        )
        alarm = cw.Alarm(
            self,
            "NotRunning",
            alarm_name=f"{self.stage.prefix}-NotRunning-worker",
            alarm_description="The worker does not run. What to do: docs/operations.md",
            metric=running,
            threshold=1,
            evaluation_periods=5,
            comparison_operator=cw.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cw.TreatMissingData.BREACHING,
        )
        alarm.node.default_child.alarm_actions = [self.names.topic_arn(names.ALARMS)]


def _fifo(queues: Sequence[str]) -> list[str]:
    return [queue for queue in queues if queue.endswith(".fifo")]
