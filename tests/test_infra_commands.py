"""What an operator is told when the deployment's tools are not as they must be."""

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra import __main__ as commands
from infra import functions, package, settings, wheels
from infra.__main__ import removable
from infra.rehearsal.deploy import not_deployed
from infra.rehearsal.local_aws import LocalAws, RehearsalProblem, chosen_port
from infra.rehearsal.operator import Operator
from infra.rehearsal.run import rehearse
from infra.rehearsal.templates import LOCAL_SECONDS, fit
from infra.rehearsal.with_cdk import finished
from tests.infra_templates import assembly, whole, with_options

ROOT = Path(__file__).parent.parent
MAKE = shutil.which("make") or "make"
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def bare(tmp_path: Path) -> Callable[..., Ran]:
    """Runs a make target where nothing is installed but the given programs (name: script)."""

    def run(target: str, **programs: str) -> Ran:
        shutil.copytree(ROOT / "infra", tmp_path / "infra", dirs_exist_ok=True)
        (tmp_path / "benchmarks").mkdir()
        for file in ("Makefile", "benchmarks/bench.mk"):
            shutil.copy(ROOT / file, tmp_path / file)
        programs_at = tmp_path / "bin"
        programs_at.mkdir()
        for name, script in programs.items():
            file = programs_at / name.replace("_", ".")
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)
        return subprocess.run(
            [MAKE, target],
            cwd=tmp_path,
            env={"PATH": str(programs_at), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


REFUSED = {"Error": {"Code": "ExpiredToken", "Message": "is over"}}


@pytest.mark.parametrize("command", ["link", "env", "has-secrets", "flows", "flow-settings"])
@pytest.mark.parametrize(
    ("problem", "says"),
    [(NoCredentialsError(), "Unable to locate"), (ClientError(REFUSED, "AnyCall"), "ExpiredToken")],
    ids=["none", "expired"],
)
def test_credentials_that_do_not_do_are_told_in_a_line(
    command: str,
    problem: Exception,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def client(_: str) -> None:
        raise problem

    monkeypatch.setattr(commands, "_clients", lambda _: client)
    monkeypatch.setattr(sys, "argv", ["infra", command, "--stage", "prod"])
    assert commands.main() == 1
    told = capsys.readouterr().err
    assert says in told
    assert "AWS_PROFILE" in told


def test_a_missing_node_is_told_before_anything_is_installed(bare: Callable[..., Ran]) -> None:
    ended = bare(".venv-infra/.ready")
    assert ended.returncode != 0
    assert "CDK needs Node.js 20 or later: https://nodejs.org" in ended.stderr


@pytest.mark.parametrize(
    ("environment", "needed"),
    [
        (".venv/bin/python", "Python 3.11 to 3.14"),
        (".venv-infra/.ready", "Python 3.11 to 3.14"),
        (".venv-rehearsal/.ready", "Python 3.13, as AWS runs the functions with"),
    ],
)
def test_another_python_is_told_with_the_one_that_is_needed(
    bare: Callable[..., Ran], environment: str, needed: str
) -> None:
    ended = bare(environment, node="echo v22.1.0", python3="exit 1")
    assert ended.returncode != 0
    assert f"needs {needed}" in ended.stderr
    assert "install" in ended.stderr.lower()


def test_the_python_of_the_functions_is_taken_before_a_newer_one(bare: Callable[..., Ran]) -> None:
    ended = bare(".venv/bin/python", python3_13="echo Python 3.13.9", python3_14="exit 0")
    assert "making .venv with Python 3.13.9" in ended.stdout


def test_a_newer_python_does_where_it_is_the_only_one(bare: Callable[..., Ran]) -> None:
    ended = bare(".venv/bin/python", python3_13="exit 1", python3="echo Python 3.14.8")
    assert "making .venv with Python 3.14.8" in ended.stdout


@pytest.mark.parametrize(
    ("programs", "told"),
    [({}, "CDK needs Node.js 20 or later"), ({"node": "echo v18.20.1"}, "v18.20.1 is too old")],
)
def test_the_templates_need_node(programs: dict[str, str], told: str, tmp_path: Path) -> None:
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-m", "infra", "synth"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wheels_are_chosen_for_the_functions_whatever_python_runs_this(tmp_path: Path) -> None:
    """Wheels of another Python would not start in AWS."""
    command = wheels.install(["av==19.0.2"], tmp_path)
    assert ("--python-version", functions.RUNTIME.removeprefix("python")) in pairwise(command)
    assert "--only-binary=:all:" in command
    # `pip install` asks its own Python, else: PyAV would be refused by 3.11, which may deploy, too.
    assert "--ignore-requires-python" in command


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        ("idna>=3.4; python_version < '3.14'", ["idna>=3.4; python_version < '3.14'"]),
        ("idna>=3.4; python_version < '3.13'", []),
        ("colorama; sys_platform == 'win32'", []),
        ("Typing_Extensions>=4.1; extra == 'all'", []),
        ("Six>=1.5", []),
        ("six>=2", ["six>=2"]),
    ],
)
def test_what_a_package_asks_for_in_lambda_and_pip_left_out_is_told(
    asks: str, told: list[str], tmp_path: Path
) -> None:
    """pip reads such conditions with the Python that runs it."""
    zip_file = tmp_path / "code.zip"
    with zipfile.ZipFile(zip_file, "w") as archive:
        for name, lines in {"openai-3.52.0": f"Requires-Dist: {asks}\n", "six-1.17.0": ""}.items():
            head = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n".format(*name.split("-"))
            archive.writestr(f"{name}.dist-info/METADATA", head + lines)
    assert wheels.lacking(zip_file) == told


def test_the_layer_has_the_one_pyav_of_the_functions_python() -> None:
    code, layer = package.requirements()
    assert [pin for pin in layer if pin.startswith("av==")] == [
        'av==19.0.2; python_version >= "3.12"'
    ]
    assert not {"av", "pillow", "pi-heif", "chalice"} & {pin.partition("=")[0] for pin in code}


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("port", ["abc", "0", "80000", "-1"])
def test_a_port_that_is_none_is_told(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSAL_PORT", port)
    with pytest.raises(RehearsalProblem, match=f"REHEARSAL_PORT is '{port}': a number from 1"):
        chosen_port()


def test_a_taken_port_is_told_with_the_way_out(taken: int, tmp_path: Path) -> None:
    aws = LocalAws(
        Path(sys.executable),
        port=taken,
        account="123456789012",
        region="us-east-1",
        log=tmp_path / "log",
    )
    with pytest.raises(RehearsalProblem, match=f"port {taken} .* is taken.*REHEARSAL_PORT"), aws:
        pass


def test_the_local_aws_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    """It unpacks each function, up to 320 MB, and does not tidy up: in a place that is removed."""
    stand_in = tmp_path / "local-aws"
    stand_in.write_text(
        "#!/bin/sh\nmktemp -d\n"
        f'exec {sys.executable} -m http.server "$GATEWAY_PORT" --bind 127.0.0.1\n'
    )
    stand_in.chmod(0o755)
    (tmp_path / "_ministack").mkdir()
    (tmp_path / "_ministack" / "health").touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "of one that was killed").touch()
    log = tmp_path / "log"
    with LocalAws(stand_in, port=port, account="1", region="us-east-1", log=log):
        (unpacked,) = (tmp_path / "scratch").iterdir()
        assert unpacked.is_dir()
    assert not (tmp_path / "scratch").exists()


def test_a_rehearsal_without_templates_says_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.rehearsal.run.PYTHON", Path(sys.executable))
    with pytest.raises(RehearsalProblem, match="make synth"):
        rehearse(settings.load("dev"), settings.FILE, tmp_path, print)
    monkeypatch.setattr("infra.rehearsal.run.PYTHON", tmp_path / "none")
    with pytest.raises(RehearsalProblem, match="make rehearse"):
        rehearse(settings.load("dev"), settings.FILE, tmp_path, print)


def test_an_operators_command_that_fails_ends_the_rehearsal_with_what_it_said() -> None:
    """The shell knows nothing here, not even a stage's settings."""
    knows = object.__new__(Operator)
    knows.environment = {"PATH": os.environ["PATH"]}
    with pytest.raises(RehearsalProblem, match=r"(?s)ended with 2: .*INBOUND_QUEUE"):
        knows.letters()


def told_to_run(target: str) -> list[str]:
    """What make would run for a target, without running it."""
    command = [MAKE, "--dry-run", "--always-make", "STAGE=prod", target]
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return planned.stdout.splitlines()


def places(lines: list[str], *words: str) -> list[int]:
    """Where in the plan each of these commands comes."""
    return [next(n for n, line in enumerate(lines) if word in line) for word in words]


def test_a_deployment_asks_first_and_publishes_flows_after_the_stacks() -> None:
    """Flows name functions; the account's events come when somebody is there to take them."""
    lines = told_to_run("deploy")
    steps = (
        "infra ready",
        "infra synth",
        "infra may-sign",
        "deploy --app build/cdk/prod",
        "infra flows",
        "infra pages",
        "infra link",
        "infra has-secrets",
    )
    assert places(lines, *steps) == sorted(places(lines, *steps))
    (deployed,) = [line for line in lines if "aws-cdk" in line]
    assert "--all" in deployed
    assert all("--stage prod" in line for line in lines if "-m infra" in line)


def test_data_can_be_deployed_alone_to_restore_into() -> None:
    (line,) = [line for line in told_to_run("deploy-data") if "aws-cdk" in line]
    assert line.endswith('"*-data" "*-copies"')


def test_taking_away_asks_and_leaves_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`destroy` has no --force: cdk asks; stacks with data are not named, and are protected."""
    (line,) = [line for line in told_to_run("destroy") if "aws-cdk" in line]
    assert "--force" not in line
    kept = [
        one
        for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")
        for one in whole(kind)
    ]
    assert kept
    assert {one["DeletionPolicy"] for one in kept} == {"Retain"}
    manifest = json.loads((assembly() / "manifest.json").read_text())["artifacts"]
    stacks = {
        name: one["properties"].get("terminationProtection", False)
        for name, one in manifest.items()
        if one["type"] == "aws:cloudformation:stack"
    }
    protected = {name for name, kept_by_aws in stacks.items() if kept_by_aws}
    assert protected == {f"puente-prod-{name}" for name in ("data", "copies", "backup", "instance")}
    monkeypatch.setattr("infra.__main__.assembly", lambda _: assembly())
    removable(settings.load("prod"))
    named = set(capsys.readouterr().out.split())
    assert named == set(stacks) - protected


def test_the_order_in_which_cdk_ticks_stacks_off_is_read() -> None:
    """`make rehearse-cdk` compares a second deployment with the first."""
    told = "\n".join(
        [
            "x | CREATE_COMPLETE",
            " ✅  puente-dev-copies",
            "Outputs:",
            " ✅  puente-dev-data (no changes)",
        ]
    )
    assert finished(told) == ["puente-dev-copies", "puente-dev-data"]


def test_the_examples_settings_are_refused_before_anything_is_built() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "infra", "ready", "--stage", "prod"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "account is the example 123456789012: write yours" in ended.stderr
    assert "whatsapp.numbers holds the example" in ended.stderr


def test_an_unknown_stage_is_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "infra", "flows", "--stage", "production"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "settings.yaml: no stage production; there are dev, prod"


def test_a_stack_that_is_not_rehearsed_is_told() -> None:
    assert not_deployed(assembly(), "puente-prod") == ["copies"]
    assert {"cdn", "network", "worker"} <= set(not_deployed(with_options(), "puente-options"))


def test_what_the_local_aws_lacks_is_left_out_and_told() -> None:
    """With everything that only refers to it; what it knows stays as it was synthesized."""
    function = {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Flow", "Role"],
        "Properties": {"Timeout": 10, "Environment": {"Variables": {"A": "1"}}},
    }
    template = {
        "Resources": {
            "Flow": {"Type": "AWS::Connect::ContactFlow", "Properties": {}},
            "Burn": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
            "Age": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "x"}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"X": {"Fn::ImportValue": "flow"}}},
            "Function": function,
        },
        "Outputs": {"FlowArn": {"Value": {"Fn::GetAtt": ["Flow", "Arn"]}}},
    }
    fitted = fit(template, imports={"flow": "arn"}, environment={"B": "2"})
    made = fitted.template["Resources"]
    assert fitted.left_out == ["AWS::Connect::ContactFlow  Flow", "AWS::CloudWatch::Alarm  Burn"]
    assert set(made) == {"Age", "Role", "Function"}
    assert made["Role"]["Properties"]["X"] == "arn"
    assert made["Function"]["DependsOn"] == ["Role"]
    assert made["Function"]["Properties"]["Environment"]["Variables"] == {"A": "1", "B": "2"}
    assert made["Function"]["Properties"]["Timeout"] == LOCAL_SECONDS
    assert fitted.template["Outputs"] == {}
    assert fitted.changed == ["Function"]
    assert function["Properties"]["Timeout"] == 10
