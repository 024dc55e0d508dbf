"""An operator asks whether everything is as it has to be (SA-57, CP-42 to CP-44)."""

import json
from typing import get_args

import boto3
import pytest
from typer.testing import CliRunner

from chalicelib.errors import Denied
from ops import checks, connect_checks, doctor
from ops.__main__ import app
from ops.findings import State
from ops.look import Look
from sandbox.as_deployed import furnish
from sandbox.faults import Action
from sandbox.world import BUCKET, TABLES, World


@pytest.fixture
def world():
    with World() as running:
        furnish(running)
        yield running


def examined(world, *, production=False):
    return doctor.examine(Look(world.app), production=production)


def asked(*arguments):
    done = CliRunner().invoke(app, ["doctor", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_what_is_deployed_as_infra_does_it_has_nothing_that_failed(world):
    found = examined(world, production=True)
    assert set(found) == {*checks.CHECKS, *checks.PRODUCTION}
    told = {name: finding.state for name, finding in found.items()}
    not_ok = {name: state for name, state in told.items() if state != "ok"}
    assert not_ok == {
        "chats_quota": "warning",
        "callback_data": "unchecked",
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


def no_origins(world):
    world.instance.origins.clear()


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
        (functions_not_associated, "functions", "failed"),
        (no_queues, "staffed", "failed"),
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
    finding = examined(world)[check]
    assert finding.state == state, finding
    assert finding.remedy


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
        ({"quotas": {connect_checks.CHAT_QUOTA: 500.0}}, "chats_quota", "warning"),
        ({"quotas": {}}, "chats_quota", "unchecked"),
        ({"quotas": {connect_checks.CHAT_QUOTA: 5000.0}}, "chats_quota", "ok"),
        ({"models": (401, [])}, "ai_models", "failed"),
        ({"models": (404, [])}, "ai_models", "unchecked"),
        ({"models": (200, ["another"])}, "ai_models", "failed"),
        ({"account": {}}, "event_destination", "failed"),
        ({"flow": {"State": "ARCHIVED", "Status": "SAVED"}}, "flow", "failed"),
    ],
)
def test_what_the_sandbox_never_answers_is_judged_as_well(world, answers, check, state):
    finding = checks.CHECKS[check](Elsewhere(world, **answers))
    assert finding.state == state
    assert finding.remedy or state == "ok"


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_the_clock_is_compared_with_the_date_of_an_answer(world, zone, monkeypatch):
    look = Look(world.app)
    headers = {"date": f"Wed, 18 Nov 2020 16:00:00 {zone}"}
    answer = {"ResponseMetadata": {"HTTPHeaders": headers}}
    monkeypatch.setattr(look, "aws", lambda *a, **k: answer)
    assert checks.clock(look).state == "failed"


def test_a_quota_that_is_small_comes_with_the_request_to_send(world):
    look = Elsewhere(world, quotas={connect_checks.CHAT_QUOTA: 500.0})
    assert "Please raise" in connect_checks.chats_quota(look).remedy


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


def test_no_check_is_forgotten_in_the_registry():
    """Every public function of the module that takes a Look is in one of the two registries."""
    written = {
        name
        for name, value in (vars(checks) | vars(connect_checks)).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__annotations__", {}).get("return") is checks.Finding
        and list(value.__annotations__) == ["look", "return"]
    }
    assert written == {*checks.CHECKS, *checks.PRODUCTION}
