"""What infra deploys around the product, so that `python -m ops doctor` finds it here, too."""

import json

import boto3

from sandbox.world import BUCKET, TABLES, World

PUBLISHERS = {"whatsapp-events": "social-messaging", "chat-events": "connect"}


def furnish(world: World) -> None:
    """Topics with policies, safeguards of tables and bucket, storage and functions of Connect.

    Roles are what each test gives them: what functions may do is infra's to know.
    """
    _topics(world)
    _tables()
    _bucket()
    _connect(world)


def _topics(world: World) -> None:
    sns = boto3.client("sns")
    for arn in (world.whatsapp_topic, world.chat_topic):
        name = arn.rpartition(":")[2]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{PUBLISHERS[name]}.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sns.create_topic(Name=name, Attributes={"Policy": policy})
    alarms = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=alarms, Protocol="email", Endpoint="operators@example.com")


def _tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for name in TABLES.values():
        dynamodb.update_table(TableName=name, SSESpecification={"Enabled": True, "SSEType": "KMS"})
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
        )
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )


def _bucket() -> None:
    s3 = boto3.client("s3")
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_cors(
        Bucket=BUCKET,
        CORSConfiguration={
            "CORSRules": [
                {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.my.connect.aws"]}
            ]
        },
    )
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )


def _connect(world: World) -> None:
    instance = world.instance
    for kind in ("CHAT_TRANSCRIPTS", "ATTACHMENTS"):
        place = {"BucketName": BUCKET, "BucketPrefix": kind.lower()}
        instance.storage[kind] = {"StorageType": "S3", "S3Config": place}
    instance.origins.append("http://127.0.0.1")
    for arn in world.bundle.settings["arns"]["lambdas"].values():
        if arn not in instance.lambdas:
            instance.lambdas.append(arn)
