"""What can be wrong at three in the morning, asked of AWS (SA-57): each check fails for a reason.

"No messages arrive", "voice notes are not transcribed", "answers do not go out", "files do not
open", "alarms are silent": each row below is one cause, and what the doctor says of it.
"""

import json
from datetime import timedelta

import pytest

from chalicelib.setting_values import Secret
from infra.functions import FILTERS, FUNCTIONS
from infra.names import CHAT_EVENTS, KEY_USERS, REPLICATION
from ops.data_checks import days_between
from sandbox import as_deployed
from sandbox.as_deployed import COPIES, COPY_REGION, KEY, PLAN, REGION, VAULT, furnish
from sandbox.deployed.functions import function_arn
from sandbox.faults import Action
from sandbox.whatsapp.account import Template
from sandbox.world import TABLES, World
from tests.unit.doctor_world import finding_of, put_back

INBOUND = "arn:aws:sqs:us-east-1:123456789012:inbound.fifo"
TABLE = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLES['messages']}"


@pytest.fixture(scope="module")
def furnished():
    with World() as running:
        furnish(running)
        yield running


@pytest.fixture
def world(furnished):
    with put_back(furnished) as running:
        yield running


# --- one change each --------------------------------------------------------------------------


def function(name, **changes):
    return lambda world: world.deployed.functions.functions[name].update(changes)


def no_function(world):
    del world.deployed.functions.functions["inbound"]


def variable(name, value):
    def change(world):
        of = world.deployed.functions.functions["outbound"]["Environment"]["Variables"]
        of[name] = value

    return change


def unreadable_settings(world):
    error = {"ErrorCode": "AccessDeniedException", "Message": "no key"}
    world.deployed.functions.functions["inbound"]["Environment"] = {"Error": error}


def source(queue=INBOUND, **changes):
    def change(world):
        every = world.deployed.functions.mappings
        next(one for one in every if one["EventSourceArn"] == queue).update(changes)

    return change


def no_source(world):
    every = world.deployed.functions.mappings
    every[:] = [one for one in every if one["EventSourceArn"] != INBOUND]


def a_second_reader(world):
    world.deployed.functions.map(INBOUND, "puente-of-last-year")


def an_older_version(world):
    source(FunctionArn=f"{function_arn('inbound')}:7")(world)


def container(mode, *, tasks=1):
    def change(world):
        world.deployed.parameters.parameters["/worker/RUN_MODE"] = mode
        world.deployed.containers.running["worker"] = tasks

    return change


def container_instead(mode, *, tasks=1):
    """With the event sources off whose queues it reads."""

    def change(world):
        container(mode, tasks=tasks)(world)
        for queue in ("inbound.fifo", "outbound.fifo", "voice-notes.fifo"):
            source(INBOUND.replace("inbound.fifo", queue), State="Disabled")(world)

    return change


def reserved(name, executions):
    def change(world):
        every = world.deployed.functions.reserved
        if executions is None:
            del every[name]
        else:
            every[name] = executions

    return change


def a_new_account(world):
    world.deployed.functions.reserved.clear()
    world.deployed.functions.limit = 10


def flows_may_not_invoke(world):
    world.deployed.functions.invokers.clear()


def somebody_else_may_invoke(world):
    allowed = next(iter(world.deployed.functions.invokers.values()))[0]
    other = {**allowed, "Principal": {"Service": "events.amazonaws.com"}}
    for every in world.deployed.functions.invokers.values():
        every[:] = [other]


def no_subscription(world):
    world.topics.subscriptions[world.whatsapp_topic].clear()


def a_listener(world):
    world.sqs.create_queue({"QueueName": "of-somebody"})
    world.topics.subscribe(world.chat_topic, "of-somebody")


def subscribed(topic, name, value):
    def change(world):
        arn = next(one for one in world.topics.subscriptions if one.endswith(topic))
        (one,) = world.topics.subscriptions[arn]
        world.sns.set_subscription_attributes(
            {"SubscriptionArn": one.arn, "AttributeName": name, "AttributeValue": value}
        )

    return change


def closed_queue(world):
    attributes = {"Policy": '{"Version": "2012-10-17", "Statement": []}'}
    url = world.sqs.url("whatsapp-events")
    world.sqs.set_queue_attributes({"QueueUrl": url, "Attributes": attributes})


def a_letter_of_sqs(world):
    entry = {"MessageBody": "{}", "MessageGroupId": "a", "MessageDeduplicationId": "a"}
    world.sqs.send("inbound-dlq.fifo", entry)


def key_state(state):
    return lambda world: world.deployed.keys.states.update({KEY: state})


def key_shuts_out(service):
    return lambda world: world.deployed.keys.users[KEY].remove(service)


def key_never_changes(world):
    world.deployed.keys.rotated[KEY] = False


def no_key(world):
    attributes = {"KmsMasterKeyId": ""}
    url = world.app.settings.inbound_queue_url
    world.sqs.set_queue_attributes({"QueueUrl": url, "Attributes": attributes})


def no_plan(world):
    world.deployed.backups.plans.clear()


def a_table_left_out(world):
    world.deployed.backups.selections[PLAN].remove(TABLE)


def no_copy(world):
    world.deployed.backups.plans[PLAN]["Rules"][0]["CopyActions"] = []


def no_point(region, *, new_plan=False):
    def change(world):
        backups = world.deployed.backups
        backups.points[region, VAULT].clear()
        if new_plan:
            backups.planned_at = world.clock.now()

    return change


def broken_point(world):
    for point in world.deployed.backups.points[COPY_REGION, VAULT]:
        point["Status"] = "PARTIAL"


def no_address(world):
    world.sns.told[world.chat_topic.replace("chat-events", "alarms")].people.clear()


def nobody_confirmed(world):
    no_address(world)
    alarms = world.chat_topic.replace("chat-events", "alarms")
    world.sns.subscribe({"TopicArn": alarms, "Protocol": "email", "Endpoint": "a@example.com"})


def alarm(name, **changes):
    return lambda world: world.deployed.alarms.alarms[name].update(changes)


def no_alarm(world):
    del world.deployed.alarms.alarms["Letters-dead-letters-fifo"]


def log_group(days):
    def change(world):
        world.deployed.logs.groups.clear()
        if days is not None:
            world.deployed.logs.groups["/aws/lambda/"] = days

    return change


def a_queue_without_agents(world):
    world.instance.routing_profiles.clear()


def template(status):
    def change(world):
        world.network.account.templates[:] = [Template(name="reopen", status=status)]

    return change


WRONG = [
    (no_function, "deployed", "failed", "no function inbound"),
    (function("api", State="Failed", StateReason="no room"), "deployed", "failed", "no room"),
    (function("api", LastUpdateStatus="Failed"), "deployed", "failed", "could not be deployed"),
    (function("api", LastUpdateStatus="InProgress"), "deployed", "warning", "is being deployed"),
    (function("inbound", CodeSha256="old"), "deployed", "failed", "inbound differ"),
    (function("ingest", Timeout=900), "deployed", "warning", "900 s at most, not 20"),
    (variable("S3_BUCKET_MEDIA", "other"), "same_settings", "failed", "outbound has other"),
    (variable("CONNECT_INSTANCE_ID", ""), "same_settings", "failed", "does not start"),
    (unreadable_settings, "same_settings", "unchecked", "cannot be read"),
    (source(State="Disabled"), "event_sources", "failed", "is off"),
    (source(State="Disabling"), "event_sources", "failed", "is off"),
    (source(State="Updating"), "event_sources", "warning", "is updating"),
    (no_source, "event_sources", "failed", "no event source"),
    (source(FunctionResponseTypes=[]), "event_sources", "failed", "its whole batch back"),
    (source(BatchSize=1), "event_sources", "warning", "1 messages of inbound.fifo"),
    (source(MaximumBatchingWindowInSeconds=5), "event_sources", "warning", "gathered for 5 s"),
    (a_second_reader, "event_sources", "failed", "puente-of-last-year takes messages"),
    (an_older_version, "event_sources", "failed", "inbound:7 takes messages"),
    (container("queued", tasks=0), "worker", "failed", "does not run"),
    (container("inline"), "worker", "failed", "lose their order"),
    (container_instead("inline", tasks=2), "worker", "failed", "lose their order"),
    (reserved("inbound", 0), "concurrency", "failed", "inbound may not run"),
    (a_new_account, "concurrency", "warning", "share 10 executions"),
    (flows_may_not_invoke, "invoked_by_flows", "failed", "Connect may not invoke"),
    (somebody_else_may_invoke, "invoked_by_flows", "failed", "Connect may not invoke"),
    (no_subscription, "subscriptions", "failed", "feeds no queue"),
    (a_listener, "subscriptions", "warning", "Somebody else reads"),
    (
        subscribed("chat-events", "FilterPolicy", '{"Type": ["EVENT"]}'),
        "subscriptions",
        "failed",
        "holds back other events",
    ),
    (
        subscribed("whatsapp-events", "FilterPolicy", '{"kind": ["message"]}'),
        "subscriptions",
        "failed",
        "holds back other events",
    ),
    (subscribed("chat-events", "FilterPolicy", "{}"), "subscriptions", "warning", "each echo"),
    (subscribed("chat-events", "RedrivePolicy", ""), "subscriptions", "warning", "kept nowhere"),
    (closed_queue, "queues", "failed", "SNS may not send into whatsapp-events"),
    (a_letter_of_sqs, "dead_letters", "warning", "1 in inbound-dlq.fifo"),
    (key_state("PendingDeletion"), "key", "failed", "will be deleted"),
    (key_state("Disabled"), "key", "failed", "nothing passes"),
    (key_shuts_out("cloudwatch"), "key", "failed", "does not open for cloudwatch"),
    (key_never_changes, "key", "warning", "once a year"),
    (no_key, "key", "warning", "a key of Amazon's"),
    (no_plan, "backups", "failed", "No backup plan"),
    (a_table_left_out, "backups", "failed", "leaves out puente-messages"),
    (no_copy, "backups", "failed", "one region only"),
    (no_point(REGION), "backups", "failed", "puente-messages in us-east-1"),
    (no_point(COPY_REGION), "backups", "failed", "puente-messages in us-west-2"),
    (no_point(COPY_REGION, new_plan=True), "backups", "unchecked", "The plan is new"),
    (broken_point, "backups", "failed", "in us-west-2"),
    (no_address, "alarms", "failed", "no subscription"),
    (nobody_confirmed, "alarms", "failed", "waits for the address"),
    (no_alarm, "alarms_set", "failed", "watches ApproximateNumberOfMessagesVisible of dead-le"),
    (alarm("Errors-inbound", ActionsEnabled=False), "alarms_set", "failed", "tell nobody"),
    (alarm("Errors-inbound", AlarmActions=[]), "alarms_set", "failed", "Errors of inbound"),
    (alarm("Age-inbound-fifo", StateValue="ALARM"), "ringing", "warning", "Age-inbound-fifo"),
    (log_group(0), "logs", "warning", "for ever"),
    (log_group(None), "logs", "failed", "log nowhere"),
    (a_queue_without_agents, "agents", "failed", "No routing profile takes chats"),
    (template("PAUSED"), "templates", "warning", "no more of reopen"),
    (template("PENDING"), "templates", "warning", "silent for a day"),
]


@pytest.mark.parametrize(
    ("spoil", "check", "state", "says"), WRONG, ids=[f"{row[1]}: {row[3]}" for row in WRONG]
)
def test_what_is_wrong_is_found_and_said(world, spoil, check, state, says):
    assert finding_of(world, check).state == "ok"
    spoil(world)
    finding = finding_of(world, check)
    assert (finding.state, says in finding.says) == (state, True), finding
    assert finding.says.endswith(".")
    assert finding.remedy


@pytest.mark.parametrize(
    ("service", "operation", "check"),
    [
        ("lambda", "ListEventSourceMappings", "event_sources"),
        ("lambda", "GetFunctionConfiguration", "deployed"),
        ("lambda", "GetFunctionConfiguration", "same_settings"),
        ("lambda", "GetPolicy", "invoked_by_flows"),
        ("lambda", "GetAccountSettings", "concurrency"),
        ("ssm", "GetParameter", "worker"),
        ("backup", "ListBackupPlans", "backups"),
        ("backup", "ListRecoveryPointsByBackupVault", "backups"),
        ("cloudwatch", "DescribeAlarms", "alarms_set"),
        ("cloudwatch", "DescribeAlarms", "ringing"),
        ("sns", "ListSubscriptionsByTopic", "subscriptions"),
        ("kms", "DescribeKey", "key"),
        ("kms", "GetKeyPolicy", "key"),
        ("logs", "DescribeLogGroups", "logs"),
        ("connect", "ListRoutingProfiles", "agents"),
        ("socialmessaging", "ListWhatsAppMessageTemplates", "templates"),
        ("s3", "GetBucketReplication", "replication"),
    ],
)
@pytest.mark.parametrize("action", [Action.ACCESS_DENIED, Action.SERVER_ERROR])
def test_what_may_not_be_asked_is_not_judged(world, service, operation, check, action):
    """Neither fine nor failed: it says that nobody looked."""
    world.router.faults.on(service, operation, action, nth=None)
    world.router.faults.arm()
    finding = finding_of(world, check)
    assert finding.state == "unchecked", finding
    assert finding.remedy


def test_an_answer_of_another_form_hides_no_other_check(world, monkeypatch):
    monkeypatch.setattr(world.deployed.alarms, "describe_alarms", lambda _: {"MetricAlarms": [{}]})
    for alarm in ("ringing", "alarms_set"):
        assert finding_of(world, alarm).state in ("ok", "failed")
    monkeypatch.setattr(world.deployed.keys, "describe_key", lambda _: {})
    finding = finding_of(world, "key")
    assert (finding.state, "KeyMetadata" in finding.says) == ("unchecked", True)


def test_connect_is_asked_again_when_it_has_had_enough(world):
    """It answers two questions a second; a large instance has many routing profiles."""
    for nth in (1, 2, 3):
        world.router.faults.on("connect", "ListRoutingProfileQueues", Action.THROTTLE, nth=nth)
    world.router.faults.arm()
    assert finding_of(world, "agents").state == "ok"


# --- the container ----------------------------------------------------------------------------


def test_queues_that_a_container_reads_need_no_function(world):
    container_instead("queued", tasks=3)(world)
    assert finding_of(world, "event_sources").state == "ok"
    assert "runs 3 times" in finding_of(world, "worker").says


def test_a_queued_container_does_not_read_the_events(world):
    container_instead("queued")(world)
    source(INBOUND.replace("inbound.fifo", "chat-events"), State="Disabled")(world)
    finding = finding_of(world, "event_sources")
    assert (finding.state, "Nobody reads chat-events" in finding.says) == ("failed", True)


# --- secrets ----------------------------------------------------------------------------------


@pytest.fixture
def ai_key(world):
    secrets = world.app.client("secretsmanager")
    made = secrets.create_secret(Name="puente/openai-api-key", SecretString="k")
    yield Secret(made["ARN"])
    secrets.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)


def test_a_secret_is_there_and_not_too_old(world, ai_key):
    assert "1 secrets are in" in finding_of(world, "secrets", openai_api_key=ai_key).says
    later = finding_of(world, "secrets", days_later=200, openai_api_key=ai_key)
    assert (later.state, "OPENAI_API_KEY is" in later.says) == ("warning", True)
    assert "infra secret --stage STAGE --setting OPENAI_API_KEY" in later.remedy


def test_a_secret_that_is_gone_or_goes_is_told(world, ai_key):
    gone = Secret(ai_key.get_secret_value().replace("openai", "another"))
    assert "is not there" in finding_of(world, "secrets", openai_api_key=gone).says
    world.app.client("secretsmanager").delete_secret(SecretId=ai_key.get_secret_value())
    assert "will be deleted" in finding_of(world, "secrets", openai_api_key=ai_key).says


# --- copies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configured", "state", "says"),
    [
        (as_deployed.replication(status="Disabled"), "failed", "the replication rule is off"),
        (as_deployed.replication(metrics="Disabled"), "warning", "Nobody hears"),
        (None, "warning", "one region only"),
    ],
)
def test_files_that_are_not_copied_are_told(world, configured, state, says):
    s3, bucket = world.app.client("s3"), world.app.settings.s3_bucket_media
    s3.delete_bucket_replication(Bucket=bucket)
    if configured:
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configured)
    finding = finding_of(world, "replication")
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=as_deployed.replication())
    assert (finding.state, says in finding.says) == (state, True), finding


def test_files_go_where_erasing_looks_for_them(world):
    ours, other = (f"{COPY_REGION}/{COPIES}",), (f"{COPY_REGION}/elsewhere",)
    assert finding_of(world, "replication", s3_bucket_copies=ours).state == "ok"
    assert finding_of(world, "replication", s3_bucket_copies=other).state == "failed"


def test_a_backup_of_the_day_before_yesterday_is_too_old(world):
    assert finding_of(world, "backups", days_later=1).state == "ok"
    assert finding_of(world, "backups", days_later=2).state == "failed"


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("cron(0 3 * * ? *)", 1),
        ("cron(0 3 ? * SUN *)", 7),
        ("cron(0 3 1 * ? *)", 31),
        ("rate(1 day)", 1),
        ("", 1),
    ],
)
def test_how_often_a_plan_backs_up_is_read_from_its_schedule(schedule, days):
    assert days_between(schedule) == days


def test_a_weekly_plan_may_be_a_week_old(world):
    rule = world.deployed.backups.plans[PLAN]["Rules"][0]
    rule["ScheduleExpression"] = "cron(0 3 ? * SUN *)"
    assert finding_of(world, "backups", days_later=6).state == "ok"
    for point in world.deployed.backups.points[REGION, VAULT]:
        point["CreationDate"] -= timedelta(days=9)
    assert "last 8 days" in finding_of(world, "backups").says


def test_one_call_that_deletes_a_table_is_warned_of(world):
    dynamodb = world.app.client("dynamodb")
    dynamodb.update_table(TableName=TABLES["messages"], DeletionProtectionEnabled=False)
    finding = finding_of(world, "deletion")
    dynamodb.update_table(TableName=TABLES["messages"], DeletionProtectionEnabled=True)
    assert (finding.state, "puente-messages" in finding.says) == ("warning", True)


# --- the sandbox is as infra deploys it -------------------------------------------------------


def test_the_sandbox_is_furnished_as_infra_deploys(world):
    """It may not import infra, so what it repeats is compared here."""
    assert {CHAT_EVENTS: as_deployed.CHAT_FILTER} == FILTERS
    assert list(KEY_USERS) == as_deployed.KEY_USERS
    assert as_deployed.replication()["Rules"][0]["ID"] == REPLICATION
    seconds = {one.name.replace("_", "-"): one.timeout_s for one in FUNCTIONS}
    told = world.deployed.functions.functions
    assert {name: told[name]["Timeout"] for name in seconds} == seconds
    (chat,) = world.topics.subscriptions[world.chat_topic]
    assert json.loads(json.dumps(chat.policy.as_written)) == as_deployed.CHAT_FILTER
