"""The instance's furniture: functions it may call, hours, queues, views, storage, origins.

The voice note's view is ours, with its versions; templates and hand-overs show views of AWS's.
"""

import aws_cdk as cdk
from aws_cdk import aws_connect as connect
from constructs import Construct

from flowkit.views import View
from infra.flow_settings import FlowSettings
from infra.functions import FUNCTIONS
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.data import DataStack
from infra.stacks.instance import InstanceStack
from infra.stacks.messaging import MessagingStack

CHATS_AT_ONCE = 3  # per agent; Connect allows up to 10


class ContactCenterStack(ConcernStack):
    """Hours, queues and views are those the contact flows name (contact_flows)."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        data: DataStack,
        instance: InstanceStack,
        messaging: MessagingStack,
        flows: FlowSettings,
    ) -> None:
        super().__init__(scope, "contact-center", stage)
        self.data, self.instance = data, instance.instance_arn
        self.instance_id = instance.instance_id
        self._functions(messaging)
        self.hours = {name: self._hours(name, flows) for name in flows.hours}
        self.queues = {name: self._queue(name, about) for name, about in flows.queues.items()}
        self._routing_profile(flows)
        for name, view in flows.views.items():
            self._view(name, view)
        if stage.connect.manage_storage:
            self._storage("CHAT_TRANSCRIPTS", "connect/transcripts")
            self._storage("ATTACHMENTS", "connect/attachments")
        for number, origin in enumerate(stage.connect.approved_origins):
            connect.CfnApprovedOrigin(
                self, f"Origin{number}", instance_id=self.instance, origin=origin
            )

    def _functions(self, messaging: MessagingStack) -> None:
        """The association lets flows choose the function; the permission lets Connect call it."""
        for function in FUNCTIONS:
            if function.flow:
                arn = messaging.functions[function.name].function_arn
                name = function.name.title().replace("-", "")
                connect.CfnIntegrationAssociation(
                    self,
                    name,
                    instance_id=self.instance,
                    integration_type="LAMBDA_FUNCTION",
                    integration_arn=arn,
                )

    def _hours(self, name: str, flows: FlowSettings) -> connect.CfnHoursOfOperation:
        of = connect.CfnHoursOfOperation
        return of(
            self,
            f"Hours{name.title()}",
            instance_arn=self.instance,
            name=f"{self.names.in_instance}{name}",
            time_zone=flows.hours[name].time_zone,
            config=[
                of.HoursOfOperationConfigProperty(
                    day=span.day,
                    start_time=of.HoursOfOperationTimeSliceProperty(
                        hours=span.start[0], minutes=span.start[1]
                    ),
                    end_time=of.HoursOfOperationTimeSliceProperty(
                        hours=span.end[0], minutes=span.end[1]
                    ),
                )
                for span in flows.hours[name].spans
            ],
        )

    def _queue(self, name: str, about: str) -> connect.CfnQueue:
        hours = next(iter(self.hours.values()))
        queue = connect.CfnQueue(
            self,
            f"Queue{name}",
            instance_arn=self.instance,
            name=f"{self.names.in_instance}{name}",
            description=about,
            hours_of_operation_arn=hours.attr_hours_of_operation_arn,
        )
        cdk.CfnOutput(self, f"Queue{name}Arn", value=queue.attr_queue_arn)
        return queue

    def _routing_profile(self, flows: FlowSettings) -> None:
        of = connect.CfnRoutingProfile
        queues = [
            of.RoutingProfileQueueConfigProperty(
                delay=0,
                priority=1 if name == flows.urgent_queue else 2,
                queue_reference=of.RoutingProfileQueueReferenceProperty(
                    channel="CHAT", queue_arn=queue.attr_queue_arn
                ),
            )
            for name, queue in self.queues.items()
        ]
        of(
            self,
            "WhatsappAgents",
            instance_arn=self.instance,
            name=f"{self.stage.prefix}-whatsapp-agents",
            description="Everything that comes from WhatsApp; urgent conversations first",
            default_outbound_queue_arn=self.queues[flows.default_queue].attr_queue_arn,
            media_concurrencies=[
                of.MediaConcurrencyProperty(channel="CHAT", concurrency=CHATS_AT_ONCE)
            ],
            queue_configs=queues,
        )

    def _view(self, name: str, view: View) -> None:
        """A view, published, and a version of what it is now: flows go on showing the version they
        were published with, so versions are never taken away."""
        made = connect.CfnView(
            self,
            f"View{name.title().replace('_', '')}",
            instance_arn=self.instance,
            name=f"{self.names.in_instance}{name}",
            description=view.description or None,
            template=view.template,
            actions=list(view.actions),
        )
        version = connect.CfnViewVersion(
            self,
            f"{made.node.id}Version",
            view_arn=made.attr_view_arn,
            view_content_sha256=made.attr_view_content_sha256,
        )
        version.apply_removal_policy(cdk.RemovalPolicy.RETAIN)  # they go with their view
        cdk.CfnOutput(self, f"{made.node.id}Arn", value=version.attr_view_version_arn)

    def _storage(self, kind: str, prefix: str) -> None:
        of = connect.CfnInstanceStorageConfig
        of(
            self,
            f"Storage{kind.title().replace('_', '')}",
            instance_arn=self.instance,
            resource_type=kind,
            storage_type="S3",
            s3_config=of.S3ConfigProperty(
                bucket_name=self.names.media,
                bucket_prefix=prefix,
                encryption_config=of.EncryptionConfigProperty(
                    encryption_type="KMS", key_id=self.data.key.key_arn
                ),
            ),
        )
