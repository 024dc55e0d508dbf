"""Puts the synthesized stacks onto the local AWS, in their order."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.rehearsal.local_aws import LocalAws, RehearsalProblem
from infra.rehearsal.templates import fit

ORDER = ("data", "instance", "messaging", "contact-center", "observability", "backup")
STACK_SECONDS = 120
DONE = "CREATE_COMPLETE"


@dataclass
class Deployed:
    """What came of it; lists are for people to read."""

    resources: int = 0
    left_out: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    pointed: tuple[str, ...] = ()


def deploy(
    aws: LocalAws,
    assembly: Path,
    prefix: str,
    *,
    imports: Mapping[str, str],
    environment: Mapping[str, str],
) -> Deployed:
    """Raises RehearsalProblem with the reason of the first resource that failed."""
    deployed = Deployed(pointed=tuple(environment))
    _upload(aws, assembly, prefix)
    for concern in ORDER:
        file = assembly / f"{prefix}-{concern}.template.json"
        fitted = fit(json.loads(file.read_text()), imports=imports, environment=environment)
        deployed.left_out += fitted.left_out
        deployed.changed += fitted.changed
        if fitted.template["Resources"]:
            _create(aws, f"{prefix}-{concern}", fitted.template)
            deployed.resources += len(fitted.template["Resources"])
    return deployed


def not_deployed(assembly: Path, prefix: str) -> list[str]:
    """Concerns of the assembly that are not put onto the local AWS: another region, options."""
    files = assembly.glob(f"{prefix}-*.template.json")
    concerns = {one.name.removeprefix(f"{prefix}-").partition(".")[0] for one in files}
    return sorted(concerns - set(ORDER))


def _upload(aws: LocalAws, assembly: Path, prefix: str) -> None:
    """CDK's assets, where the templates look for them."""
    s3 = aws.client("s3")
    made: set[str] = set()
    for manifest in sorted(assembly.glob(f"{prefix}-*.assets.json")):
        for asset in json.loads(manifest.read_text())["files"].values():
            if asset["source"]["packaging"] != "file" or asset["source"]["path"].endswith(".json"):
                continue
            for place in asset["destinations"].values():
                bucket = _filled(place["bucketName"], aws)
                if bucket not in made:
                    s3.create_bucket(Bucket=bucket)
                    made.add(bucket)
                body = (assembly / asset["source"]["path"]).read_bytes()
                s3.put_object(Bucket=bucket, Key=_filled(place["objectKey"], aws), Body=body)


def _filled(pattern: str, aws: LocalAws) -> str:
    return pattern.replace("${AWS::AccountId}", aws.account).replace("${AWS::Region}", aws.region)


def _create(aws: LocalAws, name: str, template: dict[str, Any]) -> None:
    cloudformation, s3 = aws.client("cloudformation"), aws.client("s3")
    body = json.dumps(template)
    bucket = f"{name}-template"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="template.json", Body=body.encode())
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"{aws.url}/{bucket}/template.json",
        Parameters=[],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    until = time.monotonic() + STACK_SECONDS
    status = ""
    while time.monotonic() < until:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(0.3)
    if status != DONE:
        raise RehearsalProblem(f"stack {name}: {status}; {_reason(cloudformation, name)}")


def _reason(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"{one['LogicalResourceId']} ({one['ResourceType']}): {one.get('ResourceStatusReason', '')}"
        for one in events
        if one["ResourceStatus"].endswith("FAILED")
    ]
    return "; ".join(failed[-3:]) or "no resource says why"
