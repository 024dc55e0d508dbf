"""Who notices when something is wrong: alarms, dashboard, budget.

Alarms tell people through a topic; the list of what to do for each is docs/operations.md.
"""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import metrics, names
from infra.functions import FUNCTIONS
from infra.settings import Stage
from infra.stacks.backup import vault_name
from infra.stacks.base import ConcernStack
from infra.stacks.budget import budget
from infra.stacks.data import DataStack
from infra.stacks.instance import InstanceStack

NAMESPACE = "Puente"  # chalicelib.log.NAMESPACE
SERVICE = {"service": "puente"}
MINUTE, HOUR, DAY = 1, 60, 24 * 60
WEEK, DAYS = 7, 30  # days
QUEUE_AGE_SECONDS = 120  # agents and customers wait no longer than this unnoticed
# Google's SRE workbook, chapter 5: of a 99.9 % objective over 30 days, 14.4 times the allowed rate
# for an hour spends 2 % of the month's budget, 6 times for six hours 5 %.
OBJECTIVE_PERCENT = 99.9
BURNS = {"Fast": (14.4, HOUR), "Slow": (6.0, 6 * HOUR)}
LATE_COUNTS = 3


class ObservabilityStack(ConcernStack):
    """Every asynchronous edge has an alarm; `tests/test_infra.py` counts them."""

    def __init__(
        self, scope: Construct, stage: Stage, *, data: DataStack, instance: InstanceStack
    ) -> None:
        super().__init__(scope, "observability", stage)
        self.topic = self._topic(data)
        for queue in names.WORK_QUEUES:
            self._aging(queue)
        for queue in names.LETTERS:
            self._not_empty(queue)
        for function in FUNCTIONS:
            self._function(self.names.function(function.name))
        for name, limit in metrics.OWN.items():
            self._alarm(f"Own{name}", self._own(name), limit, f"{name} within five minutes")
        self._cost()
        self._free_tier()
        self._connect_quotas(instance)
        self._backups()
        self._replication()
        self._burning()
        self._topic_failures()
        self._dashboard()
        budget(self, stage, self.topic)

    def _topic(self, data: DataStack) -> sns.CfnTopic:
        topic = sns.CfnTopic(
            self,
            "Alarms",
            topic_name=self.names.topic(names.ALARMS),
            kms_master_key_id=data.key.key_arn,
        )
        publishers = {"Service": [f"{s}.amazonaws.com" for s in ("cloudwatch", "budgets")]}
        publish = {
            "Effect": "Allow",
            "Principal": publishers,
            "Action": "sns:Publish",
            "Resource": topic.ref,
            "Condition": {"StringEquals": {"aws:SourceAccount": self.account}},
        }
        tls = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic.ref,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        document = {"Version": "2012-10-17", "Statement": [publish, tls]}
        sns.CfnTopicPolicy(self, "AlarmsPolicy", topics=[topic.ref], policy_document=document)
        if self.stage.alarm_email:
            sns.CfnSubscription(
                self,
                "AlarmsByMail",
                topic_arn=topic.ref,
                protocol="email",
                endpoint=self.stage.alarm_email,
            )
        return topic

    # --- alarms -------------------------------------------------------------------------------

    def _alarm(
        self,
        id_: str,
        metric: cw.IMetric,
        threshold: float,
        about: str,
        *,
        periods: int = 1,
        of_them: int = 0,
    ) -> cw.Alarm:
        alarm = cw.Alarm(
            self,
            id_,
            alarm_name=f"{self.stage.prefix}-{id_}",
            alarm_description=f"{about}. What to do: docs/operations.md",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=of_them or periods,
            comparison_operator=cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cw.TreatMissingData.NOT_BREACHING,
        )
        raw = alarm.node.default_child
        raw.alarm_actions = [self.topic.ref]
        raw.ok_actions = [self.topic.ref]
        return alarm

    def _aging(self, queue: str) -> None:
        metric = self._queue(queue, "ApproximateAgeOfOldestMessage", "Maximum", MINUTE)
        about = f"A message has waited in {queue} for {QUEUE_AGE_SECONDS} s"
        self._alarm(f"Age-{_plain(queue)}", metric, QUEUE_AGE_SECONDS, about, periods=3)

    def _not_empty(self, queue: str) -> None:
        metric = self._queue(queue, "ApproximateNumberOfMessagesVisible", "Maximum", MINUTE)
        self._alarm(f"Letters-{_plain(queue)}", metric, 1, f"{queue} holds messages; redrive them")

    def _function(self, name: str) -> None:
        for kind, threshold in (("Errors", 3), ("Throttles", 5)):
            metric = self._lambda(name, kind)
            self._alarm(f"{kind}-{name}", metric, threshold, f"{name}: {kind.lower()}")

    def _cost(self) -> None:
        metric = self._own(metrics.AI_COST, DAY)
        limit = self.stage.ai_daily_budget_usd
        self._alarm("AiCost", metric, limit, f"Voice notes cost {limit} USD today")

    def _free_tier(self) -> None:
        """CP-54: WhatsApp's free answers of a month. An alarm sees a week at most, so it watches
        the pace: three days of seven on which a thirtieth of them was passed."""
        free = self.stage.free_messages_per_month
        if free:
            about = f"At this pace the month has more than {free} answers: WhatsApp bills the rest"
            pace = self._own(metrics.SENT, DAY)
            self._alarm("FreeTier", pace, free / DAYS, about, periods=WEEK, of_them=3)

    def _connect_quotas(self, instance: InstanceStack) -> None:
        for name, limit in metrics.CONNECT.items():
            metric = cw.Metric(
                namespace="AWS/Connect",
                metric_name=name,
                dimensions_map={"InstanceId": instance.instance_id, "MetricGroup": "Chats"},
                statistic="Maximum",
                period=cdk.Duration.minutes(5),
            )
            about = (
                "Chats come near Connect's quota; ask for more (Service Quotas > Amazon Connect)"
            )
            self._alarm(name, metric, limit, about)

    def _backups(self) -> None:
        """AWS Backup counts by vault; both vaults have one name, and copies start from this one."""
        for kind, about in (("Backup", "A backup of the tables"), ("Copy", "A copy of a backup")):
            metric = cw.Metric(
                namespace="AWS/Backup",
                metric_name=f"NumberOf{kind}JobsFailed",
                dimensions_map={"BackupVaultName": vault_name(self.stage)},
                statistic="Sum",
                period=cdk.Duration.minutes(DAY),
            )
            self._alarm(f"{kind}Jobs", metric, 1, f"{about} failed")

    def _replication(self) -> None:
        """Files that S3 gave up copying; counted where they are copied from, by rule (S3 user
        guide, "Using S3 Replication metrics")."""
        metric = cw.Metric(
            namespace="AWS/S3",
            metric_name="OperationsFailedReplication",
            dimensions_map={
                "SourceBucket": self.names.media,
                "DestinationBucket": self.names.copies(self.stage.backup.copy_region),
                "RuleId": names.REPLICATION,
            },
            statistic="Sum",
            period=cdk.Duration.minutes(5),
        )
        about = "Files do not reach the other region"
        self._alarm("Replication", metric, 1, about)

    def _burning(self) -> None:
        """CP-41: the share of late messages against the objective. Of few messages one late one is
        a large share, so several have to be late; what waits now has an alarm of its own."""
        allowed = 100 - OBJECTIVE_PERCENT
        for way, (every, late) in metrics.OBJECTIVES.items():
            for speed, (times, minutes) in BURNS.items():
                share = cw.MathExpression(
                    expression=f"IF(late >= {LATE_COUNTS}, 100 * late / every, 0)",
                    using_metrics={
                        "every": self._own(every, minutes),
                        "late": self._own(late, minutes),
                    },
                    period=cdk.Duration.minutes(minutes),
                    label=f"{way}: late messages, percent",
                )
                about = f"{way} spends the {OBJECTIVE_PERCENT} % objective {times} times too fast"
                self._alarm(f"Burn{speed}-{way}", share, times * allowed, about)

    def _topic_failures(self) -> None:
        for topic in names.TOPICS:
            metric = cw.Metric(
                namespace="AWS/SNS",
                metric_name="NumberOfNotificationsFailed",
                dimensions_map={"TopicName": self.names.topic(topic)},
                statistic="Sum",
                period=cdk.Duration.minutes(5),
            )
            self._alarm(f"Undelivered-{topic}", metric, 1, f"{topic} could not reach its queue")

    # --- metrics ------------------------------------------------------------------------------

    def _queue(self, queue: str, name: str, statistic: str, minutes: int) -> cw.Metric:
        return cw.Metric(
            namespace="AWS/SQS",
            metric_name=name,
            dimensions_map={"QueueName": self.names.queue(queue)},
            statistic=statistic,
            period=cdk.Duration.minutes(minutes),
        )

    def _lambda(self, function: str, name: str, minutes: int = 5) -> cw.Metric:
        return cw.Metric(
            namespace="AWS/Lambda",
            metric_name=name,
            dimensions_map={"FunctionName": function},
            statistic="Sum",
            period=cdk.Duration.minutes(minutes),
        )

    def _own(self, name: str, minutes: int = 5) -> cw.Metric:
        return cw.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map=SERVICE,
            statistic="Sum",
            period=cdk.Duration.minutes(minutes),
        )

    # --- dashboard ----------------------------------------------------------------------------

    def _dashboard(self) -> None:
        ages = [
            self._queue(q, "ApproximateAgeOfOldestMessage", "Maximum", MINUTE)
            for q in names.WORK_QUEUES
        ]
        lengths = [
            self._queue(q, "ApproximateNumberOfMessagesVisible", "Maximum", MINUTE)
            for q in names.LETTERS
        ]
        functions = [self.names.function(function.name) for function in FUNCTIONS]
        rows = [
            [
                ("Messages", [self._own(n) for n in ("InboundMessages", "OutboundMessages")]),
                ("Late", [self._own(late) for _, late in metrics.OBJECTIVES.values()]),
                ("Waiting, seconds", ages),
                ("Dead letters", lengths),
            ],
            [
                ("Errors", [self._lambda(f, "Errors") for f in functions]),
                ("Duration, ms", [self._lambda(f, "Duration") for f in functions]),
                ("Trouble", [self._own(name) for name in metrics.OWN]),
            ],
        ]
        cw.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.stage.prefix,
            widgets=[[cw.GraphWidget(title=t, left=m, width=6) for t, m in row] for row in rows],
        )


def _plain(queue: str) -> str:
    return queue.replace(".", "-")
