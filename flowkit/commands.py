"""`python -m flowkit scenario|coverage`: what the flows of a folder do, and how much is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from flowkit import bundle as bundles
from flowkit.bundle import Bundle
from flowkit.coverage import Coverage, measure
from flowkit.engine import Event
from flowkit.model import FlowError
from flowkit.reference import actions_table
from flowkit.render import RenderError
from flowkit.scenario import Outcome, Scenario, ScenarioError, read_scenarios, run_scenario
from flowkit.scenario.connect_tests import from_connect, to_connect
from flowkit.scenario.report import as_text
from flowkit.scenario.running import sentences
from flowkit.scenario.surroundings import Maker, Nothing, named
from flowkit.scenario.update import can_update, update
from flowkit.stand_in import Function, answering

#: Times a scenario file is rewritten before an update gives up: one per changed step.
MAX_UPDATES = 200

Stage = Annotated[str, typer.Option(help="A stage of settings.yaml.")]
Functions = Annotated[
    str | None, typer.Option(help="module:callable that gives real functions; default: stand-ins")
]


def scenario(
    paths: Annotated[list[Path] | None, typer.Argument(help="Scenario files or folders.")] = None,
    *,
    flows: Annotated[Path | None, typer.Option(help="default: the folder above")] = None,
    functions: Functions = None,
    rewrite: Annotated[bool, typer.Option("--update", help="Write what happens now.")] = False,
    only: Annotated[str, typer.Option(help="Scenarios whose name has this.")] = "",
    verbose: Annotated[bool, typer.Option(help="Name what holds, too.")] = False,
    steps: Annotated[bool, typer.Option("--steps", help="List every step there is.")] = False,
    stage: Stage = "sandbox",
) -> None:
    """Run scenarios; exit 1 when one does not hold."""
    if steps:
        typer.echo("\n".join(sentences()))
        return
    try:
        chosen = paths or [Path("contact_flows/scenarios")]
        folder = flows or flows_of(chosen[0])
        again = partial(run_all, chosen, folder, stage, functions, only)
        outcomes = _updated(again(), again) if rewrite else again()
    except (ScenarioError, RenderError, FlowError, LookupError) as error:
        raise stop(str(error)) from error
    typer.echo(as_text(outcomes, each=verbose))
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)


def coverage(
    folder: Annotated[Path, typer.Argument(help="Flows, with their scenarios/")] = Path(
        "contact_flows"
    ),
    *,
    minimum: Annotated[float, typer.Option("--min", help="Percent of branches.")] = 0.0,
    functions: Functions = None,
    stage: Stage = "sandbox",
) -> None:
    """Actions and branches the scenarios take; exit 1 below --min or when one fails."""
    try:
        bundle = bundles.load(folder, stage)
        outcomes = run_all([folder / "scenarios"], folder, stage, functions)
    except (ScenarioError, RenderError, FlowError, LookupError) as error:
        raise stop(str(error)) from error
    covered = measured(bundle, (event for outcome in outcomes for event in outcome.events))
    typer.echo("\n".join(line for name, one in covered.items() for line in _told(name, one)))
    lowest = min((one.percent for one in covered.values()), default=0.0)
    failed = [outcome for outcome in outcomes if outcome.failure]
    if failed:
        typer.echo(as_text(failed))
    if failed or lowest < minimum:
        raise typer.Exit(1)


def run_all(
    paths: list[Path], folder: Path, stage: str, functions: str | None, only: str = ""
) -> list[Outcome]:
    """Every scenario under the paths on the flows of a folder."""
    bundle = bundles.load(folder, stage)
    around: Maker = named(functions) if functions else Nothing
    answers = stand_ins(folder / "stand_ins.yaml")
    chosen: list[Scenario] = [one for one in read_scenarios(paths) if only in one.name]
    return [run_scenario(one, bundle, answers, around) for one in chosen]


def measured(bundle: Bundle, events: Iterable[Event]) -> dict[str, Coverage]:
    """Coverage of every flow and module of a bundle."""
    listed = list(events)
    return {name: measure(f, listed) for name, f in {**bundle.flows, **bundle.modules}.items()}


def flows_of(path: Path) -> Path:
    """The folder whose flows a scenario file or folder is about: where settings.yaml lies."""
    for folder in (path, *path.parents):
        if (folder / "settings.yaml").exists():
            return folder
    return path.parent


def stand_ins(path: Path) -> dict[str, Function]:
    """What functions answer unless something else says otherwise: name -> flat result."""
    if not path.exists():
        return {}
    answers: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["functions"]
    return {name: answering(**result) for name, result in answers.items()}


def stop(problem: str) -> typer.Exit:
    typer.echo(problem, err=True)
    return typer.Exit(1)


def _updated(outcomes: list[Outcome], again: Callable[[], list[Outcome]]) -> list[Outcome]:
    for _ in range(MAX_UPDATES):
        wrong = next((outcome for outcome in outcomes if can_update(outcome)), None)
        if wrong is None:
            break
        update(wrong)
        outcomes = again()
    return outcomes


def _told(name: str, covered: Coverage) -> list[str]:
    entered = len(covered.entered & covered.actions)
    taken = len(covered.branches & covered.taken)
    actions, branches = len(covered.actions), len(covered.branches)
    line = f"{covered.percent:6.1f} %  {name}: {entered} of {actions} actions, "
    missing = [f"          not taken: {b.action} -> {b.label}" for b in covered.missing]
    return [f"{line}{taken} of {branches} branches", *missing]


def export_tests(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files or folders.")],
    out: Annotated[Path, typer.Option(help="A folder; one JSON file per scenario.")],
    *,
    flows: Annotated[Path | None, typer.Option(help="default: the folder above")] = None,
    stage: Stage = "sandbox",
) -> None:
    """Write scenarios as test cases for Connect; names what has no published key."""
    try:
        bundle = bundles.load(flows or flows_of(paths[0]), stage)
        cases = [to_connect(one, bundle) for one in read_scenarios(paths)]
    except (ScenarioError, RenderError, FlowError) as error:
        raise stop(str(error)) from error
    out.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases, start=1):
        flow_id = str(bundle.settings["flows"].get(case.flow, {}).get("id", case.flow))
        file = out / f"{number:03}.json"
        text = json.dumps(case.request(flow_id), indent=2, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        typer.echo(f"{file}: {case.name}")
        for note in case.notes:
            typer.echo(f"    not exported, {note}")


def import_test(
    file: Annotated[Path, typer.Argument(help="A test case's content, or what export wrote.")],
    flow: Annotated[str, typer.Option(help="The flow the scenario is about.")],
) -> None:
    """Print a Connect test case as a scenario file; names what has no step."""
    try:
        read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        content = json.loads(read["Content"]) if "Content" in read else read
    except (OSError, ValueError) as error:
        raise stop(f"{file}: {error}") from error
    attributes = json.loads(read.get("InitializationData") or "{}")
    text, notes = from_connect(content, str(read.get("Name", file.stem)), flow, attributes)
    typer.echo(text)
    for note in notes:
        typer.echo(f"# not imported: {note}", err=True)


def actions() -> None:
    """Print the supported action types as a table for docs/flows.md."""
    typer.echo(actions_table())
