"""Everything that must outlive a deployment: key, tables, media bucket.

Secrets are put into Secrets Manager by `python -m infra secret`, under the key made here: a value
in a template would be read by everybody, and an empty secret would fail later and elsewhere."""

from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import names
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.buckets import TRAFFIC, log_bucket, private_bucket

WORKSPACES = ("https://*.my.connect.aws", "https://*.awsapps.com")  # where agents work


class DataStack(ConcernStack):
    """Retained on `destroy` unless the stage says otherwise. Needs `CopiesStack` to be there."""

    HOLDS_DATA = True

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "data", stage)
        self.key = self._key()
        self.conversations = self._table("Conversations", self.names.conversations, "key")
        self.messages = self._table("Messages", self.names.messages, "id")
        self._indexes(self.messages)
        logs = log_bucket(self, "Media", self.names.media)
        self.access_logs_arn = logs.bucket_arn
        self.media = private_bucket(
            self,
            "Media",
            name=self.names.media,
            key=self.key,
            keep_days=stage.media_retention_days,
            logs=logs,
        )
        if stage.connect.manage_storage:
            self._open_to_agents(stage)
        self._replicated()
        if stage.network.vpc or stage.worker.runs:
            self._takes_flow_logs(logs)
        if stage.cdn.domain:
            self._behind_cloudfront()

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self.stage.prefix}",
            description=f"Everything of {self.stage.prefix}: queues, topics, tables, bucket, logs",
            enable_key_rotation=True,
            removal_policy=self.removal,
        )
        key.add_to_resource_policy(self._publishers())
        key.add_to_resource_policy(self._logs())
        return key

    def _publishers(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid="Publishers",
            principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in names.KEY_USERS],
            actions=["kms:GenerateDataKey*", "kms:Decrypt"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": self.account}},
        )

    def _logs(self) -> iam.PolicyStatement:
        groups = f"arn:aws:logs:{self.region}:{self.account}:log-group:*"
        return iam.PolicyStatement(
            sid="Logs",
            principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
            actions=["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )

    def _table(self, name: str, table: str, key: str) -> dynamodb.Table:
        """As the pynamodb models of chalicelib/gateways/items.py say."""
        return dynamodb.Table(
            self,
            name,
            table_name=table,
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            deletion_protection=self.stage.keep_data,
            removal_policy=self.removal,
        )

    def _indexes(self, messages: dynamodb.Table) -> None:
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        messages.add_global_secondary_index(
            index_name="by_customer",
            partition_key=dynamodb.Attribute(name="customer", type=text),
            sort_key=dynamodb.Attribute(name="sent_at", type=number),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.conversations.add_global_secondary_index(
            index_name="of_customer",
            partition_key=dynamodb.Attribute(name="customer", type=text),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        messages.add_global_secondary_index(
            index_name="by_message_id",
            partition_key=dynamodb.Attribute(name="message_id", type=text),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    def _open_to_agents(self, stage: Stage) -> None:
        """Agents' browsers put and get chat attachments by signed links; without this they see none
        (Connect administrator guide, "Configure a CORS policy on your attachments bucket")."""
        self.media.add_cors_rule(
            allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.PUT],
            allowed_origins=[*WORKSPACES, *stage.connect.approved_origins],
            allowed_headers=["*"],
        )

    def _takes_flow_logs(self, logs: s3.Bucket) -> None:
        """What AWS would write into the policy itself (VPC user guide, flow logs to S3)."""
        delivery = iam.ServicePrincipal("delivery.logs.amazonaws.com")
        ours = {"aws:SourceAccount": self.account}
        mine = f"{logs.bucket_arn}/{TRAFFIC}AWSLogs/{self.account}/*"
        owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
        for action, resource, more in (
            ("s3:GetBucketAcl", logs.bucket_arn, {}),
            ("s3:PutObject", mine, owned),
        ):
            logs.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[delivery],
                    actions=[action],
                    resources=[resource],
                    conditions={"StringEquals": {**ours, **more}},
                )
            )

    def _behind_cloudfront(self) -> None:
        """Distributions of this account read customers' files; that of CdnStack asks for a link."""
        cloudfront = iam.ServicePrincipal("cloudfront.amazonaws.com")
        ours = {"StringEquals": {"AWS:SourceAccount": self.account}}
        self.media.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudFront",
                principals=[cloudfront],
                actions=["s3:GetObject"],
                resources=[f"{self.media.bucket_arn}/inbound/*"],
                conditions=ours,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudFront",
                principals=[cloudfront],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions=ours,
            )
        )

    def _replicated(self) -> None:
        """Every file also goes to the other region, into the bucket of `CopiesStack`."""
        region = self.stage.backup.copy_region
        bucket = self.media.node.default_child
        bucket.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=self.names.replicator_arn,
            rules=[
                s3.CfnBucket.ReplicationRuleProperty(
                    id=names.REPLICATION,
                    status="Enabled",
                    priority=1,
                    filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                    delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(
                        status="Enabled"
                    ),
                    source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(
                            status="Enabled"
                        )
                    ),
                    destination=s3.CfnBucket.ReplicationDestinationProperty(
                        bucket=self.names.copies_arn(region),
                        # Counts what fails; without it nobody hears of it (1 USD a month).
                        metrics=s3.CfnBucket.MetricsProperty(status="Enabled"),
                        encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                            replica_kms_key_id=f"arn:aws:kms:{region}:{self.account}:"
                            f"{copy_alias(self.stage)}"
                        ),
                    ),
                )
            ],
        )
        self._lets_the_replicator_read()

    def _lets_the_replicator_read(self) -> None:
        """What S3 needs at the source (user guide, "Setting up permissions for live replication").

        Given by bucket and key themselves, to this one role: it has no policy of its own.
        """
        read = ("GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging")
        bucket = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        role = iam.ArnPrincipal(self.names.replicator_arn)
        arn = self.media.bucket_arn
        for actions, resource in ((bucket, arn), ([f"s3:{one}" for one in read], f"{arn}/*")):
            self.media.add_to_resource_policy(
                iam.PolicyStatement(principals=[role], actions=actions, resources=[resource])
            )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Replicator",
                principals=[role],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions=via_s3(self.region),
            )
        )


def copy_alias(stage: Stage) -> str:
    """The key of the bucket of copies."""
    return f"alias/{stage.prefix}-copies"


def via_s3(region: str) -> dict[str, Any]:
    """The condition that a key is used for files only."""
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
