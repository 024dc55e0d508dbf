"""The contact flows of a stage: published into its instance, with what its stacks made.

Flows, queues, hours and views of a stage begin with its prefix in the instance. `contact_flows`
does not know the stages of a deployment: a copy with the section of this one is what flowkit
publishes.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from flowkit.instance import Instance
from flowkit.publish import Change, History, publish, rollback
from infra.installed import exported
from infra.names import Names
from infra.problem import Problem
from infra.settings import FLOWS, Stage

BUILD = Path(__file__).parent.parent / "build" / "flows"
UNPUBLISHED = "not-published-yet"  # replaced by the id the instance gives


class FlowsProblem(Problem):
    """Flows cannot be published yet; the message says what comes first."""


def instance_of(stage: Stage, clients: Callable[[str], Any]) -> str:
    """The id of the stage's Connect instance. Raises FlowsProblem before it is there."""
    if stage.connect.instance_id:
        return stage.connect.instance_id
    found = exported(clients, f"{stage.prefix}-instance-id")
    if not found:
        raise FlowsProblem(f"there is no instance yet: make deploy STAGE={stage.name}")
    return found


def section(stage: Stage, instance: str, folder: Path = FLOWS) -> dict[str, Any]:
    """What `contact_flows/settings.yaml` says of a stage under `stages`."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    return {
        "region": stage.region,
        "account": stage.account,
        "instance": instance,
        "name_prefix": at.in_instance,
        "flows": _unpublished(folder),
        "modules": _unpublished(folder / "modules"),
        "views": _unpublished(folder / "views", ".json"),
    }


def _unpublished(folder: Path, ending: str = ".json.j2") -> dict[str, dict[str, str]]:
    names = sorted(file.name.removesuffix(ending) for file in folder.glob(f"*{ending}"))
    return {name: {"id": UNPUBLISHED} for name in names}


def staged(stage: Stage, instance: str, folder: Path = FLOWS) -> Path:
    """A copy of the flows that knows this stage."""
    target = BUILD / stage.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(".published"))
    file = target / "settings.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    values["stages"] = {stage.name: section(stage, instance, folder)}
    values["lambdas"] = {
        name: pattern.replace("puente-{stage}", stage.prefix)
        for name, pattern in values["lambdas"].items()
    }
    file.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return target


def roll_back(
    stage: Stage, clients: Callable[[str], Any], name: str, *, folder: Path = FLOWS
) -> str:
    """Publish again what the last change of a flow replaced; gives its kind."""
    return rollback(name, _instance(stage, clients), History(folder / ".published" / stage.name))


def publish_all(
    stage: Stage,
    clients: Callable[[str], Any],
    tell: Callable[[Change], None],
    *,
    dry_run: bool = False,
    folder: Path = FLOWS,
) -> list[Change]:
    """Render, lint, compare, publish what differs. Raises FlowsProblem and flowkit's PublishError.

    What is replaced is kept under `contact_flows/.published/<stage>` and as versions in Connect.
    """
    instance = _instance(stage, clients)
    history = History(folder / ".published" / stage.name)
    copy = staged(stage, instance.id, folder)
    return publish(copy, stage.name, instance, history, tell, dry_run=dry_run)


def _instance(stage: Stage, clients: Callable[[str], Any]) -> Instance:
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    return Instance(instance_of(stage, clients), clients("connect"), prefix=at.in_instance)
