"""The synthesized templates of a stage, made when they are not there, with references resolved."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import inputs
from infra.settings import FILE

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
STAGE = "prod"
PREFIX = f"puente-{STAGE}"
INFRA = ROOT / ".venv-infra" / "bin" / "python"
Resource = dict[str, Any]


# Assemblies that were read; a stage's exports have its prefix.
READ: list[Path | None] = []
# Of nobody: its private half was never kept.
A_PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo6pooiGL4BtNsGcu6aF1
Mbg3EvA7I4qltci7gd3j1xRvvC/BnkdhI/w2kI3/FnNKp2iq5xa25LTbJUoW7jET
j30ywTBm2/5uTCAfA7htB/r4E+BcCfx2V8IFF7OaXB5NBXI0BpgN5REiOMevtb9j
/ax+SiNX1UID+KQqRpU9YdRjVtUgQxYuXWce0QJk8aj3Q2oDcWtz69BXg8qv+ZHM
sF5C292bLgxbBMpcMq1LdVDr2i+N1OSMiSLmBI7Y833pOBEvmLXkEb8E7vrIQn3T
Vwjn2dLRIGtLNp6C+0uOyXU6ajpCXw6sH+KS3Y+fSxhbkBorNAncHZjGGV3nFCrS
KwIDAQAB
-----END PUBLIC KEY-----
"""
EXISTING = "0f9a1c2e-5b6d-4a7c-8e9f-a0b1c2d3e4f5"
# Everything that is optional, switched on, in an instance that is there and has its own storage.
OPTIONS: dict[str, Any] = {
    "connect": {
        "instance_id": EXISTING,
        "manage_storage": False,
        "approved_origins": ["https://agents.example.com"],
    },
    "cdn": {
        "domain": "media.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0",
        "public_key": A_PUBLIC_KEY,
        "countries": ["US", "MX"],
        "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/w/0",
    },
    "network": {"vpc": True, "zones": ["us-east-1b", "us-east-1c"]},
    "worker": {"mode": "queued", "min_tasks": 1, "max_tasks": 10},
    "whatsapp": {
        "waba_ids": ["waba-0", "waba-1"],
        "numbers": {
            "phone-number-id-a": {},
            "phone-number-id-b": {"flow": "agent_guide", "language": "es"},
        },
    },
}


@cache
def assembly() -> Path:
    """A current assembly: of `make synth`, of an earlier test run, or made now."""
    for folder in (BUILD / "cdk" / STAGE, BUILD / "cdk-draft" / STAGE):
        if inputs.is_current(folder):
            return folder
    return drafted(STAGE)


@cache
def with_options() -> Path:
    """The same stage with `OPTIONS`."""
    settings = BUILD / "options.yaml"
    document = yaml.safe_load(FILE.read_text())
    document["stages"] = {"options": document["stages"][STAGE] | OPTIONS}
    wanted = yaml.safe_dump(document)
    with _alone():
        if not settings.exists() or settings.read_text() != wanted:
            shutil.rmtree(BUILD / "cdk-draft" / "options", ignore_errors=True)
            settings.write_text(wanted)
    return drafted("options", "--settings", str(settings))


def drafted(stage: str, *more: str) -> Path:
    if not INFRA.exists():
        pytest.skip("no .venv-infra: `make synth` makes it; CI does (make test-infra)")
    folder = BUILD / "cdk-draft" / stage
    command = [str(INFRA), "-m", "infra", "draft", "--stage", stage, *more]
    with _alone():
        if not inputs.is_current(folder):
            made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    return folder


SEVERAL = """
import sys
from pathlib import Path
from infra import app, settings
from infra.__main__ import without_code
for folder in map(Path, sys.argv[1:]):
    stage = settings.load("options", folder / "settings.yaml")
    app.synth(stage, folder, without_code(), checked=False)
"""


def changed(base: Path, steps: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Templates of the stage `options` with each step's settings instead, by step and concern.

    Not held against the rules: those are for `with_options`.
    """
    if not INFRA.exists():
        pytest.skip("no .venv-infra: `make synth` makes it; CI does (make test-infra)")
    document = yaml.safe_load(FILE.read_text())
    folders = [base / step for step in steps]
    for folder, instead in zip(folders, steps.values(), strict=True):
        stage = document["stages"][STAGE] | OPTIONS | instead
        folder.mkdir()
        written = yaml.safe_dump({**document, "stages": {"options": stage}})
        (folder / "settings.yaml").write_text(written)
    command = [str(INFRA), "-c", SEVERAL, *map(str, folders)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    return {folder.name: _templates(folder) for folder in folders}


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run side by side, and one draft is enough."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "draft.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def findings(folder: Path) -> dict[str, set[str]]:
    """What cdk-nag found and we suppress, by its id -> paths of the constructs it was found at."""
    report = json.loads((folder / "validation-report.json").read_text())
    return {
        one["acknowledgedId"]: {
            at["constructPath"].removesuffix("/Resource") for at in one["violatingConstructs"]
        }
        for pack in report["pluginReports"]
        for one in pack["suppressedViolations"]
    }


@cache
def stacks(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Templates by concern: data, messaging, ..."""
    READ.append(folder)
    return _templates(folder or assembly())


def _templates(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        file.name.split("-", 2)[2].removesuffix(".template.json"): json.loads(file.read_text())
        for file in folder.glob("puente-*.template.json")
    }


def of_type(kind: str, folder: Path | None = None) -> list[Resource]:
    """The properties of all resources of a type, with their references resolved."""
    return [one["Properties"] for one in whole(kind, folder)]


def whole(kind: str, folder: Path | None = None) -> list[Resource]:
    return [
        {**one, "Properties": resolved(one.get("Properties", {}), template), "Name": name}
        for template in stacks(folder).values()
        for name, one in template["Resources"].items()
        if one["Type"] == kind
    ]


def resolved(value: Any, template: dict[str, Any]) -> Any:
    """Intrinsic functions as the text they will give; what has no name yet becomes its id."""
    if isinstance(value, list):
        return [resolved(one, template) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, given),) = value.items()
        if function in _FUNCTIONS:
            return _FUNCTIONS[function](given, template)
    return {key: resolved(one, template) for key, one in value.items()}


PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
_NAMES = ("QueueName", "TopicName", "TableName", "BucketName", "FunctionName", "LogGroupName")
_ARNS = {
    "AWS::SQS::Queue": "sqs:us-east-1:123456789012:",
    "AWS::SNS::Topic": "sns:us-east-1:123456789012:",
    "AWS::Lambda::Function": "lambda:us-east-1:123456789012:function:",
}


def _ref(name: str, template: dict[str, Any]) -> str:
    if name in PSEUDO:
        return PSEUDO[name]
    resource = template["Resources"].get(name, {})
    if resource.get("Type") == "AWS::SNS::Topic":
        return _get_att([name, "TopicArn"], template)
    properties = resource.get("Properties", {})
    return next((properties[key] for key in _NAMES if key in properties), name)


def _get_att(given: Any, template: dict[str, Any]) -> str:
    name, attribute = given
    kind = template["Resources"].get(name, {}).get("Type", "")
    if (kind, attribute) == ("AWS::Logs::LogGroup", "Arn"):
        group = template["Resources"][name]["Properties"]["LogGroupName"]
        return f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*"
    if attribute in ("Arn", "TopicArn") and kind in _ARNS:
        properties = template["Resources"][name]["Properties"]
        own = next((properties[key] for key in _NAMES if key in properties), name)
        return f"arn:aws:{_ARNS[kind]}{own}"
    return f"{name}.{attribute}"


def _exported(name: str, template: dict[str, Any]) -> str:
    made = [stacks(folder) for folder in READ]
    for other in (one for every in made for one in every.values()):
        for output in other.get("Outputs", {}).values():
            if output.get("Export", {}).get("Name") == name:
                return str(resolved(output["Value"], other))
    raise AssertionError(f"nobody exports {name}")


_FUNCTIONS: dict[str, Any] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::ImportValue": _exported,
    "Fn::Join": lambda given, template: given[0].join(
        str(resolved(part, template)) for part in given[1]
    ),
    "Fn::Select": lambda given, template: f"select-{given[0]}",
}
