"""Daily backups of the tables, here and in another region; there the files' replica lies, too."""

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.names import Names
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.buckets import log_bucket, private_bucket
from infra.stacks.data import DataStack, copy_alias, via_s3

AT_HOUR = "3"  # UTC
# What AWS Backup does to a table with its advanced features (AWS Backup developer guide).
ON_TABLES = ("StartAwsBackupJob", "DescribeTable", "ListTagsOfResource")


class CopiesStack(ConcernStack):
    """The other region: vault and files, with keys of their own; and who copies into it.

    Before the stack `data`: S3 wants a replica's bucket to exist when replication is switched on.
    """

    HOLDS_DATA = True

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "copies", stage, region=stage.backup.copy_region)
        vault(self, stage, self.removal)
        key = kms.Key(
            self,
            "FilesKey",
            alias=copy_alias(stage),
            description=f"Replicas of the files of {stage.prefix}",
            enable_key_rotation=True,
            removal_policy=self.removal,
        )
        files = private_bucket(
            self,
            "Files",
            name=self.copies,
            key=key,
            keep_days=stage.media_retention_days,
            logs=log_bucket(self, "Files", self.copies),
        )
        self._let_the_replicator_write(files, key)

    @property
    def copies(self) -> str:
        return self.names.copies(self.stage.backup.copy_region)

    def _let_the_replicator_write(self, files: s3.Bucket, key: kms.Key) -> None:
        """Bucket and key name the one role, so that it needs no policy that guesses the key's id.

        Actions: S3 user guide, "Setting up permissions for live replication".
        """
        role = iam.Role(
            self,
            "Replicator",
            role_name=self.names.replicator,
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
        ).without_policy_updates()
        write = ("ReplicateObject", "ReplicateDelete", "ReplicateTags")
        files.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ArnPrincipal(role.role_arn)],
                actions=[f"s3:{action}" for action in write],
                resources=[f"{files.bucket_arn}/*"],
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Replicator",
                principals=[iam.ArnPrincipal(role.role_arn)],
                actions=["kms:Encrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions=via_s3(self.region),
            )
        )


class BackupStack(ConcernStack):
    """The plan; it copies into the vault of `CopiesStack`, known by name."""

    HOLDS_DATA = True

    def __init__(self, scope: Construct, stage: Stage, *, data: DataStack) -> None:
        super().__init__(scope, "backup", stage)
        at = self.names
        self.tables = [at.table_arn(table) for table in (at.conversations, at.messages)]
        here = vault(self, stage, self.removal)
        there = backup.BackupVault.from_backup_vault_arn(
            self,
            "There",
            f"arn:aws:backup:{stage.backup.copy_region}:{self.account}:backup-vault:"
            f"{vault_name(stage)}",
        )
        kept = cdk.Duration.days(stage.backup.retention_days)
        plan = backup.BackupPlan(self, "Plan", backup_plan_name=stage.prefix, backup_vault=here)
        plan.add_rule(
            backup.BackupPlanRule(
                rule_name="daily",
                schedule_expression=events.Schedule.cron(hour=AT_HOUR, minute="0"),
                delete_after=kept,
                copy_actions=[
                    backup.BackupPlanCopyActionProps(
                        destination_backup_vault=there, delete_after=kept
                    )
                ],
            )
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        self._may_back_up(role, data)
        plan.add_selection(
            "Selection",
            role=role,
            resources=[backup.BackupResource.from_arn(table) for table in self.tables],
            disable_default_backup_policy=True,
        )

    def _may_back_up(self, role: iam.Role, data: DataStack) -> None:
        via = f"dynamodb.{self.region}.amazonaws.com"
        statements = [
            iam.PolicyStatement(
                actions=[f"dynamodb:{a}" for a in ON_TABLES], resources=self.tables
            ),
            iam.PolicyStatement(
                actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
                resources=[
                    f"arn:aws:backup:{region}:{self.account}:backup-vault:{vault_name(self.stage)}"
                    for region in (self.region, self.stage.backup.copy_region)
                ],
            ),
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                resources=[data.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": via}},
            ),
        ]
        iam.ManagedPolicy(self, "MayBackUp", statements=statements, roles=[role])


def vault_name(stage: Stage) -> str:
    return Names(prefix=stage.prefix, account=stage.account, region=stage.region).vault


def vault(scope: Construct, stage: Stage, removal: cdk.RemovalPolicy) -> backup.BackupVault:
    key = kms.Key(
        scope,
        "VaultKey",
        description=f"Backups of {stage.prefix}",
        enable_key_rotation=True,
        removal_policy=removal,
    )
    return backup.BackupVault(
        scope,
        "Vault",
        backup_vault_name=vault_name(stage),
        encryption_key=key,
        removal_policy=removal,
    )
