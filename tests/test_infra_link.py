"""Linking the WhatsApp account, and the settings of a stage, against the emulated services."""

import dataclasses
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from infra import settings
from infra.flow_settings import FILE as FLOWS
from infra.flow_settings import load as load_flows
from infra.installed import exports
from infra.link import LinkProblem, link
from infra.names import AI_KEY
from infra.permissions import Need, UnknownCondition, allows, matches
from infra.settings import Number, SettingsProblem, Stage, WhatsApp
from infra.stage_secrets import missing, put
from sandbox.world import World

TOPIC = "arn:aws:sns:us-east-1:123456789012:puente-prod-whatsapp-events"


@pytest.fixture
def world() -> Any:
    with World() as running:
        yield running


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1")


def stage(
    tmp_path: Path,
    *,
    worker: dict[str, Any] | None = None,
    cdn: dict[str, Any] | None = None,
    **whatsapp: Any,
) -> Stage:
    document = yaml.safe_load(settings.FILE.read_text())
    document["stages"]["prod"]["whatsapp"] |= {"numbers": {}} | whatsapp
    document["stages"]["prod"]["worker"] |= worker or {}
    document["stages"]["prod"]["cdn"] |= cdn or {}
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(document))
    return settings.load("prod", file)


def test_events_of_the_account_come_to_our_topic(world: World, tmp_path: Path) -> None:
    """Set once; a second call finds it done and changes nothing."""
    (first,) = link(stage(tmp_path), client)
    (again,) = link(stage(tmp_path), client)
    assert (first.destination, first.changed, again.changed) == (TOPIC, True, False)
    assert world.network.account.destinations == [{"eventDestinationArn": TOPIC}]
    assert first.numbers == (world.number.eum_id,)


def test_an_account_that_feeds_connect_is_not_taken_away_silently(
    world: World, tmp_path: Path
) -> None:
    arn = "arn:aws:connect:us-east-1:123456789012:instance/i"
    world.network.account.destinations[:] = [{"eventDestinationArn": arn}]
    with pytest.raises(LinkProblem, match="take that away"):
        link(stage(tmp_path), client)


def test_a_number_of_another_account_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(LinkProblem, match="phone-number-id-strange"):
        link(stage(tmp_path, numbers={"phone-number-id-strange": None}), client)


def test_an_account_that_is_not_linked_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(LinkProblem, match="waba-strange"):
        link(stage(tmp_path, waba_ids=["waba-strange"]), client)


class TwoAccounts:
    """End User Messaging with two linked accounts, each with one number."""

    def __init__(self) -> None:
        self.destinations: dict[str, list[dict[str, str]]] = {"waba-a": [], "waba-b": []}

    def get_paginator(self, operation: str) -> Any:
        """Each account comes on a page of its own."""
        assert operation == "list_linked_whatsapp_business_accounts"
        pages = [
            {"linkedAccounts": [{"id": waba, "arn": f"arn:{waba}", "eventDestinations": set_}]}
            for waba, set_ in self.destinations.items()
        ]
        return SimpleNamespace(paginate=lambda: pages)

    def get_linked_whatsapp_business_account(self, *, id: str) -> dict[str, Any]:  # noqa: A002
        return {"account": {"phoneNumbers": [{"phoneNumberId": f"phone-number-id-{id[-1]}"}]}}

    def put_whatsapp_business_account_event_destinations(
        self,
        *,
        id: str,  # noqa: A002  (as boto3 has it)
        eventDestinations: list[dict[str, str]],  # noqa: N803
    ) -> None:
        self.destinations[id] = eventDestinations


def test_numbers_of_several_accounts_come_to_one_topic(tmp_path: Path) -> None:
    """UT-29: each number has its flow, whichever account it is of."""
    both = TwoAccounts()
    numbers: dict[str, Any] = {"phone-number-id-a": {}, "phone-number-id-b": {}}
    with pytest.raises(LinkProblem, match="waba-a, waba-b"):
        link(stage(tmp_path, numbers=numbers), lambda _: both)
    ours = stage(tmp_path, numbers=numbers, waba_ids=["waba-a", "arn:waba-b"])
    assert [one.changed for one in link(ours, lambda _: both)] == [True, True]
    assert all(set_ == [{"eventDestinationArn": TOPIC}] for set_ in both.destinations.values())
    only = stage(tmp_path, numbers=numbers, waba_ids=["waba-a"])
    with pytest.raises(LinkProblem, match="phone-number-id-b do not belong to waba-a"):
        link(only, lambda _: both)


class Deployed:
    """Lambda with one function, or with none."""

    def __init__(self, environment: dict[str, Any] | None) -> None:
        self.environment = environment

    def get_function_configuration(self, **wanted: str) -> dict[str, Any]:
        if self.environment is None:
            refusal = {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
            raise ClientError(refusal, "GetFunctionConfiguration")  # type: ignore[arg-type]
        assert wanted == {"FunctionName": "puente-prod-inbound"}
        return {"Environment": self.environment}


def test_an_operators_shell_gets_the_settings_of_the_stage() -> None:
    """A value with blanks or quotes survives the shell."""
    values = {"LOG_LEVEL": "INFO", "S3_BUCKET_MEDIA": "it's; $HOME"}
    lines = exports(settings.load("prod"), lambda _: Deployed({"Variables": values}))
    script = "\n".join([*lines, 'printf %s "$S3_BUCKET_MEDIA"'])
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == values["S3_BUCKET_MEDIA"]
    assert "export AWS_REGION=us-east-1" in lines


@pytest.mark.parametrize(
    ("environment", "told"),
    [(None, "make deploy first"), ({"Error": {"Message": "no key"}}, "kms:Decrypt")],
)
def test_settings_that_cannot_be_read_say_why(environment: Any, told: str) -> None:
    with pytest.raises(LinkProblem, match=told):
        exports(settings.load("prod"), lambda _: Deployed(environment))


def test_nothing_is_deployed_with_the_examples_account_or_number(tmp_path: Path) -> None:
    """`make deploy` asks before it builds anything."""
    example = settings.load("prod")
    assert len(settings.examples(example)) == 2
    mine = dataclasses.replace(
        example, account="210987654321", whatsapp=WhatsApp(numbers={"phone-number-id-1": Number()})
    )
    assert settings.examples(mine) == []
    none = dataclasses.replace(mine, whatsapp=WhatsApp())
    assert "listed numbers only" in settings.examples(none)[0]


def test_the_ai_key_is_put_where_the_functions_get_it(world: World, tmp_path: Path) -> None:
    """Entered once it is there; entered again it replaces the old one."""
    prod = stage(tmp_path)
    assert missing(prod, client) == [AI_KEY]
    assert put(prod, client, AI_KEY, "first")
    assert not put(prod, client, AI_KEY, "second")
    assert missing(prod, client) == []
    secret = client("secretsmanager").get_secret_value(SecretId="puente-prod/openai-api-key")
    assert secret["SecretString"] == "second"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"account": "12"}, "twelve digits"),
        ({"region": "here"}, "us-east-1"),
        ({"backup": {"copy_region": "us-east-1", "retention_days": 35}}, "another region"),
        ({"unknown": 1}, "unknown: there is no such setting"),
        ({"account": 210987654321}, "account: text, in quotes"),
        ({"log_retention_days": "long"}, "log_retention_days: a whole number"),
        ({"log_retention_days": 4000}, "log_retention_days: 1 to 3653"),
        ({"network": {"vpc": "yes"}}, "network.vpc: true or false"),
        ({"network": {"zones": ["us-east-1b"]}}, "network.zones: 2 of us-east-1"),
        ({"network": {"zones": ["us-east-1b", "us-west-2a"]}}, "network.zones: 2 of us-east-1"),
        ({"backup": None}, "backup.copy_region: is missing"),
        ({"cdn": "media.example.com"}, "cdn: settings by name"),
        ({"connect": {"approved_origins": "https://x.example"}}, "approved_origins: a list"),
        ({"connect": {"instance_id": "arn:aws:connect:x"}}, "the UUID at the end"),
        ({"product": {"EXPECTED_CHATS": [1]}}, "product.EXPECTED_CHATS: text, a number"),
        ({"product": {"EXPECTED_CAHTS": 1}}, "no setting EXPECTED_CAHTS"),
        ({"whatsapp": {"numbers": ["phone-number-id-1"]}}, "whatsapp.numbers: values by name"),
        ({"whatsapp": {"numbers": {"phone-number-id-1": {"language": "xx"}}}}, "en, es, pt"),
        ({"worker": {"mode": "queued", "min_tasks": 0}}, "at least 1, at most max_tasks"),
        ({"concurrency": {"inbuond": 50}}, "no function inbuond"),
    ],
)
def test_wrong_settings_say_what_they_should_be(
    values: dict[str, Any], told: str, tmp_path: Path
) -> None:
    document = yaml.safe_load(settings.FILE.read_text())
    document["stages"]["prod"] |= values
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(SettingsProblem, match=told):
        settings.load("prod", file)


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "cannot be read: No such file"), ("stages: [", "is not YAML"), ("[]", "`stages:`")],
)
def test_a_settings_file_that_is_none_is_told(text: str | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsProblem, match=told):
        settings.load("prod", file)


def test_a_number_with_nothing_of_its_own_may_stand_alone(tmp_path: Path) -> None:
    """`phone-number-id-1:` is nothing in YAML."""
    assert stage(tmp_path, numbers={"phone-number-id-1": None}).whatsapp.numbers == {
        "phone-number-id-1": Number()
    }


def test_an_unknown_stage_is_told_with_those_there_are() -> None:
    with pytest.raises(SettingsProblem, match="dev, prod"):
        settings.load("production")


def test_hours_and_queues_come_from_the_flows() -> None:
    """Midnight as the end of a day is Connect's 0:00."""
    flows = load_flows()
    values = yaml.safe_load(FLOWS.read_text())
    assert set(flows.queues) == set(values["queues"])
    assert flows.default_queue in flows.queues
    assert all(span.end[0] < 24 for hours in flows.hours.values() for span in hours.spans)


def test_the_evaluator_judges_as_iam_does() -> None:
    """Wildcards, several resources, the key's service; what it cannot judge it refuses."""
    key = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "k"}
    via = {**key, "Condition": {"StringEquals": {"kms:ViaService": ["sqs.here"]}}}
    assert allows(via, Need("kms:Decrypt", "k", "sqs.here"))
    assert not allows(via, Need("kms:Decrypt", "k", "s3.here"))
    assert not allows(key, Need("kms:Encrypt", "k"))
    assert not allows({**key, "Effect": "Deny"}, Need("kms:Decrypt", "k"))
    assert matches("arn:a/*", "arn:a/b/c")
    assert not matches("arn:a/*", "arn:ab")
    assert not matches("a.c", "abc")
    with pytest.raises(UnknownCondition):
        allows({**key, "Condition": {"Bool": {"x": "y"}}}, Need("kms:Decrypt", "k"))
