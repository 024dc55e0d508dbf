"""What infra deploys around the product, so that `python -m ops doctor` finds it here, too."""

import json
from datetime import timedelta
from typing import Any

import boto3

from sandbox.deployed.functions import function_arn
from sandbox.sqs.emulator import ACCOUNT
from sandbox.world import BUCKET, FUNCTION_SECONDS, REGION, TABLES, World

PUBLISHERS = {"whatsapp-events": "social-messaging", "chat-events": "connect"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/5aa7d000-0000-4000-8000-00000000c0de"
KEY_USERS = ["social-messaging", "connect", "sns", "cloudwatch", "budgets"]
# What reaches the queue behind the chats' topic: what is said to customers, and the ends of chats.
CHAT_FILTER = {
    "$or": [
        {
            "Type": ["MESSAGE", "ATTACHMENT"],
            "MessageVisibility": ["CUSTOMER", "ALL"],
            "ParticipantRole": [{"anything-but": ["CUSTOMER"]}],
        },
        {
            "Type": ["EVENT"],
            "ContentType": ["application/vnd.amazonaws.connect.event.chat.ended"],
        },
    ]
}
READERS = {
    "ingest": ("whatsapp-events", "chat-events"),
    "inbound": ("inbound.fifo",),
    "outbound": ("outbound.fifo",),
    "voice-notes": ("voice-notes.fifo",),
}
ONE_BY_ONE = "voice-notes.fifo"
# Functions that nobody's queue feeds, with their seconds.
ASKED = {
    "transcribe-voice-note": 10,
    "structure-voice-note": 10,
    "send-template": 10,
    "api": 15,
}
RESERVED = {"ingest": 20, "inbound": 50, "outbound": 50, "voice-notes": 10}
COPY_REGION, COPIES = "us-west-2", "puente-copies"
VAULT, PLAN = "copies", "daily"
EVERY_DAY = "cron(0 3 * * ? *)"
RETENTION_DAYS = 30
AGENTS = "whatsapp-agents"


def furnish(world: World) -> None:
    """Everything that a stage has besides the product, in the words of each service.

    Roles are what each test gives them: what functions may do is infra's to know.
    """
    world.deployed.keys.make(KEY, KEY_USERS)
    _queues(world)
    _topics(world)
    _functions(world)
    _tables()
    _bucket()
    _backups(world)
    _alarms(world)
    _connect(world)


def _queues(world: World) -> None:
    for name in world.sqs.queues:
        attributes = {"KmsMasterKeyId": KEY}
        topic = name.removesuffix("-dlq")
        if topic in PUBLISHERS:
            attributes["Policy"] = _policy(
                "sns", "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
            )
        url = world.sqs.url(name)
        world.sqs.set_queue_attributes({"QueueUrl": url, "Attributes": attributes})


def _topics(world: World) -> None:
    sns = world.sns
    for arn in (world.whatsapp_topic, world.chat_topic):
        name = arn.rpartition(":")[2]
        policy = _policy(PUBLISHERS[name], "sns:Publish", arn)
        sns.create_topic({"Name": name, "Attributes": {"Policy": policy}})
        letters = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dlq"
        attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters})}
        if arn == world.chat_topic:
            attributes["FilterPolicy"] = json.dumps(CHAT_FILTER)
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        subscription = {"TopicArn": arn, "Protocol": "sqs", "Endpoint": queue}
        sns.subscribe({**subscription, "Attributes": attributes})
    alarms = sns.create_topic({"Name": "alarms"})["TopicArn"]
    address = {"Protocol": "email", "Endpoint": "operators@example.com"}
    sns.subscribe({"TopicArn": alarms, **address})
    sns.confirm(alarms)


def _policy(service: str, action: str, resource: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _functions(world: World) -> None:
    functions, variables = world.deployed.functions, world.environment()
    for name, queues in READERS.items():
        functions.deploy(name, timeout_s=FUNCTION_SECONDS, variables=variables)
        for queue in queues:
            arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
            functions.map(arn, name, batch=1 if queue == ONE_BY_ONE else 10)
    of_flows = [arn.rpartition(":")[2] for arn in _named_by_flows(world)]
    for name, seconds in (ASKED | dict.fromkeys(of_flows, 10)).items():
        functions.deploy(name, timeout_s=seconds, variables=variables)
    for name in of_flows:
        allow = json.loads(_policy("connect", "lambda:InvokeFunction", function_arn(name)))
        functions.invokers[name] = allow["Statement"]
    functions.reserved.update(RESERVED)
    world.deployed.logs.groups["/aws/lambda/"] = RETENTION_DAYS


def _named_by_flows(world: World) -> list[str]:
    arns: dict[str, str] = world.bundle.settings["arns"]["lambdas"]
    return list(arns.values())


def _tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for name in TABLES.values():
        dynamodb.update_table(
            TableName=name,
            SSESpecification={"Enabled": True, "SSEType": "KMS"},
            DeletionProtectionEnabled=True,
        )
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
    s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration=replication())


def replication(status: str = "Enabled", metrics: str = "Enabled") -> Any:
    """One rule that copies every file to the other region."""
    destination = {"Bucket": f"arn:aws:s3:::{COPIES}", "Metrics": {"Status": metrics}}
    rule = {
        "ID": "to-the-other-region",
        "Priority": 1,
        "Status": status,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": destination,
    }
    return {"Role": f"arn:aws:iam::{ACCOUNT}:role/replicator", "Rules": [rule]}


def _backups(world: World) -> None:
    """A plan of a month ago, and last night's copies here and there."""
    backups, now = world.deployed.backups, world.clock.now()
    tables = [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}" for name in TABLES.values()]
    there = f"arn:aws:backup:{COPY_REGION}:{ACCOUNT}:backup-vault:{VAULT}"
    rule = {
        "RuleName": PLAN,
        "TargetBackupVaultName": VAULT,
        "ScheduleExpression": EVERY_DAY,
        "CopyActions": [{"DestinationBackupVaultArn": there}],
    }
    backups.plans[PLAN] = {"BackupPlanName": PLAN, "Rules": [rule]}
    backups.selections[PLAN] = tables
    backups.planned_at = now - timedelta(days=30)
    for region in (REGION, COPY_REGION):
        for table in tables:
            backups.kept(region, VAULT, table, now - timedelta(hours=8))


def _alarms(world: World) -> None:
    alarms, topic = world.deployed.alarms, f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    for queue in world.sqs.queues:
        plain = queue.replace(".", "-")
        if "-dlq" in queue or queue == "dead-letters.fifo":
            metric = "ApproximateNumberOfMessagesVisible"
            alarms.watch(f"Letters-{plain}", metric, topic, QueueName=queue)
        else:
            metric = "ApproximateAgeOfOldestMessage"
            alarms.watch(f"Age-{plain}", metric, topic, QueueName=queue)
    for name in (*READERS, *ASKED):
        alarms.watch(f"Errors-{name}", "Errors", topic, FunctionName=name)


def _connect(world: World) -> None:
    instance = world.instance
    for kind in ("CHAT_TRANSCRIPTS", "ATTACHMENTS"):
        place = {"BucketName": BUCKET, "BucketPrefix": kind.lower()}
        instance.storage[kind] = {"StorageType": "S3", "S3Config": place}
    instance.origins.append("http://127.0.0.1")
    instance.routing_profiles[AGENTS] = list(instance.queues)
    for arn in _named_by_flows(world):
        if arn not in instance.lambdas:
            instance.lambdas.append(arn)
