"""The deployment's command line: `python -m infra COMMAND --stage NAME`.

`package`, `synth` and `check` need `.venv-infra`; the others the product's environment.
docs/operations.md, "Install", has the usual order.
"""

import argparse
import getpass
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.names import AI_KEY, LINK_KEY, SECRETS
from infra.problem import Problem
from infra.settings import FILE, Stage, load

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
OLDEST_NODE = 20
WHO = "Whose credentials these are says `aws sts get-caller-identity`; AWS_PROFILE chooses others."
FOR_WANT = {
    AI_KEY: "voice notes wait for their key: python -m infra secret",
    LINK_KEY: "its private half is missing: python -m infra secret --setting MEDIA_LINK_KEY --file "
    "link-key.pem",
}
LINT = ["cfn-lint", "--template"]


def assembly(stage: Stage) -> Path:
    return BUILD / "cdk" / stage.name


def draft(stage: Stage) -> None:
    """Templates without the package, for the tests: the rules are checked, nothing to deploy."""
    _synth(stage, BUILD / "cdk-draft" / stage.name, without_code())


def without_code() -> tuple[Path, Path]:
    """In place of the package and the layer."""
    empty = (BUILD / "empty-code.zip", BUILD / "empty-layer.zip")
    BUILD.mkdir(exist_ok=True)
    for path in empty:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("README", path.name)
    return empty


def package(_: Stage) -> None:
    from infra import package as packaging

    code, layer = _built()
    for path in (code, layer):
        zipped, unzipped = path.stat().st_size >> 20, packaging.unzipped(path) >> 20
        print(f"{path.relative_to(ROOT)}: {zipped} MB, {unzipped} MB unzipped")


def synth(stage: Stage) -> None:
    _need_node()
    _synth(stage, assembly(stage), _built())


def _built() -> tuple[Path, Path]:
    from infra.package import build

    return build()


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
    _tell_suppressed(stage)


def _tell_suppressed(stage: Stage) -> None:
    """What the packs would find besides: counted here, so that nobody has to look for it."""
    from infra.nag_reasons import acknowledged, suppressions

    suppressed = suppressions(stage)
    print(
        f"suppressed: {len(suppressed)} rules of cdk-nag ({len(acknowledged(suppressed))} "
        "findings), each with its reason in infra/nag_reasons.py"
    )


def rehearse(stage: Stage, settings: Path = FILE) -> None:
    from infra.rehearsal.run import rehearse as run

    run(stage, settings, assembly(stage), lambda line: print(line, flush=True))


def rehearse_cdk(stage: Stage) -> None:
    from infra.rehearsal.with_cdk import rehearse_cdk as run

    run(stage, assembly(stage), _removable(stage), lambda line: print(line, flush=True))


def removable(stage: Stage) -> None:
    print(*_removable(stage), sep="\n")


def _removable(stage: Stage) -> list[str]:
    """The stacks that are not protected."""
    manifest = json.loads((assembly(stage) / "manifest.json").read_text())["artifacts"]
    return [
        name
        for name, one in manifest.items()
        if one["type"] == "aws:cloudformation:stack"
        and not one["properties"].get("terminationProtection")
    ]


def ready(stage: Stage) -> None:
    from infra.settings import examples

    found = examples(stage)
    if found:
        raise Problem("\n".join(f"settings.yaml: stage {stage.name}: {one}" for one in found))


def link(stage: Stage) -> None:
    from infra.link import link as set_destination

    for one in set_destination(stage, _clients(stage)):
        print(f"{one.waba}: events go to {one.destination}{' (now)' if one.changed else ''}")
        print(f"numbers: {', '.join(one.numbers)}")


def secret(stage: Stage, setting: str = AI_KEY, file: str = "") -> None:
    from infra.stage_secrets import put

    asked = f"{setting} of stage {stage.name}: "
    try:
        value = (Path(file).read_text(encoding="utf-8") if file else getpass.getpass(asked)).strip()
        new = put(stage, _clients(stage), setting, value) if value else None
    except OSError as problem:
        raise Problem(f"{file} cannot be read: {problem.strerror}") from problem
    if new is None:
        raise Problem("nothing was entered; the secret is as it was")
    print("created" if new else "replaced; functions that run know it within five minutes")


def has_secrets(stage: Stage) -> None:
    from infra.stage_secrets import missing

    lacking = missing(stage, _clients(stage))
    if lacking:
        raise Problem("\n".join(f"{FOR_WANT[one]} (--stage {stage.name})" for one in lacking))


def may_sign(stage: Stage) -> None:
    from infra import stage_secrets

    if not stage_secrets.may_sign(stage, _clients(stage)):
        raise Problem(f"cdn.public_key is to sign links, but {FOR_WANT[LINK_KEY]}")


def env(stage: Stage) -> None:
    from infra.installed import exports

    print(*exports(stage, _clients(stage)), sep="\n")


def flows(stage: Stage, *, dry_run: bool = False, rollback: str = "") -> None:
    from flowkit.instance import PublishError
    from infra import flows as publishing

    try:
        if rollback:
            kind = publishing.roll_back(stage, _clients(stage), rollback)
            print(f"{rollback}: the former one of the {kind} is published again")
            return
        changes = publishing.publish_all(stage, _clients(stage), _tell, dry_run=dry_run)
    except PublishError as problem:
        raise Problem(str(problem)) from problem
    changed = sum(change.what != "unchanged" for change in changes)
    print(f"{changed} of {len(changes)} flows {'would change' if dry_run else 'changed'}")


def _tell(change: Any) -> None:
    print(f"{change.name}: {change.what}", *change.differences, sep="\n    ")


def pages(stage: Stage, *, dry_run: bool = False) -> None:
    from infra.pages import publishing

    if dry_run:
        print(*publishing.written(stage, BUILD / "pages" / stage.name), sep="\n")
        return
    if not stage.cdn.domain:
        print("no pages: without cdn.domain, S3 itself answers a link")
        return
    for one in publishing.publish(stage, _clients(stage)):
        print(f"{one.key}: {'published' if one.changed else 'unchanged'}")


def flow_settings(stage: Stage) -> None:
    import yaml

    from infra.flows import instance_of, section

    found = section(stage, instance_of(stage, _clients(stage)))
    print(yaml.safe_dump({"stages": {stage.name: found}}, sort_keys=False))


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "package": (package, "build the zip and the media layer"),
    "synth": (synth, "templates, rule packs, cfn-lint"),
    "draft": (draft, "the same without the package, for the tests"),
    "ready": (ready, "fail while the settings are still the example's; `make deploy` asks first"),
    "rehearse-cdk": (rehearse_cdk, "deploy, deploy again and destroy with cdk, on a local AWS"),
    "removable": (removable, "print the stacks that `make destroy` takes: all but kept data"),
    "rehearse": (rehearse, "deploy to a local AWS and hold a conversation"),
    "secret": (secret, "put a secret into Secrets Manager: the AI key, or another --setting"),
    "has-secrets": (has_secrets, "fail when the AI key or the key of links is missing"),
    "may-sign": (may_sign, "fail when a key is to sign links that is no secret yet"),
    "env": (env, 'print the deployed settings for a shell: eval "$(python -m infra env)"'),
    "link": (link, "send the WhatsApp account's events to us and check its numbers"),
    "flows": (flows, "publish the contact flows: --dry-run, --rollback NAME"),
    "pages": (pages, "publish CloudFront's pages; --dry-run: into build/pages, to look at"),
    "flow-settings": (flow_settings, "print the stage's section of contact_flows/settings.yaml"),
}


def _clients(stage: Stage) -> Callable[[str], Any]:
    import boto3

    def client(service: str) -> Any:
        return boto3.client(service, region_name=stage.region)  # type: ignore[call-overload]

    return client


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
        options = commands.add_parser(name, help=about)
        options.add_argument("--stage", default="dev")
        options.add_argument("--settings", default=FILE, help="another file than settings.yaml")
        if name == "secret":
            options.add_argument("--setting", choices=SECRETS, default=AI_KEY)
            options.add_argument("--file", default="", help="holds it, where it has several lines")
        if name in ("flows", "pages"):
            options.add_argument("--dry-run", action="store_true", help="only show, change nothing")
        if name == "flows":
            options.add_argument("--rollback", default="", help="bring back what a flow was before")
    chosen = vars(parser.parse_args())
    command, stage = COMMANDS[chosen.pop("command")][0], chosen.pop("stage")
    settings = Path(chosen.pop("settings"))
    if command is rehearse:  # which has the stage read by a process of its own
        chosen["settings"] = settings
    try:
        command(load(stage, settings), **chosen)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as problem:
        print(f"AWS: {problem}. {WHO}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
