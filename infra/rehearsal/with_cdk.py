"""`make deploy` and `make destroy` themselves, with CDK's own program, on a local AWS.

The rehearsal that holds the conversation hands the templates to CloudFormation in an order of its
own. This one shows what that leaves open: that an account can be prepared, that CDK finds an order
in which the stacks can be made, that a second deployment changes nothing, and what a `destroy`
leaves. Nobody talks here.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from infra import package
from infra.names import Names, flow_export
from infra.rehearsal.local_aws import KEY, LocalAws, RehearsalProblem, chosen_port
from infra.rehearsal.run import FOLDER, PYTHON
from infra.rehearsal.templates import fit
from infra.settings import Stage

Say = Callable[[str], None]
CDK = "npx --yes aws-cdk@2"  # infra.mk names the version
INSTANCE = "11111111-1111-4111-8111-111111111111"
UNCHANGED = "(no changes)"
TOLD = 2000  # of what CDK says when it fails
# What an empty stack holds: all of its resources are unknown to the local AWS.
NOTHING = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}


def rehearse_cdk(stage: Stage, assembly: Path, removable: Sequence[str], say: Say) -> None:
    """Raises RehearsalProblem with what CDK said."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    FOLDER.mkdir(parents=True, exist_ok=True)
    app = _fitted(assembly, stage, say)
    log = FOLDER / "ministack.log"
    port = chosen_port()
    with LocalAws(PYTHON, port=port, account=stage.account, region=stage.region, log=log) as aws:
        cdk = _Cdk(aws, app)
        for region in (stage.region, stage.backup.copy_region):
            cdk.run("bootstrap", f"aws://{stage.account}/{region}")
            say(f"{region} is prepared")
        made = cdk.run("deploy", *cdk.app, "--require-approval", "never", "--all")
        say(f"deployed, in this order: {', '.join(finished(made))}")
        again = cdk.run("deploy", *cdk.app, "--require-approval", "never", "--all")
        if again.count(UNCHANGED) != len(finished(made)):
            raise RehearsalProblem(f"a second deployment changed something: {again[-TOLD:]}")
        say("deployed again: nothing changed")
        cdk.run("destroy", *cdk.app, "--force", *removable)
        say(f"taken away: {', '.join(removable)}")
        _look_at_what_stays(aws, at, stage, say)


def finished(told: str) -> list[str]:
    """The stacks that CDK ticks off, in its order."""
    lines = [line for line in told.splitlines() if line.strip().startswith("✅")]
    return [line.split()[1] for line in lines]


def _look_at_what_stays(aws: LocalAws, at: Names, stage: Stage, say: Say) -> None:
    tables = set(aws.client("dynamodb").list_tables()["TableNames"])
    stays = {at.conversations, at.messages} <= tables
    if stays != stage.keep_data:
        raise RehearsalProblem(f"keep_data is {stage.keep_data}, and the tables left are {tables}")
    say(f"tables {'stay' if stays else 'are gone'}: keep_data is {str(stage.keep_data).lower()}")


def _fitted(assembly: Path, stage: Stage, say: Say) -> Path:
    """A copy of the assembly without what the local AWS does not know."""
    app = FOLDER / "assembly"
    shutil.rmtree(app, ignore_errors=True)
    shutil.copytree(assembly, app)
    flows = {f"{stage.prefix}-{flow_export(flow)}": _flow(stage) for flow in stage.whatsapp.flows}
    imports = {f"{stage.prefix}-instance-id": INSTANCE, **flows}
    left = 0
    for file in app.glob("*.template.json"):
        fitted = fit(json.loads(file.read_text()), imports=imports, environment={})
        fitted.template["Resources"] = fitted.template["Resources"] or NOTHING
        file.write_text(json.dumps(fitted.template))
        left += len(fitted.left_out)
    say(f"{left} resources are left out, the local AWS does not know them (make rehearse: which)")
    return app


def _flow(stage: Stage) -> str:
    at = f"arn:aws:connect:{stage.region}:{stage.account}:instance/{INSTANCE}"
    return f"{at}/contact-flow/{INSTANCE}"


class _Cdk:
    """CDK's program, which finds the local AWS as it finds the real one: by its environment."""

    def __init__(self, aws: LocalAws, app: Path) -> None:
        self.app = ("--app", str(app))
        self._command = shlex.split(os.environ.get("CDK", CDK))
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", ""),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": aws.region,
        }

    def run(self, *arguments: str) -> str:
        ended = subprocess.run(  # noqa: S603  (our own arguments)
            [*self._command, *arguments],
            env=self._environment,
            cwd=package.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        told = ended.stdout + ended.stderr
        if ended.returncode:
            raise RehearsalProblem(f"cdk {arguments[0]} failed: {told[-TOLD:]}")
        return told
