"""`python -m flowkit lint|render|run`: contact flows at the command line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flowkit import bundle as bundles
from flowkit import commands, graph_command, live_commands
from flowkit.commands import stand_ins, stop
from flowkit.engine import Contact, LambdaAnswer
from flowkit.explore import as_text as explored_text
from flowkit.explore import explore as explore_flow
from flowkit.life import Life
from flowkit.lint.report import FORMATS
from flowkit.lint.sources import files_in, lint_file, lint_settings, read
from flowkit.model import Flow, FlowError
from flowkit.play import (
    Ask,
    Given,
    Move,
    Played,
    answered,
    as_scenario,
    flow_reference,
    play,
    time_passes,
)
from flowkit.render import RenderError, load_settings
from flowkit.render import render as render_template
from flowkit.stand_in import (
    Function,
    ObligingServices,
    StandInServices,
    empty_bundle,
)
from flowkit.telling import told

app = typer.Typer(help="Contact flows: lint, render, run, test.", no_args_is_help=True)
app.command()(commands.scenario)
app.command()(commands.coverage)
app.command()(commands.export_tests)
app.command()(commands.import_test)
app.command()(commands.actions)
app.command()(graph_command.graph)
for live in (live_commands.diff, live_commands.publish, live_commands.rollback, live_commands.pull):
    app.command()(live)

Stage = Annotated[str, typer.Option(help="A stage of settings.yaml.")]


@app.command()
def lint(
    paths: Annotated[list[Path], typer.Argument(help="Documents, templates or folders.")],
    format: Annotated[str, typer.Option(help="text, json or github")] = "text",  # noqa: A002
    channel: Annotated[str, typer.Option(help="chat, voice or any")] = "chat",
    flow_type: Annotated[str | None, typer.Option(help="e.g. CUSTOMER_QUEUE")] = None,
    stage: Stage = "sandbox",
) -> None:
    """Check flows; exit 1 when one has an error."""
    if format not in FORMATS:
        raise typer.BadParameter(f"choose one of {', '.join(FORMATS)}", param_hint="--format")
    files = [(str(p), lint_file(p, channel, flow_type, stage)) for p in files_in(paths)]
    for folder in (path for path in paths if path.is_dir()):
        files += [(str(p), issues) for p, issues in lint_settings(folder, stage) if issues]
    typer.echo(FORMATS[format](files))
    if any(issue.severity == "error" for _, issues in files for issue in issues):
        raise typer.Exit(1)


@app.command()
def render(
    template: Path,
    settings: Annotated[Path | None, typer.Option(help="default: beside or above")] = None,
    stage: Stage = "sandbox",
) -> None:
    """Print the JSON of a template; exit 1 when a value is missing or wrong."""
    try:
        if settings is None:
            typer.echo(read(template, stage).to_json())
        else:
            typer.echo(render_template(template, load_settings(settings, stage)))
    except (RenderError, FlowError) as error:
        raise stop(str(error)) from error


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="A flow of the folder, or a document.")],
    *,
    folder: Annotated[Path, typer.Option(help="Templates and settings.yaml.")] = Path(
        "contact_flows"
    ),
    attribute: Annotated[list[str] | None, typer.Option(help="name=value")] = None,
    function: Annotated[list[str] | None, typer.Option(help='name={"status": "ready"}')] = None,
    at: Annotated[datetime | None, typer.Option(help="UTC; default: now")] = None,
    ask: Annotated[bool, typer.Option(help="Ask at each pause what happens.")] = False,
    repro: Annotated[Path | None, typer.Option(help="Write the play as a scenario.")] = None,
    explore: Annotated[
        bool, typer.Option(help="Execute every branch of a flow, a document or a folder of them.")
    ] = False,
    stage: Stage = "sandbox",
) -> None:
    """Play a flow for one contact, with stand-ins for queues, hours and functions."""
    try:
        if explore:
            _explored(flow, folder, stage)
            return
        played, services = _prepared(flow, folder, stage)
    except (RenderError, FlowError) as error:
        raise stop(str(error)) from error
    results = dict(map(_pair, function or []))
    services.functions.update(_functions(results))
    now = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    given = Given(flow, now, dict(map(_pair, attribute or [])), results)
    written = _shown(played, services, given, _asked if ask else time_passes)
    if repro:
        given = replace(given, flow=flow_reference(flow, repro))
        repro.write_text(as_scenario(given, written), encoding="utf-8")


def _shown(flow: Flow, services: StandInServices, given: Given, ask: Ask) -> Played:
    contact = Contact(contact_id="contact", attributes=dict(given.attributes))
    contact.segment_attributes["connect:Subtype"] = "connect:WhatsApp"
    played = Played()
    for event in play(flow, contact, services, given.now, ask, played=played):
        line = told(event)
        if line:
            typer.echo(line)
    return played


def _explored(flow: str, folder: Path, stage: str) -> None:
    """Explore and tell; exit 1 when a branch that can be taken was not."""
    path = Path(flow)
    if path.exists():
        flows = [read(file, stage) for file in files_in([path])]
    else:
        flows = [_prepared(flow, folder, stage)[0]]
    explorations = [(one.name, explore_flow(one)) for one in flows]
    typer.echo(explored_text(explorations))
    if any(exploration.missed for _, exploration in explorations):
        raise typer.Exit(1)


def _prepared(flow: str, folder: Path, stage: str) -> tuple[Flow, StandInServices]:
    path = Path(flow)
    if path.suffix == ".json":
        return read(path), ObligingServices(empty_bundle())
    bundle = bundles.load(folder, stage)
    found = bundle.flow(flow) or bundle.module(flow)
    if found is None:
        names = ", ".join([*bundle.flows, *bundle.modules])
        raise FlowError(f"there is no flow {flow} in {folder} (there are: {names})")
    return found, StandInServices(bundle, functions=stand_ins(folder / "stand_ins.yaml"))


def _functions(given: dict[str, str]) -> dict[str, Function]:
    return {name: _answering(json.loads(text)) for name, text in given.items()}


def _answering(payload: Any) -> Function:
    return lambda _event: LambdaAnswer(payload)


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise typer.BadParameter(f"{text!r} is not name=value")
    return name, value


def _asked(life: Life) -> Move | None:
    if life.over and life.next_due is None:
        return None
    events = f" c: {', '.join(life.waiting.waiting_for)}," if life.waiting else ""
    keys = f"  enter: time passes,{events} a: agent answers, l: leaves, g: guide, q: stop"
    try:
        return answered(typer.prompt(keys, default=""))
    except typer.Abort:
        return None


if __name__ == "__main__":
    sys.exit(app())
