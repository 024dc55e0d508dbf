"""An operator asks whether everything is as it has to be (SA-57, CP-42 to CP-44)."""

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import boto3
import pytest
from typer.testing import CliRunner

import ops
from chalicelib.errors import Denied
from infra import policies
from infra.functions import FUNCTIONS
from infra.names import NOT_YET
from infra.permissions import action_of
from infra.recording_scenarios import in_a_chat
from infra.runtime_policy import runtime
from ops import checks, doctor, load, permission_checks, quota_checks
from ops.__main__ import app
from ops.findings import State
from ops.look import Look
from sandbox.as_deployed import furnish
from sandbox.faults import Action
from sandbox.world import BUCKET, TABLES, World
from tests.gateways.stub_server import Answer, stub


@pytest.fixture
def world():
    with World() as running:
        furnish(running)
        yield running


@pytest.fixture
def with_roles(world):
    """Nobody asks IAM about roles that nobody gave: in most tests everything is allowed."""
    give_roles(world)
    return world


def give_roles(world):
    """Each function's role with the policies that infra writes."""
    at = permission_checks.places_of(Look(world.app))
    for function in FUNCTIONS:
        may = (*policies.statements(function, at), *runtime(at.names.log_streams_arn, at.names))
        world.iam.roles[role_of(function.name)] = list(may)


def role_of(name):
    return f"arn:aws:iam::123456789012:role/{name.replace('_', '-')}-us-east-1"


def examined(world, *, production=False):
    return doctor.examine(Look(world.app), production=production)


def finding_of(world, check):
    """One check alone: all of them ask IAM ninety questions."""
    return doctor.asked({**checks.CHECKS, **checks.PRODUCTION}[check], Look(world.app))


def asked(*arguments):
    done = CliRunner().invoke(app, ["doctor", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_what_is_deployed_as_infra_does_it_has_nothing_that_failed(with_roles):
    found = examined(with_roles, production=True)
    assert set(found) == {*checks.CHECKS, *checks.PRODUCTION}
    unsaid = [*(f"quota_{one.key}" for one in load.QUOTAS), "number_rate"]
    told = {name: finding.state for name, finding in found.items()}
    not_ok = {name: state for name, state in told.items() if state != "ok"}
    assert not_ok == {
        "callback_data": "unchecked",
        **dict.fromkeys(unsaid, "unchecked"),
        "salt": "warning",
    }
    assert asked("--production").exit_code == 0


def test_every_finding_that_is_not_fine_says_what_to_do(world):
    world.instance.storage.clear()
    for finding in examined(world, production=True).values():
        assert finding.state in get_args(State)
        assert finding.says.endswith((".", ")"))
        assert finding.remedy or finding.state == "ok"


def test_the_answer_is_for_people_or_for_programs(world):
    told = asked().stdout
    assert "ok   credentials" in told
    rows = json.loads(asked("--json").stdout)
    assert {"check", "state", "says", "remedy"} == set(rows[0])


def no_versions(world):
    boto3.client("s3").put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )


def public_bucket(world):
    boto3.client("s3").put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
    )


def no_expiry(world):
    boto3.client("dynamodb").update_time_to_live(
        TableName=TABLES["messages"],
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"},
    )


def no_recovery(world):
    boto3.client("dynamodb").update_continuous_backups(
        TableName=TABLES["messages"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )


def nobody_publishes(world):
    boto3.client("sns").set_topic_attributes(
        TopicArn=world.chat_topic,
        AttributeName="Policy",
        AttributeValue='{"Version": "2012-10-17", "Statement": []}',
    )


def quick_queue(world):
    boto3.client("sqs").set_queue_attributes(
        QueueUrl=world.app.settings.inbound_queue_url, Attributes={"VisibilityTimeout": "30"}
    )


def no_letters(world):
    boto3.client("sqs").set_queue_attributes(
        QueueUrl=world.app.settings.inbound_queue_url, Attributes={"RedrivePolicy": ""}
    )


def a_letter_waits(world):
    world.app.queues.park_unreadable("a test", "{}", "receipt")


def events_go_elsewhere(world):
    world.network.account.destinations[:] = [{"eventDestinationArn": "arn:aws:sns:x:1:other"}]


def number_gone(world):
    world.network.account.numbers.clear()


def no_files(world):
    del world.instance.storage["ATTACHMENTS"]


def no_transcripts(world):
    del world.instance.storage["CHAT_TRANSCRIPTS"]


def files_closed_to_browsers(world):
    boto3.client("s3").delete_bucket_cors(Bucket=BUCKET)


def no_origins(world):
    world.instance.origins.clear()


def view_gone(world):
    world.instance.own_views.all.clear()


def view_only_saved(world):
    (view,) = world.instance.own_views
    view.published = None


def guide_of_old(world):
    """Published before there was a view of ours."""
    guide = world.instance.flows.named("agent_guide", "contact-flow")
    guide.published = re.sub(r"arn:aws:connect[^\"]+/view/[^\"]+", "detail", guide.published)


def functions_not_associated(world):
    world.instance.lambdas.clear()


def no_queues(world):
    world.instance.queues.clear()


def service_is_denied(service, operation, action=Action.ACCESS_DENIED):
    def spoil(world):
        world.router.faults.on(service, operation, action, nth=None)
        world.router.faults.arm()

    spoil.__name__ = f"{service} {action}"
    return spoil


@pytest.mark.parametrize(
    ("spoil", "check", "state"),
    [
        (no_versions, "bucket", "failed"),
        (public_bucket, "bucket", "failed"),
        (no_expiry, "tables", "failed"),
        (no_recovery, "tables", "warning"),
        (nobody_publishes, "topics", "failed"),
        (quick_queue, "queues", "failed"),
        (no_letters, "queues", "failed"),
        (a_letter_waits, "dead_letters", "warning"),
        (events_go_elsewhere, "event_destination", "failed"),
        (number_gone, "number", "failed"),
        (no_files, "chat_storage", "failed"),
        (no_transcripts, "chat_storage", "warning"),
        (no_origins, "origins", "warning"),
        (files_closed_to_browsers, "attachments_open", "failed"),
        (functions_not_associated, "functions", "failed"),
        (no_queues, "staffed", "failed"),
        (view_gone, "views", "failed"),
        (view_only_saved, "views", "failed"),
        (guide_of_old, "views", "warning"),
        (service_is_denied("connect", "DescribeInstance"), "instance", "unchecked"),
        (
            service_is_denied("dynamodb", "DescribeTable", Action.SERVER_ERROR),
            "tables",
            "unchecked",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_is_wrong_is_found(world, spoil, check, state):
    spoil(world)
    finding = finding_of(world, check)
    assert finding.state == state, finding
    assert finding.remedy


def test_expiry_that_was_switched_on_a_minute_ago_is_no_failure(world):
    """DynamoDB takes up to an hour; the doctor is asked right after the first deployment."""
    expiry = world.router.emulator("dynamodb").tables[TABLES["messages"]].expiry
    expiry["TimeToLiveStatus"] = "ENABLING"
    assert finding_of(world, "tables").state == "ok"
    expiry["TimeToLiveStatus"] = "DISABLING"
    assert finding_of(world, "tables").state == "failed"


def test_a_module_of_others_in_the_instance_is_not_judged(world):
    """An existing instance has flows and functions that are not ours."""
    modules = world.instance.flows
    ours = modules.named("voice_note", "flow-module")
    content = re.sub("function:[A-Za-z_-]+", "function:of-others", ours.published)
    boto3.client("connect").create_contact_flow_module(
        InstanceId=world.instance.id, Name="of others", Content=content
    )
    for check in ("functions", "invoked_by_flows"):
        assert finding_of(world, check).state == "ok", check


def test_functions_that_only_the_guide_calls_are_looked_at(world):
    text = Look(world.app).flow_contents()
    guide = world.instance.flows.named("agent_guide", "contact-flow").published
    called = set(re.findall(r"function:([A-Za-z_-]+)", guide))
    assert called
    assert called <= set(re.findall(r"function:([A-Za-z_-]+)", text))


class Elsewhere(Look):
    """Answers that the sandbox never gives."""

    def __init__(self, world, **answers):
        super().__init__(world.app)
        for name, answer in answers.items():
            setattr(self, name, lambda answer=answer: answer)


@pytest.mark.parametrize(
    ("answers", "check", "state"),
    [
        ({"skew": 400.0}, "clock", "failed"),
        ({"skew": -90.0}, "clock", "warning"),
        ({"called_back": [True, True]}, "callback_data", "ok"),
        ({"called_back": [True, False]}, "callback_data", "warning"),
        ({"called_back": [False, False]}, "callback_data", "failed"),
        ({"models": []}, "ai_models", "unchecked"),
        ({"models": ["another"]}, "ai_models", "failed"),
        ({"accounts": []}, "event_destination", "failed"),
        (
            {"accounts": [{"id": "waba-1", "registrationStatus": "INCOMPLETE"}]},
            "event_destination",
            "failed",
        ),
        ({"flows": [{}, {"State": "ARCHIVED", "Status": "SAVED"}]}, "flow", "failed"),
        ({"flows": [{"Content": NOT_YET}]}, "flow", "failed"),
    ],
)
def test_what_the_sandbox_never_answers_is_judged_as_well(world, answers, check, state):
    finding = checks.CHECKS[check](Elsewhere(world, **answers))
    assert finding.state == state
    assert finding.remedy or state == "ok"


def test_with_cloudfront_missing_pages_are_told(world):
    ours = replace(world.app.settings, media_link_domain="files.example.com")
    for there, state in ((True, "ok"), (False, "warning")):
        look = Elsewhere(world, has_pages=there)
        look.settings = ours
        assert checks.CHECKS["pages"](look).state == state
    assert finding_of(world, "pages").state == "ok"


@pytest.mark.parametrize(("status", "there"), [(200, True), (403, False), (404, False)])
def test_the_page_is_asked_for_as_a_browser_does(world, status, there):
    class Web:
        def request(self, method, url, **_):
            assert (method, url) == ("GET", "https://files.example.com/pages/link.html")
            return SimpleNamespace(status=status, data=b"")

    look = Look(SimpleNamespace(settings=world.app.settings, clock=None, http=Web()))
    look.settings = replace(world.app.settings, media_link_domain="files.example.com")
    assert look.has_pages() is there


def test_the_flow_of_every_number_is_looked_at(world):
    """UT-29: one that is missing is found, though customers of other numbers enter."""
    look = Look(world.app)
    assert len(look.flows()) == 1
    own = (("phone-number-id-b", "00000000-0000-4000-8000-000000000000"),)
    look.settings = replace(look.settings, connect_flows_by_number=own)
    assert doctor.asked(checks.CHECKS["flow"], look).state == "failed"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer({}, status=401), "refuses the key"),
        (Answer({}, status=503), "does not answer"),
        (Answer(hang_up=True), "does not answer"),
        (Answer("<html>a proxy</html>"), "does not list its models"),
        (Answer({}, status=404), "does not list its models"),
        (Answer({"data": [{"id": "another"}]}), "has no model"),
    ],
)
def test_an_ai_service_that_does_not_do_is_told(world, answer, says):
    with stub(answer) as server:
        look = Look(world.app)
        look.settings = replace(look.settings, openai_base_url=server.base_url)
        finding = checks.ai_models(look)
    assert says in finding.says
    assert finding.remedy


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_the_clock_is_compared_with_the_date_of_an_answer(world, zone, monkeypatch):
    look = Look(world.app)
    headers = {"date": f"Wed, 18 Nov 2020 16:00:00 {zone}"}
    answer = {"ResponseMetadata": {"HTTPHeaders": headers}}
    monkeypatch.setattr(look, "aws", lambda *a, **k: answer)
    assert checks.clock(look).state == "failed"


def busy(**more):
    """A contact center of a thousand open chats."""
    load_of_it = {
        "EXPECTED_CHATS": "1000",
        "EXPECTED_MESSAGES_PER_SECOND": "30",
        "EXPECTED_NEW_CHATS_PER_SECOND": "4",
    }
    return World(settings=load_of_it | more)


def test_quotas_are_held_against_the_load_with_what_to_send_to_aws():
    """SA-01: a new account takes 500 chats and ten messages a second."""
    with busy() as world:
        found = examined(world)
        chats, messages, starts = (
            found[f"quota_{n}"] for n in ("chats", "messages", "chat_starts")
        )
        assert (chats.state, messages.state, starts.state) == ("failed", "failed", "ok")
        assert chats.says.startswith("500 chats open at once")
        assert "--quota-code L-D4BA6F6E --desired-value 1250 --context-id arn:aws:connect:" in (
            chats.remedy
        )
        assert '"Please raise Concurrent active chats per instance (connect' in chats.remedy
        assert "30 messages and 4 new chats a second" in chats.remedy
        # Not in Service Quotas: a person asks AWS Support.
        assert "the default" in messages.says
        assert messages.remedy.startswith("AWS Support")
        assert "to 38." in messages.remedy
        world.quotas.quotas["connect"]["Concurrent active chats per instance"] = ("L", 2000.0)
        assert finding_of(world, "quota_chats").state == "ok"


def test_a_quota_that_was_raised_for_our_instance_alone_counts():
    """As the request asks for it; other instances' do not."""
    chats = "Concurrent active chats per instance"
    with busy() as world:
        instance = f"arn:aws:connect:us-east-1:123456789012:instance/{world.instance.id}"
        world.quotas.of_resources["arn:aws:connect:us-east-1:123456789012:instance/x"] = {
            chats: 9000.0
        }
        assert finding_of(world, "quota_chats").state == "failed"
        world.quotas.of_resources[instance] = {chats: 1250.0}
        assert finding_of(world, "quota_chats").state == "ok"


def test_a_raised_quota_is_of_no_use_while_we_pace_ourselves_to_the_old_one():
    with busy(CONNECT_CHATS_PER_SECOND="5") as world:
        assert finding_of(world, "pacing").state == "ok"
        raised = {"Rate of StartChatContact API requests": ("L-AA48CD49", 20.0)}
        world.quotas.quotas["connect"] |= raised
        assert "StartChatContact" in finding_of(world, "pacing").says


def test_one_number_takes_eighty_messages_a_second():
    with busy(EXPECTED_MESSAGES_PER_SECOND="50") as world:
        assert finding_of(world, "number_rate").state == "warning"


@pytest.mark.parametrize("quota", load.QUOTAS, ids=lambda one: one.key)
def test_twice_the_load_needs_more_and_none_needs_nothing(quota):
    """What does not grow with the load is no limit of it."""
    one = load.Load(chats=1000, messages=10, new_chats=2)
    two = load.Load(chats=2000, messages=20, new_chats=4)
    nothing = load.Load(chats=0, messages=0, new_chats=0)
    assert quota.needs(two) > quota.needs(one) > quota.needs(nothing)
    assert quota.needs(nothing) in (0, load.UNRESERVED)


def test_who_names_no_new_chats_has_a_tenth_of_the_messages():
    with World(settings={"EXPECTED_MESSAGES_PER_SECOND": "20"}) as world:
        assert quota_checks.load_of(Look(world.app)).new_chats == 2


# --- permissions ------------------------------------------------------------------------------


def test_a_right_that_was_taken_from_a_role_is_named(with_roles):
    """IAM is asked about every call of every function; one refusal is enough."""
    role = with_roles.iam.roles[role_of("inbound")]
    role[:] = [one for one in role if one["Sid"] != "OpenChats"]
    finding = finding_of(with_roles, "roles")
    assert finding.state == "failed"
    assert "inbound: connect:StartChatContact on arn:aws:connect:" in finding.says


def test_what_something_outside_denies_is_found_as_well(with_roles):
    """An organisation's policy, a boundary."""
    no_media = {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"]}
    with_roles.iam.roles[role_of("transcribe-voice-note")].append(no_media)
    assert "transcribe-voice-note: s3:GetObject" in finding_of(with_roles, "roles").says


def test_a_laptop_has_no_roles_and_needs_none():
    """`sandbox up` and `ops doctor` beside it."""
    with World() as world:
        assert finding_of(world, "roles").state == "ok"


def test_a_role_that_is_gone_is_named(with_roles):
    del with_roles.iam.roles[role_of("outbound")]
    assert "no role outbound-us-east-1" in finding_of(with_roles, "roles").says


def test_iam_may_answer_by_resource():
    """AWS groups the verdicts of one action when it was asked about several resources."""
    result = {
        "EvalActionName": "sqs:SendMessage",
        "EvalDecision": "implicitDeny",
        "ResourceSpecificResults": [
            {"EvalResourceName": "a", "EvalResourceDecision": "allowed"},
            {"EvalResourceName": "b", "EvalResourceDecision": "implicitDeny"},
        ],
    }
    assert permission_checks.refusals(result) == ["sqs:SendMessage on b"]


def test_each_service_that_uses_the_key_is_asked_about():
    condition = {"StringEquals": {"kms:ViaService": ["sqs.here", "s3.here"]}}
    asked = permission_checks.contexts({"Condition": condition})
    assert asked == [{"kms:ViaService": "sqs.here"}, {"kms:ViaService": "s3.here"}]


POLICY = Path(ops.__file__).parent.parent / "docs" / "doctor-policy.json"
AI_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:puente/openai-api-key"
# The key opens for who reads a table, a secret, a function's settings; asking who one is is free.
IN_OUR_NAME, FREE = "kms:Decrypt", "sts:GetCallerIdentity"


def test_the_operators_policy_allows_what_the_doctor_asks_and_nothing_else():
    with World(settings={"OPENAI_API_KEY": AI_KEY}) as world:
        world.app.client("secretsmanager").create_secret(
            Name="puente/openai-api-key", SecretString="k"
        )
        furnish(world)
        world.deployed.parameters.parameters["/worker/RUN_MODE"] = "queued"
        before = world.router.operations()
        examined(world, production=True)
        asked_of = world.router.operations() - before
    calls = [one.split(".") for one in asked_of if not one.startswith("http:")]
    actions = {action_of(service, operation) for service, operation in calls}
    statements = json.loads(POLICY.read_text("utf-8"))["Statement"]
    allowed = [action for one in statements for action in one["Action"]]
    assert sorted(allowed) == sorted((actions | {IN_OUR_NAME}) - {FREE})


# --- callback data ----------------------------------------------------------------------------


def test_whether_statuses_bring_our_callback_data_back_is_seen(world):
    """O2: it proves which send a status is of."""
    _, agent = in_a_chat(world)
    agent.say("On its way")
    world.run_for(5)
    finding = finding_of(world, "callback_data")
    assert finding.state == "ok", finding
    assert "delivery statuses brought" in finding.says


# --- agents -----------------------------------------------------------------------------------


def test_customers_who_wait_for_nobody_are_told(world):
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(10)
    finding = finding_of(world, "agents")
    assert (finding.state, finding.says.startswith("1 customers wait")) == ("warning", True)
    world.desk.agent("Ana", list(Look(world.app).queue_names().values()))
    assert finding_of(world, "agents").state == "ok"


# --- credentials ------------------------------------------------------------------------------


def test_credentials_of_another_account_are_noticed(world, monkeypatch):
    look = Look(world.app)
    monkeypatch.setattr(look, "aws", lambda *a, **k: {"Account": "999999999999"})
    assert checks.credentials(look).state == "failed"


def test_one_check_that_may_not_look_hides_no_other(world, monkeypatch):
    def refused(self, operation):
        raise Denied("no", service="s3")

    monkeypatch.setattr(Look, "bucket", refused)
    found = examined(world)
    assert found["bucket"].state == "unchecked"
    assert found["tables"].state == "ok"


MODULES = (
    checks,
    *(
        importlib.import_module(f"ops.{one.stem}")
        for one in Path(ops.__file__).parent.glob("*_checks.py")
    ),
)


def test_no_check_is_forgotten_in_the_registry():
    """Every public function of a module of checks that takes a Look is in one of the registries."""
    written = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
        and getattr(value, "__annotations__", {}).get("return") is checks.Finding
        and list(value.__annotations__) == ["look", "return"]
    }
    quotas = {f"quota_{one.key}" for one in load.QUOTAS}
    assert written | quotas == {*checks.CHECKS, *checks.PRODUCTION}


def test_every_check_has_a_test_that_makes_it_fail():
    """By its name in a test; of the quotas all are one check with other numbers."""
    told = "".join(
        file.read_text("utf-8") for file in Path(__file__).parent.glob("test_doctor*.py")
    )
    quotas = {f"quota_{one.key}" for one in load.QUOTAS}
    untested = [
        name
        for name in {*checks.CHECKS, *checks.PRODUCTION} - quotas
        if f'"{name}"' not in told and f"checks.{name}(" not in told
    ]
    assert untested == []
