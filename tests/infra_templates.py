"""The synthesized templates of a stage, made when they are not there, with references resolved."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra import inputs

ROOT = Path(__file__).parent.parent
STAGE = "prod"
PREFIX = f"puente-{STAGE}"
INFRA = ROOT / ".venv-infra" / "bin" / "python"
Resource = dict[str, Any]


@cache
def assembly() -> Path:
    """A current assembly: of `make synth`, of an earlier test run, or made now."""
    for folder in (ROOT / "build" / "cdk" / STAGE, ROOT / "build" / "cdk-draft" / STAGE):
        if inputs.is_current(folder):
            return folder
    if not INFRA.exists():
        pytest.skip("no .venv-infra: `make synth` makes it; CI does (make test-infra)")
    command = [str(INFRA), "-m", "infra", "draft", "--stage", STAGE]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    return ROOT / "build" / "cdk-draft" / STAGE


@cache
def stacks() -> dict[str, dict[str, Any]]:
    """Templates by concern: data, messaging, ..."""
    files = assembly().glob(f"{PREFIX}-*.template.json")
    return {
        file.name.removeprefix(f"{PREFIX}-").removesuffix(".template.json"): json.loads(
            file.read_text()
        )
        for file in files
    }


def of_type(kind: str) -> list[Resource]:
    """The properties of all resources of a type, with their references resolved."""
    return [one["Properties"] for one in whole(kind)]


def whole(kind: str) -> list[Resource]:
    return [
        {**one, "Properties": resolved(one.get("Properties", {}), template), "Name": name}
        for template in stacks().values()
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
    if attribute in ("Arn", "TopicArn") and kind in _ARNS:
        properties = template["Resources"][name]["Properties"]
        own = next(properties[key] for key in _NAMES if key in properties)
        return f"arn:aws:{_ARNS[kind]}{own}"
    return f"{name}.{attribute}"


def _exported(name: str, template: dict[str, Any]) -> str:
    for other in stacks().values():
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
