"""The deployment's command line: `python -m infra COMMAND --stage NAME`.

`package`, `synth` and `check` need `.venv-infra`; the others the product's environment.
`make help-infra` lists the usual order.
"""

import argparse
import getpass
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.settings import SettingsProblem, Stage, load

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
OLDEST_NODE = 20
# W3005: CDK writes a DependsOn that a GetAtt implies already.
LINT = ["cfn-lint", "--ignore-checks", "W3005", "--template"]


class Problem(Exception):
    """Told to the user as it is."""


def assembly(stage: Stage) -> Path:
    return BUILD / "cdk" / stage.name


def draft(stage: Stage) -> None:
    """Templates without the package, for the tests: the rules are checked, nothing to deploy."""
    empty = (BUILD / "empty-code.zip", BUILD / "empty-layer.zip")
    BUILD.mkdir(exist_ok=True)
    for path in empty:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("README", path.name)
    _synth(stage, BUILD / "cdk-draft" / stage.name, empty)


def package(_: Stage) -> None:
    from infra import package as packaging

    code, layer = _built()
    for path in (code, layer):
        zipped, unzipped = path.stat().st_size >> 20, packaging.unzipped(path) >> 20
        print(f"{path.relative_to(ROOT)}: {zipped} MB, {unzipped} MB unzipped")


def synth(stage: Stage) -> None:
    _synth(stage, assembly(stage), _built())


def _built() -> tuple[Path, Path]:
    from infra.package import PackageProblem, build

    try:
        return build()
    except PackageProblem as problem:
        raise Problem(str(problem)) from problem


def _synth(stage: Stage, out: Path, zips: tuple[Path, Path]) -> None:
    _need_node()
    from infra import app, inputs

    shutil.rmtree(out, ignore_errors=True)
    app.synth(stage, out, zips)
    templates = sorted(out.glob("*.template.json"))
    subprocess.run(  # noqa: S603  (arguments are ours)
        [str(Path(sys.executable).parent / LINT[0]), *LINT[1:], *map(str, templates)], check=True
    )
    (out / inputs.STAMP).write_text(inputs.fingerprint())
    print(f"{len(templates)} stacks in {out.relative_to(ROOT)}: rules and lint passed")


def rehearse(stage: Stage) -> None:
    from infra.rehearsal.local_aws import RehearsalProblem
    from infra.rehearsal.run import rehearse as run

    try:
        run(stage, assembly(stage), lambda line: print(line, flush=True))
    except RehearsalProblem as problem:
        raise Problem(str(problem)) from problem


def link(stage: Stage) -> None:
    from infra.link import LinkProblem
    from infra.link import link as set_destination

    try:
        linked = set_destination(stage, _clients(stage))
    except LinkProblem as problem:
        raise Problem(str(problem)) from problem
    print(f"{linked.waba}: events go to {linked.destination}{' (now)' if linked.changed else ''}")
    print(f"numbers: {', '.join(linked.numbers)}")


def ai_key(stage: Stage) -> None:
    from infra.link import put_ai_key

    key = getpass.getpass("Key of the speech and language service: ").strip()
    if not key:
        raise Problem("nothing was entered; the secret is as it was")
    new = put_ai_key(stage, _clients(stage), key)
    print("created" if new else "replaced; `make deploy` hands it to the functions")


def has_ai_key(stage: Stage) -> None:
    from infra.link import has_ai_key as present

    if not present(stage, _clients(stage)):
        raise Problem(f"no AI key yet: python -m infra ai-key --stage {stage.name}")


def flow_settings(stage: Stage) -> None:
    from infra.flow_settings import of_instance, stage_section

    print(
        stage_section(stage.name, stage.region, stage.account, of_instance(stage, _clients(stage)))
    )


COMMANDS: dict[str, tuple[Callable[[Stage], None], str]] = {
    "package": (package, "build the zip and the media layer"),
    "synth": (synth, "templates, rule packs, cfn-lint"),
    "draft": (draft, "the same without the package, for the tests"),
    "rehearse": (rehearse, "deploy to a local AWS and hold a conversation"),
    "ai-key": (ai_key, "put the AI service's key into Secrets Manager"),
    "has-ai-key": (has_ai_key, "fail when that key is missing"),
    "link": (link, "send the WhatsApp account's events to us and check its numbers"),
    "flow-settings": (flow_settings, "print the stage's section of contact_flows/settings.yaml"),
}


def _clients(stage: Stage) -> Callable[[str], Any]:
    import boto3

    return lambda service: boto3.client(service, region_name=stage.region)


def _need_node() -> None:
    try:
        told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
    except (FileNotFoundError, subprocess.CalledProcessError) as missing:
        raise Problem(f"CDK needs Node.js {OLDEST_NODE} or later: https://nodejs.org") from missing
    if int(told.stdout.strip().lstrip("v").partition(".")[0]) < OLDEST_NODE:
        raise Problem(f"Node.js {told.stdout.strip()} is too old; CDK needs {OLDEST_NODE} or later")


def main() -> int:
    """0 when it worked, 1 with one line that says what to do, else."""
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in COMMANDS.items():
        commands.add_parser(name, help=about).add_argument("--stage", default="dev")
    chosen = parser.parse_args()
    try:
        COMMANDS[chosen.command][0](load(chosen.stage))
    except (Problem, SettingsProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
