"""Private buckets: versioned, over TLS only, with access logs and an end of life."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.stacks.base import ConcernStack

LOG_DAYS = 90
OLD_VERSION_DAYS = 7  # a file deleted by mistake can be brought back this long
UNFINISHED_DAYS = 1  # uploads
TRAFFIC = "traffic/"  # flow logs of the VPC, in the bucket of access logs


def private_bucket(
    stack: ConcernStack,
    id_: str,
    *,
    name: str | None,
    key: kms.IKey,
    keep_days: int | None,
    logs: s3.IBucket,
) -> s3.Bucket:
    """The bucket `name` (None: CloudFormation names it); `logs` is that of `log_bucket`.

    `keep_days`: what is older is deleted; None: what is current stays.
    """
    return s3.Bucket(
        stack,
        id_,
        bucket_name=name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        server_access_logs_bucket=logs,
        server_access_logs_prefix="access/",
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=cdk.Duration.days(keep_days) if keep_days else None,
                noncurrent_version_expiration=cdk.Duration.days(OLD_VERSION_DAYS),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(UNFINISHED_DAYS),
            )
        ],
        removal_policy=stack.removal,
    )


def log_bucket(stack: ConcernStack, id_: str, name: str) -> s3.Bucket:
    """`name`-logs, for the access logs of the bucket `name`."""
    return s3.Bucket(
        stack,
        f"{id_}AccessLogs",
        bucket_name=f"{name}-logs",
        # S3's log delivery writes only where the default encryption is S3's own.
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=cdk.Duration.days(LOG_DAYS),
                noncurrent_version_expiration=cdk.Duration.days(1),
            )
        ],
        removal_policy=stack.removal,
    )
