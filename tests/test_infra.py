"""What a deployment promises, read from the synthesized templates of stage `prod`."""

import json
import re
import shutil
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib.gateways import items
from chalicelib.settings import Settings
from flowkit.bundle import load as load_flows
from flowkit.views import misfits, problems
from infra import flow_settings, functions, metrics, nag_reasons, names
from infra.functions import FUNCTIONS, by_name
from infra.names import Names
from infra.permissions import listed
from infra.settings import SettingsProblem, load
from tests.infra_templates import (
    PREFIX,
    ROOT,
    STAGE,
    assembly,
    findings,
    of_type,
    stacks,
    whole,
)

AT = Names(prefix=PREFIX, account="123456789012", region="us-east-1")


STORAGE = "AWS::Connect::InstanceStorageConfig"


@cache
def by(kind: str, name: str) -> dict[str, dict[str, Any]]:
    """Resources of a type by one of their names."""
    return {one[name]: one for one in of_type(kind)}


def queue(name: str) -> dict[str, Any]:
    return by("AWS::SQS::Queue", "QueueName")[AT.queue(name)]


def function(name: str) -> dict[str, Any]:
    return by("AWS::Lambda::Function", "FunctionName")[AT.function(name)]


def alarms_on(metric: str, **dimensions: str) -> list[dict[str, Any]]:
    wanted = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return [
        one
        for one in of_type("AWS::CloudWatch::Alarm")
        if one.get("MetricName") == metric and one.get("Dimensions") == wanted
    ]


def alarms_on_any(metric: str) -> list[dict[str, Any]]:
    return [one for one in of_type("AWS::CloudWatch::Alarm") if one.get("MetricName") == metric]


# --- queues -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names.WORK_QUEUES)
def test_what_a_queue_cannot_get_rid_of_goes_to_its_dead_letters(name: str) -> None:
    """VN-23. Nothing is lost, and an outage does not spend the receives."""
    redrive = queue(name)["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == AT.queue_arn(names.letters_of(name))
    assert redrive["maxReceiveCount"] >= 100
    letters = queue(names.letters_of(name))
    assert letters["MessageRetentionPeriod"] > queue(name)["MessageRetentionPeriod"]
    assert letters.get("FifoQueue") == queue(name).get("FifoQueue")


@pytest.mark.parametrize("name", names.WORK_QUEUES)
def test_a_message_that_waits_too_long_wakes_somebody(name: str) -> None:
    """VN-18."""
    assert alarms_on("ApproximateAgeOfOldestMessage", QueueName=AT.queue(name))


@pytest.mark.parametrize("name", names.LETTERS)
def test_every_dead_letter_wakes_somebody(name: str) -> None:
    """CP-35."""
    (alarm,) = alarms_on("ApproximateNumberOfMessagesVisible", QueueName=AT.queue(name))
    assert alarm["Threshold"] == 1


def test_alarms_reach_the_topic_for_people() -> None:
    """CP-52."""
    assert all(one["AlarmActions"] for one in of_type("AWS::CloudWatch::Alarm"))


def test_an_event_a_topic_cannot_deliver_is_kept_and_told() -> None:
    for topic, one in zip(names.TOPICS, of_type("AWS::SNS::Subscription")[:2], strict=True):
        arn = AT.queue_arn(names.letters_of(topic))
        assert one["RedrivePolicy"]["deadLetterTargetArn"] == arn
        assert alarms_on("NumberOfNotificationsFailed", TopicName=AT.topic(topic))


def test_queues_and_topics_are_encrypted_with_our_key() -> None:
    """CP-37."""
    for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        assert all("Key" in one["KmsMasterKeyId"] for one in of_type(kind)), kind


def test_topics_take_messages_over_tls_only() -> None:
    """The alarms' topic, too."""
    policies = of_type("AWS::SNS::TopicPolicy")
    assert len(policies) == len(of_type("AWS::SNS::Topic")) == 3
    for policy in policies:
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied[0]["Action"] == "sns:Publish"


def test_queues_take_messages_over_tls_only() -> None:
    for policy in of_type("AWS::SQS::QueuePolicy"):
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(of_type("AWS::SQS::QueuePolicy")) == len(of_type("AWS::SQS::Queue"))


# --- topics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "service"),
    [(names.WHATSAPP_EVENTS, "social-messaging"), (names.CHAT_EVENTS, "connect")],
)
def test_only_its_own_service_of_this_account_publishes(topic: str, service: str) -> None:
    (document,) = [
        one["PolicyDocument"]["Statement"]
        for one in of_type("AWS::SNS::TopicPolicy")
        if AT.topic_arn(topic) in one["Topics"]
    ]
    (may,) = [statement for statement in document if statement["Effect"] == "Allow"]
    assert may["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert may["Condition"]["StringEquals"] == {"aws:SourceAccount": AT.account}
    source = may["Condition"]["ArnLike"]["aws:SourceArn"]
    assert source.startswith(f"arn:aws:{service}:us-east-1:123456789012:")


def test_topics_may_write_the_traces_they_are_told_to() -> None:
    """X-Ray asks a policy of its own before it takes anything from SNS."""
    traced = {AT.topic(name) for name in names.TOPICS}
    assert {t["TopicName"] for t in of_type("AWS::SNS::Topic") if "TracingConfig" in t} == traced
    (policy,) = of_type("AWS::XRay::ResourcePolicy")
    (may,) = json.loads(policy["PolicyDocument"])["Statement"]
    assert may["Principal"] == {"Service": "sns.amazonaws.com"}
    assert "xray:PutTraceSegments" in may["Action"]
    sources = may["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {arn.rpartition(":")[2] for arn in sources} == traced


def test_no_echo_of_the_customer_wakes_a_function() -> None:
    """Of a real chat's records exactly those pass that the product forwards, and the end."""
    from chalicelib.connect_events import parse
    from sandbox.filter_policy import FilterPolicy

    (chat,) = [one for one in of_type("AWS::SNS::Subscription") if one.get("FilterPolicy")]
    branches = [FilterPolicy(branch) for branch in chat["FilterPolicy"]["$or"]]
    seen = {True: 0, False: 0}
    for body, attributes in streamed_records():
        event = parse(body, attributes)
        passes = any(branch.accepts(attributes) for branch in branches)
        assert passes == (event.for_customer or event.ends_chat), event.content_type
        seen[passes] += 1
    assert seen[True] >= 3
    assert seen[False] >= 3


def streamed_records() -> list[tuple[str, dict[str, str]]]:
    """Everything Connect streamed of one chat with text, typing, a file and an end."""
    from infra.recording_scenarios import PDF, in_a_chat
    from sandbox.world import World

    records: list[tuple[str, dict[str, str]]] = []
    with World() as world:
        publish = world.topics.publish

        def keeping(topic: str, message: str, attributes: Any = None) -> str:
            if topic == world.chat_topic:
                records.append((message, dict(attributes)))
            return publish(topic, message, attributes)

        world.topics.publish = keeping  # type: ignore[method-assign]
        mia, agent = in_a_chat(world)
        agent.typing()
        agent.say("On its way")
        agent.attach("bill.pdf", "application/pdf", PDF)
        mia.says("Thanks")
        world.run_for(5)
        agent.end()
        world.settle()
    return records


# --- functions --------------------------------------------------------------------------------


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_a_function_has_its_limits_and_is_seen(one: functions.Function) -> None:
    made = function(one.name)
    assert made["Timeout"] == one.timeout_s <= 20
    assert made["MemorySize"] == one.memory_mb
    assert made["TracingConfig"] == {"Mode": "Active"}
    assert made["Runtime"] == functions.RUNTIME
    assert made["ReservedConcurrentExecutions"] > 0
    assert made["KmsKeyArn"]
    group = by("AWS::Logs::LogGroup", "LogGroupName")[made["LoggingConfig"]["LogGroup"]]
    assert group["RetentionInDays"] >= 30
    assert group["KmsKeyId"]
    for metric in ("Errors", "Throttles"):
        assert alarms_on(metric, FunctionName=made["FunctionName"])


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_only_media_functions_carry_the_layer(one: functions.Function) -> None:
    assert bool(function(one.name).get("Layers")) is one.media


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_a_function_starts_with_its_settings(one: functions.Function) -> None:
    """Every value is a setting of the product and together they are sound."""
    environment = function(one.name)["Environment"]["Variables"]
    known = {one.name.upper() for one in fields(Settings)} | {"POWERTOOLS_LOG_LEVEL"}
    assert set(environment) <= known
    settings = Settings.from_environment(environment)
    assert settings.app_env == "prod"


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_a_function_is_told_where_the_ai_key_is_and_not_what(one: functions.Function) -> None:
    """It is read at run time, by those who need it: tests/test_infra_permissions.py."""
    key = function(one.name)["Environment"]["Variables"][names.AI_KEY]
    assert key == AT.secret_arn(names.AI_KEY)
    assert "resolve:secretsmanager" not in json.dumps(stacks())


def test_every_handler_exists() -> None:
    import importlib

    for one in FUNCTIONS:
        module, _, attribute = one.handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), attribute)), one.handler


def test_every_queue_of_the_app_has_its_function() -> None:
    """A handler that app.py declares and nobody deploys would never run."""
    source = (ROOT / "app.py").read_text(encoding="utf-8")
    declared = set(re.findall(r'on_sqs_message\(queue="[^"]+", name="(\w+)"', source))
    assert declared == {one.name for one in FUNCTIONS if one.sources}


@pytest.mark.parametrize("name", names.WORK_QUEUES)
def test_partial_failures_count(name: str) -> None:
    """VN-06. Without ReportBatchItemFailures a message that failed among others would be lost."""
    (source,) = [
        one
        for one in of_type("AWS::Lambda::EventSourceMapping")
        if one["EventSourceArn"] == AT.queue_arn(name)
    ]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    reader = functions.reader_of(name)
    assert queue(name)["VisibilityTimeout"] >= 6 * function(reader.name)["Timeout"]


def test_a_worker_is_gone_before_its_claim_is_taken_over() -> None:
    from chalicelib.conversation import TAKEOVER_AFTER_SECONDS

    for name in ("inbound", "outbound", "voice_notes"):
        assert by_name(name).timeout_s < TAKEOVER_AFTER_SECONDS


def test_flows_find_and_may_call_their_functions() -> None:
    """Names as contact_flows/settings.yaml has them; association and permission for each."""
    import yaml

    settings = yaml.safe_load((ROOT / "contact_flows" / "settings.yaml").read_text())
    wanted = {name.format(stage="prod") for name in settings["lambdas"].values()}
    assert wanted == {AT.function(one.name) for one in FUNCTIONS if one.flow}
    associated = of_type("AWS::Connect::IntegrationAssociation")
    permitted = [
        one
        for one in of_type("AWS::Lambda::Permission")
        if one["Principal"] == "connect.amazonaws.com"
    ]
    assert {one["IntegrationArn"].rpartition(":")[2] for one in associated} == wanted
    assert {one["FunctionName"].rpartition(":")[2] for one in permitted} == wanted
    assert all(one["SourceAccount"] == AT.account for one in permitted)


def test_nothing_on_the_api_is_open() -> None:
    routes = of_type("AWS::ApiGatewayV2::Route")
    assert {one["RouteKey"] for one in routes} == {f"{m} {p}" for m, p in functions.ROUTES}
    assert all(one["AuthorizationType"] == "AWS_IAM" for one in routes)


def test_every_route_is_deployed_or_left_out_on_purpose() -> None:
    import app

    declared = {(method, path) for path, methods in app.app.routes.items() for method in methods}
    assert declared == {*functions.ROUTES, *functions.ROUTES_LEFT_OUT}


# --- data -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "model"),
    [(AT.conversations, items.ConversationItem), (AT.messages, items.MessageItem)],
)
def test_tables_are_those_of_the_models(table: str, model: Any) -> None:
    """Keys and indexes as chalicelib/gateways/items.py says."""
    made = by("AWS::DynamoDB::Table", "TableName")[table]
    wanted = model._get_schema() if hasattr(model, "_get_schema") else model.describe_table()
    assert schema(made["KeySchema"]) == schema(wanted["key_schema"])
    indexes = {one["IndexName"]: one for one in made.get("GlobalSecondaryIndexes", [])}
    expected = {one["index_name"]: one for one in wanted["global_secondary_indexes"]}
    assert set(indexes) == set(expected)
    for name, index in indexes.items():
        assert schema(index["KeySchema"]) == schema(expected[name]["key_schema"])
        projection = expected[name]["projection"]["ProjectionType"]
        assert index["Projection"]["ProjectionType"] == projection


def schema(keys: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["AttributeName"], one["KeyType"]) for one in keys]


@pytest.mark.parametrize("table", [AT.conversations, AT.messages])
def test_tables_forget_recover_and_stay(table: str) -> None:
    """CP-55."""
    made = by("AWS::DynamoDB::Table", "TableName")[table]
    assert made["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert made["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert made["DeletionProtectionEnabled"]
    assert made["SSESpecification"]["SSEType"] == "KMS"
    (backed_up,) = of_type("AWS::Backup::BackupSelection")
    assert AT.table_arn(table) in backed_up["BackupSelection"]["Resources"]


def test_backups_are_copied_to_another_region() -> None:
    """CP-57."""
    (plan,) = of_type("AWS::Backup::BackupPlan")
    (rule,) = plan["BackupPlan"]["BackupPlanRule"]
    assert rule["Lifecycle"]["DeleteAfterDays"] >= 35
    arn = rule["CopyActions"][0]["DestinationBackupVaultArn"]
    assert arn.startswith("arn:aws:backup:us-west-2:")
    (media,) = [one for one in of_type("AWS::S3::Bucket") if one["BucketName"] == AT.media]
    (copy,) = media["ReplicationConfiguration"]["Rules"]
    assert "us-west-2" in copy["Destination"]["Bucket"]


def test_a_file_that_is_not_copied_wakes_somebody() -> None:
    """S3 counts failures only for rules that say so, and by the rule's id."""
    (media,) = [one for one in of_type("AWS::S3::Bucket") if one["BucketName"] == AT.media]
    (copy,) = media["ReplicationConfiguration"]["Rules"]
    assert (copy["Status"], copy["Destination"]["Metrics"]) == ("Enabled", {"Status": "Enabled"})
    rule = {"DestinationBucket": AT.copies("us-west-2"), "RuleId": copy["Id"]}
    (alarm,) = alarms_on("OperationsFailedReplication", **rule, SourceBucket=AT.media)
    assert alarm["Threshold"] == 1


def test_the_replica_is_there_before_files_are_copied_into_it() -> None:
    """S3 refuses replication into a bucket that does not exist."""
    manifest = json.loads((assembly() / "manifest.json").read_text())["artifacts"]
    assert f"{PREFIX}-copies" in manifest[f"{PREFIX}-data"]["dependencies"]


def test_one_role_copies_files_and_its_rights_lie_at_buckets_and_keys() -> None:
    """It reads here and writes there, and neither key opens for anybody's sake but S3's."""
    role = AT.replicator_arn
    made = {one["RoleName"] for one in of_type("AWS::IAM::Role") if "RoleName" in one}
    assert AT.replicator in made
    policies = [p for p in of_type("AWS::IAM::ManagedPolicy") if AT.replicator in json.dumps(p)]
    assert policies == []
    granted = {
        (one["Bucket"], action)
        for one in of_type("AWS::S3::BucketPolicy")
        for statement in one["PolicyDocument"]["Statement"]
        if replicates(statement)
        for action in listed(statement["Action"])
    }
    reads = ("GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging")
    writes = ("ReplicateObject", "ReplicateDelete", "ReplicateTags")
    assert granted == {
        *((AT.media, f"s3:{one}") for one in (*reads, "GetReplicationConfiguration", "ListBucket")),
        *((AT.copies("us-west-2"), f"s3:{one}") for one in writes),
    }
    opened = [
        statement
        for one in of_type("AWS::KMS::Key")
        for statement in one["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "Replicator"
    ]
    assert len(opened) == 2
    assert all("s3." in json.dumps(one["Condition"]["StringEquals"]) for one in opened)
    assert role in json.dumps(opened)


def replicates(statement: dict[str, Any]) -> bool:
    """Whether it is for the replicator: by its name, or by its id in the stack that makes it."""
    principal = json.dumps(statement.get("Principal"))
    return statement["Effect"] == "Allow" and "eplicator" in principal


def test_no_bucket_is_public() -> None:
    """CP-56."""
    for bucket in whole("AWS::S3::Bucket"):
        properties = bucket["Properties"]
        blocked = properties["PublicAccessBlockConfiguration"]
        assert list(blocked.values()) == [True] * 4, bucket["Name"]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["LifecycleConfiguration"]["Rules"], bucket["Name"]
        assert properties["BucketEncryption"], bucket["Name"]
        assert bucket["DeletionPolicy"] == "Retain", bucket["Name"]


def test_buckets_answer_over_tls_only() -> None:
    """CP-47."""
    guarded = {
        policy["Bucket"]
        for policy in of_type("AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert guarded == {one["BucketName"] for one in of_type("AWS::S3::Bucket")}


def test_agents_browsers_may_fetch_files() -> None:
    """CP-44: Connect hands out signed links to the bucket itself."""
    (media,) = [one for one in of_type("AWS::S3::Bucket") if one["BucketName"] == AT.media]
    (rule,) = media["CorsConfiguration"]["CorsRules"]
    assert set(rule["AllowedMethods"]) == {"GET", "PUT"}
    assert {"https://*.my.connect.aws", "https://*.awsapps.com"} <= set(rule["AllowedOrigins"])


def test_reading_a_bucket_is_on_record() -> None:
    """Every bucket but those that hold the records."""
    buckets = {one["BucketName"]: one for one in of_type("AWS::S3::Bucket")}
    holders = {name for name in buckets if name.endswith("-logs")}
    for name in set(buckets) - holders:
        assert buckets[name]["LoggingConfiguration"]["DestinationBucketName"] in holders


def test_every_log_ends_and_is_encrypted() -> None:
    """CP-47. That of the contact flows, too: Connect would make it without an end."""
    groups = of_type("AWS::Logs::LogGroup")
    places = {one["LogGroupName"].split("/")[2] for one in groups}
    assert places == {"lambda", "apigateway", "connect"}
    (instance,) = whole("AWS::Connect::Instance")
    (flows,) = [one for one in whole("AWS::Logs::LogGroup") if "/connect/" in str(one)]
    alias = instance["Properties"]["InstanceAlias"]
    assert flows["Properties"]["LogGroupName"] == f"/aws/connect/{alias}"
    assert flows["Name"] in instance["DependsOn"]
    for one in groups:
        assert one["RetentionInDays"] >= 30, one["LogGroupName"]
        assert one["KmsKeyId"], one["LogGroupName"]


# --- contact center ---------------------------------------------------------------------------


def test_the_instance_keeps_transcripts_and_files_under_our_key() -> None:
    """CP-44."""
    kept = {one["ResourceType"]: one["S3Config"] for one in of_type(STORAGE)}
    assert set(kept) == {"CHAT_TRANSCRIPTS", "ATTACHMENTS"}
    for place in kept.values():
        assert place["BucketName"] == AT.media
        assert place["EncryptionConfig"]["EncryptionType"] == "KMS"
        # Not below what functions may read.
        assert not place["BucketPrefix"].startswith("inbound")


def test_queues_and_hours_are_those_of_the_flows_and_agents_get_urgent_chats_first() -> None:
    flows = flow_settings.load()
    queues = {one["Name"] for one in of_type("AWS::Connect::Queue")}
    assert queues == {f"{PREFIX}-{name}" for name in flows.queues}
    hours = {one["Name"] for one in of_type("AWS::Connect::HoursOfOperation")}
    assert hours == {f"{PREFIX}-{name}" for name in flows.hours}
    (profile,) = of_type("AWS::Connect::RoutingProfile")
    first = [one for one in profile["QueueConfigs"] if one["Priority"] == 1]
    assert len(first) == 1
    assert len(profile["QueueConfigs"]) == len(queues)
    assert {one["QueueReference"]["Channel"] for one in profile["QueueConfigs"]} == {"CHAT"}


def test_views_are_deployed_as_the_folder_has_them_and_versions_stay() -> None:
    """A flow shows the version it was published with: a new deployment must not take it away."""
    flows = flow_settings.load()
    views = {one["Name"]: one for one in of_type("AWS::Connect::View")}
    assert set(views) == {f"{PREFIX}-{name}" for name in flows.views} == {f"{PREFIX}-voice_note"}
    for name, view in flows.views.items():
        deployed = views[f"{PREFIX}-{name}"]
        assert (deployed["Template"], deployed["Actions"]) == (view.template, list(view.actions))
        assert list(problems(view)) == []
    versions = whole("AWS::Connect::ViewVersion")
    assert len(versions) == len(views)
    for one in versions:
        assert one["UpdateReplacePolicy"] == one["DeletionPolicy"] == "Retain"
        assert one["Properties"]["ViewContentSha256"]  # new content: a new version
    outputs = stacks()["contact-center"]["Outputs"]
    assert "ViewVersionArn" in json.dumps(outputs["ViewVoiceNoteArn"])


def test_the_guide_passes_exactly_what_the_deployed_view_takes() -> None:
    """And does something about each of its buttons."""
    view = flow_settings.load().views["voice_note"]
    guide = load_flows(ROOT / "contact_flows").flows["agent_guide"]
    shown = [one for one in guide.action_list if "/view/" in json.dumps(one.parameters)]
    assert len(shown) == 3
    for action in shown:
        assert list(misfits(view, action.parameters["ViewData"])) == []
        assert {one.operand for one in action.transitions.conditions} == set(view.actions)


def test_a_view_that_connect_would_refuse_is_not_deployed(tmp_path: Path) -> None:
    """CloudFormation would try it again and again."""
    (tmp_path / "views").mkdir()
    shutil.copy(flow_settings.FILE, tmp_path)
    bad = {"Template": {"Head": {"Title": "x"}, "Body": []}, "Actions": []}
    (tmp_path / "views" / "bad.json").write_text(json.dumps(bad))
    with pytest.raises(SettingsProblem, match=r"bad.json: Head needs a Configuration.*empty list"):
        flow_settings.load(tmp_path / "settings.yaml")


# --- observability ----------------------------------------------------------------------------


def test_alarms_look_at_metrics_the_product_counts() -> None:
    """An alarm on a name nobody counts would never fire."""
    sources = " ".join(p.read_text() for p in (ROOT / "chalicelib").rglob("*.py"))
    counted = set(re.findall(r'count\(\s*"(\w+)"', sources))
    objectives = {name for pair in metrics.OBJECTIVES.values() for name in pair}
    assert {*metrics.OWN, *objectives, metrics.AI_COST, metrics.SENT} <= counted


def test_the_objective_is_watched_at_two_speeds() -> None:
    """CP-41: by what customers and agents got late, whether functions or Fargate work for them."""
    burns = [one for one in of_type("AWS::CloudWatch::Alarm") if one.get("Metrics")]
    assert sorted(round(one["Threshold"], 2) for one in burns) == [0.6, 0.6, 1.44, 1.44]
    watched = [
        {m["MetricStat"]["Metric"]["MetricName"] for m in one["Metrics"] if "MetricStat" in m}
        for one in burns
    ]
    assert all(watched.count(set(pair)) == 2 for pair in metrics.OBJECTIVES.values())


@pytest.mark.parametrize("metric", metrics.CONNECT)
def test_connects_quota_for_chats_is_watched(metric: str) -> None:
    (alarm,) = alarms_on_any(metric)
    assert alarm["Namespace"] == "AWS/Connect"
    assert {one["Name"] for one in alarm["Dimensions"]} == {"InstanceId", "MetricGroup"}


def test_the_free_answers_of_a_month_are_watched() -> None:
    """CP-54: 1,000 a month is a pace of 34 a day."""
    (alarm,) = alarms_on(metrics.SENT, service="puente")
    assert 33 < alarm["Threshold"] < 34
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 7 * 24 * 3600
    assert alarm["DatapointsToAlarm"] == 3


@pytest.mark.parametrize("job", ["Backup", "Copy"])
def test_a_failed_backup_wakes_somebody(job: str) -> None:
    """CP-57: here, and on its way to the other region. AWS Backup counts by vault only."""
    vaults = {one["BackupVaultName"] for one in of_type("AWS::Backup::BackupVault")}
    assert vaults == {f"{PREFIX}-copies"}
    (alarm,) = alarms_on(f"NumberOf{job}JobsFailed", BackupVaultName=f"{PREFIX}-copies")
    assert alarm["Namespace"] == "AWS/Backup"
    assert alarm["Threshold"] == 1


def test_what_voice_notes_and_closed_windows_cost_is_watched() -> None:
    assert alarms_on(metrics.AI_COST, service="puente")
    assert alarms_on("WindowClosed", service="puente")


def test_money_is_watched() -> None:
    (budget,) = of_type("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"]["Amount"] > 0
    assert budget["NotificationsWithSubscribers"]


# --- rules ------------------------------------------------------------------------------------


def test_five_rules_are_suppressed_each_with_its_reason() -> None:
    """No rule twice; the one about wildcards names each of them."""
    suppressed = nag_reasons.suppressions(load(STAGE))
    assert len({(one.pack, one.rule) for one in suppressed}) == len(suppressed) <= 5
    reasons = [why for one in suppressed for why in (one.reason, *one.only.values())]
    assert all(len(why) > 40 for why in reasons)


def test_what_is_suppressed_is_what_the_packs_find() -> None:
    """Neither a finding more nor a reason too many; the number is the one `make synth` prints."""
    acknowledged = nag_reasons.acknowledged(nag_reasons.suppressions(load(STAGE)))
    assert set(findings(assembly())) == set(acknowledged)
    assert len(acknowledged) == 8


def test_a_rule_about_buckets_is_suppressed_for_these_alone() -> None:
    """CP-37. cdk-nag takes such a rule as a whole: a new bucket of the kind is told here."""
    found = findings(assembly())
    logs = {f"{PREFIX}-copies/FilesAccessLogs", f"{PREFIX}-data/MediaAccessLogs"}
    pack = "PCI.DSS.321::PCI.DSS.321"
    assert found[f"{pack}-S3DefaultEncryptionKMS"] == logs
    assert found[f"{pack}-S3BucketReplicationEnabled"] == {*logs, f"{PREFIX}-copies/Files"}


def test_every_suppressed_wildcard_is_still_granted() -> None:
    """A reason for what nobody grants any more leaves the list.

    The streams of our log group are granted by its own ARN, whose ":*" is CloudFormation's.
    """
    granted = {
        resource
        for one in of_type("AWS::IAM::ManagedPolicy")
        for statement in one["PolicyDocument"]["Statement"]
        for resource in listed(statement["Resource"])
        if "*" in resource
    }
    suppressed = nag_reasons.wildcards(load(STAGE)).only
    assert {named(one) for one in granted} == {*map(named, suppressed), AT.log_streams_arn}


def named(resource: str) -> str:
    """An instance that is made by the stack has no id yet."""
    return re.sub("instance/[^/]+", "instance/id", resource)


def test_both_rule_packs_found_nothing_else() -> None:
    report = json.loads((assembly() / "validation-report.json").read_text())
    packs = {one["pluginName"]: one for one in report["pluginReports"]}
    assert {"AwsSolutions", "PCI.DSS.321"} <= set(packs)
    assert [one for pack in packs.values() for one in pack["violations"]] == []


def test_every_stack_and_what_is_in_it_has_the_settings_tags() -> None:
    """CloudFormation hands a stack's tags on; the budget counts by `stage`."""
    manifest = json.loads((assembly() / "manifest.json").read_text())["artifacts"]
    tags = [
        one["properties"]["tags"]
        for one in manifest.values()
        if one["type"] == "aws:cloudformation:stack"
    ]
    wanted = {"application": "puente", "managed-by": "infra", "stage": STAGE}
    assert len(tags) == len(stacks())
    assert all(one == wanted for one in tags)


def test_all_stacks_are_there() -> None:
    wanted = {
        "data",
        "instance",
        "messaging",
        "contact-center",
        "observability",
        "backup",
        "copies",
    }
    assert wanted <= set(stacks())
