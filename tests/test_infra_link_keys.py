"""The key that signs links to files gives way to another, and no link dies of it.

Four deployments: the old key alone; the new one beside it; the new one signs; the old one is gone.
"""

import base64
import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from chalicelib.gateways.media_links import CloudFrontLinks
from infra import __main__ as commands
from infra import settings, stage_secrets
from infra.link import Clients
from infra.link_keys import mark
from infra.names import AI_KEY, LINK_KEY, Names
from infra.permissions import Need, allowed
from infra.problem import Problem
from infra.settings import Cdn, SettingsProblem, Stage
from infra.stage_secrets import SecretProblem
from sandbox.world import World
from tests.infra_templates import A_PUBLIC_KEY, OPTIONS, changed
from tests.test_infra_link import stage as stage_of

AT = Names(prefix="puente-options", account="123456789012", region="us-east-1")
Template = dict[str, Any]
OPEN = NoEncryption()


def private(key: PrivateKeyTypes, how: KeySerializationEncryption = OPEN) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def public(key: PrivateKeyTypes) -> str:
    found = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


OLD, NEW = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
# As an operator has them: by the secret that `python -m infra secret` makes of each.
SECRETS = {AT.link_secret_arn(mark(public(key))): private(key) for key in (OLD, NEW)}
STEPS = {
    "old": {"public_key": public(OLD)},
    "both": {"public_key": public(OLD), "public_key_beside": public(NEW)},
    "new signs": {"public_key": public(NEW), "public_key_beside": public(OLD)},
    "new": {"public_key": public(NEW)},
}


@cache
def deployments() -> dict[str, dict[str, Template]]:
    with TemporaryDirectory() as folder:
        return changed(
            Path(folder), {step: {"cdn": OPTIONS["cdn"] | keys} for step, keys in STEPS.items()}
        )


def resources(template: Template, kind: str) -> dict[str, Any]:
    found = template["Resources"].items()
    return {name: one["Properties"] for name, one in found if one["Type"] == kind}


def inbound(step: str) -> dict[str, Any]:
    """The settings of a function that makes links."""
    made = resources(deployments()[step]["messaging"], "AWS::Lambda::Function")
    (ours,) = [one for one in made.values() if one["FunctionName"] == AT.function("inbound")]
    return dict(ours["Environment"]["Variables"])


def exported(step: str) -> dict[str, str]:
    """What the stack `cdn` exports of keys: name -> logical id."""
    outputs = deployments()[step]["cdn"]["Outputs"].values()
    return {
        one["Export"]["Name"]: one["Value"]["Ref"]
        for one in outputs
        if "Export" in one and one["Value"].get("Ref", "").startswith("LinkKey")
    }


def imported(step: str) -> set[str]:
    """What other stacks use of it."""
    others = [one for name, one in deployments()[step].items() if name != "cdn"]
    return set(re.findall(r'"Fn::ImportValue": "(puente-options-cdn:[^"]+)"', json.dumps(others)))


def link(step: str) -> str:
    """A link as the functions of a step make it."""
    known = inbound(step)
    return CloudFrontLinks(
        domain=known["MEDIA_LINK_DOMAIN"],
        key_id=exported(step)[known["MEDIA_LINK_KEY_ID"]["Fn::ImportValue"]],
        private_key=lambda: SECRETS[known["MEDIA_LINK_KEY"]],
        clock=lambda: 1_800_000_000,
    ).link("inbound/photo.jpg")


def opens(url: str, step: str) -> bool:
    """As CloudFront decides: by the key the link names, if that is in the distribution's group."""
    cdn, query = deployments()[step]["cdn"], parse_qs(urlsplit(url).query)
    (group,) = resources(cdn, "AWS::CloudFront::KeyGroup").values()
    if query["Key-Pair-Id"][0] not in [one["Ref"] for one in group["KeyGroupConfig"]["Items"]]:
        return False
    keys = resources(cdn, "AWS::CloudFront::PublicKey")
    pem = keys[query["Key-Pair-Id"][0]]["PublicKeyConfig"]["EncodedKey"]
    end = {"DateLessThan": {"AWS:EpochTime": int(query["Expires"][0])}}
    policy = {"Statement": [{"Resource": url.partition("?")[0], "Condition": end}]}
    signed = json.dumps(policy, separators=(",", ":")).encode()
    given = query["Signature"][0].replace("-", "+").replace("_", "=").replace("~", "/")
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(given), signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("made", "opened"),
    [
        ("old", ["old", "both", "new signs"]),
        ("both", ["old", "both", "new signs"]),
        ("new signs", ["both", "new signs", "new"]),
        ("new", ["both", "new signs", "new"]),
    ],
)
def test_a_link_opens_until_its_key_is_taken_out(made: str, opened: list[str]) -> None:
    """Whoever signed; and before a step has reached every edge of CloudFront, too."""
    assert [step for step in STEPS if opens(link(made), step)] == opened


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_no_step_takes_away_what_functions_and_containers_still_use(
    before: str, after: str
) -> None:
    """CloudFormation updates the stack `cdn` first, and removes no export that is in use."""
    assert imported(before)
    assert imported(before) | imported(after) <= set(exported(after))


def test_a_new_key_in_place_of_the_old_one_is_refused_and_breaks_nothing() -> None:
    """By CloudFormation: the old key's export is in use. Hence the step with both."""
    assert not imported("old") <= set(exported("new"))


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_no_key_is_changed_in_place(before: str, after: str) -> None:
    """CloudFront would refuse it; nor may two keys have one name."""
    kind = "AWS::CloudFront::PublicKey"
    was, now = (resources(deployments()[step]["cdn"], kind) for step in (before, after))
    assert {name: was[name] for name in was.keys() & now} == {
        name: now[name] for name in was.keys() & now
    }
    names = [one["PublicKeyConfig"]["Name"] for one in now.values()]
    assert len(names) == len(set(names)) == len(STEPS[after])


def test_choosing_who_signs_changes_nothing_at_cloudfront() -> None:
    """So a roll back of the functions, or of one of them, leaves links that open."""
    both, signs = deployments()["both"]["cdn"], deployments()["new signs"]["cdn"]
    assert both["Resources"] == signs["Resources"]


@pytest.mark.parametrize("step", STEPS)
def test_a_function_signs_with_the_key_it_names_and_may_read_each(step: str) -> None:
    """Its role is updated before its settings are: it may read the former key's secret as well."""
    policies = resources(deployments()[step]["messaging"], "AWS::IAM::ManagedPolicy").values()
    (policy,) = [
        one["PolicyDocument"]["Statement"]
        for one in policies
        if one.get("ManagedPolicyName") == f"{AT.function('inbound')}-us-east-1"
    ]
    secrets = [statement for statement in policy if statement["Sid"] == "Secrets"]
    for key in STEPS[step].values():
        arn = AT.link_secret_arn(mark(key))
        assert allowed(secrets, Need("secretsmanager:GetSecretValue", f"{arn}-a1B2c3"))
    assert inbound(step)["MEDIA_LINK_KEY"] == AT.link_secret_arn(mark(STEPS[step]["public_key"]))


def test_containers_are_started_again_when_another_key_signs() -> None:
    """They read their settings when they start, and one that went on would use a key that goes."""
    labels = []
    for step in STEPS:
        (task,) = resources(deployments()[step]["worker"], "AWS::ECS::TaskDefinition").values()
        labels.append(task["ContainerDefinitions"][0]["DockerLabels"]["settings"])
    old, both, signs, new = labels
    assert old == both != signs == new


# --- the private halves -----------------------------------------------------------------------


@pytest.fixture
def turning() -> Stage:
    """A stage of which the second key is to sign, and the first still does."""
    chosen = Cdn(domain="media.example.com", public_key=public(NEW), public_key_beside=public(OLD))
    return dataclasses.replace(settings.load("prod"), cdn=chosen)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


@pytest.fixture
def clients(world: World) -> Clients:
    return lambda service: boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]


@pytest.fixture
def deployed(world: World, clients: Clients) -> Clients:
    """A stage that is there: its own key is."""
    world.deployed.keys.make("alias/puente-prod", [])
    return clients


def test_each_private_half_is_a_secret_of_its_own(turning: Stage, clients: Clients) -> None:
    for key in (OLD, NEW):
        assert stage_secrets.put(turning, clients, LINK_KEY, private(key))
        assert not stage_secrets.put(turning, clients, LINK_KEY, private(key))
        name = f"puente-prod/media-link-key-{mark(public(key))}"
        found = clients("secretsmanager").get_secret_value(SecretId=name)
        assert found["SecretString"] == private(key)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (private(rsa.generate_private_key(public_exponent=65537, key_size=2048)), "no half of"),
        (private(ec.generate_private_key(ec.SECP256R1())), "no RSA private key"),
        (private(OLD, BestAvailableEncryption(b"secret")), "without a password"),
        (public(OLD), "no RSA private key"),
    ],
    ids=["a stranger", "not RSA", "with a password", "the public half"],
)
def test_a_key_that_could_not_sign_is_refused(
    given: str, told: str, turning: Stage, clients: Clients
) -> None:
    with pytest.raises(SecretProblem, match=told):
        stage_secrets.put(turning, clients, LINK_KEY, given)


def test_a_key_signs_when_its_private_half_is_there(
    turning: Stage, deployed: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make deploy` asks before it changes anything."""
    monkeypatch.setattr(commands, "_clients", lambda _: deployed)
    stage_secrets.put(turning, deployed, LINK_KEY, private(OLD))
    with pytest.raises(Problem, match="is to sign links, but its private half is missing"):
        commands.may_sign(turning)
    stage_secrets.put(turning, deployed, LINK_KEY, private(NEW))
    commands.may_sign(turning)
    name = AT.link_secret(mark(public(NEW))).replace("options", "prod")
    deployed("secretsmanager").delete_secret(SecretId=name)
    with pytest.raises(Problem, match="is missing"):
        commands.may_sign(turning)


def test_a_stage_without_cloudfront_asks_for_no_key(deployed: Clients) -> None:
    prod = settings.load("prod")
    assert stage_secrets.may_sign(prod, deployed)
    assert stage_secrets.missing(prod, deployed) == [AI_KEY]


def test_a_stage_that_gets_cloudfront_has_the_key_first(turning: Stage, deployed: Clients) -> None:
    first = dataclasses.replace(turning, cdn=Cdn(domain="m.example.com", public_key=public(NEW)))
    assert not stage_secrets.may_sign(first, deployed)
    stage_secrets.put(first, deployed, LINK_KEY, private(NEW))
    assert stage_secrets.may_sign(first, deployed)


def test_a_new_stage_has_its_key_when_the_stacks_are_there(
    turning: Stage, clients: Clients
) -> None:
    """The secret is encrypted with the stage's key, so it comes after the first deployment, which
    ends by saying so."""
    first = dataclasses.replace(turning, cdn=Cdn(domain="m.example.com", public_key=public(NEW)))
    assert stage_secrets.may_sign(first, clients)
    assert stage_secrets.missing(first, clients) == [AI_KEY, LINK_KEY]
    stage_secrets.put(first, clients, AI_KEY, "key")
    stage_secrets.put(first, clients, LINK_KEY, private(NEW))
    assert stage_secrets.missing(first, clients) == []


def test_the_same_key_in_other_lines_is_the_same_key() -> None:
    one_line = public(OLD).replace("\n", "")
    assert mark(one_line) == mark(public(OLD)) == mark(f"\n{public(OLD)}\n")
    assert len(mark(public(OLD))) != 6  # what Secrets Manager takes for its own suffix


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"public_key": "-----BEGIN PUBLIC KEY-----\nMIIB\n"}, "cdn.public_key: the PEM of an RSA"),
        ({"public_key": private(OLD)}, "cdn.public_key: the PEM of an RSA"),
        ({"public_key": public(ec.generate_private_key(ec.SECP256R1()))}, "the PEM of an RSA"),
        ({"public_key_beside": "?"}, "cdn.public_key_beside: the PEM of an RSA"),
        ({"public_key_beside": A_PUBLIC_KEY.replace("\n", " ")}, "another key than public_key"),
    ],
)
def test_settings_with_a_wrong_key_are_told(
    keys: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsProblem, match=told):
        stage_of(tmp_path, cdn=OPTIONS["cdn"] | keys)
