"""`python -m flowkit graph`: a picture of a flow, with a path or coverage drawn on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowkit import bundle as bundles
from flowkit.commands import Stage, run_all, stop
from flowkit.graph import marks_of, mermaid, svg
from flowkit.lint.sources import read
from flowkit.model import Flow, FlowError
from flowkit.render import RenderError
from flowkit.scenario import ScenarioError

_DRAWN = {"svg": svg, "mermaid": mermaid}


def graph(
    flow: Annotated[str, typer.Argument(help="A flow of the folder, or a document.")],
    *,
    out: Annotated[Path | None, typer.Option(help="default: printed")] = None,
    format: Annotated[str, typer.Option(help="svg or mermaid")] = "svg",  # noqa: A002
    coverage: Annotated[bool, typer.Option(help="Draw what all scenarios take.")] = False,
    path: Annotated[str, typer.Option(help="Draw the way of scenarios with this name.")] = "",
    folder: Annotated[Path, typer.Option(help="Templates and settings.yaml.")] = Path(
        "contact_flows"
    ),
    stage: Stage = "sandbox",
) -> None:
    """Draw a flow."""
    if format not in _DRAWN:
        raise typer.BadParameter(f"choose one of {', '.join(_DRAWN)}", param_hint="--format")
    try:
        drawn = _found(flow, folder, stage)
        marks = None
        if coverage or path:
            outcomes = run_all([folder / "scenarios"], folder, stage, None, path)
            marks = marks_of(drawn, (event for one in outcomes for event in one.events))
    except (RenderError, FlowError, ScenarioError) as error:
        raise stop(str(error)) from error
    picture = _DRAWN[format](drawn, marks)
    if out is None:
        typer.echo(picture)
    else:
        out.write_text(picture, encoding="utf-8")


def _found(flow: str, folder: Path, stage: str) -> Flow:
    if flow.endswith((".json", ".j2")):
        return read(Path(flow), stage)
    bundle = bundles.load(folder, stage)
    found = bundle.flow(flow) or bundle.module(flow)
    if found is None:
        raise FlowError(f"there is no flow {flow} in {folder}")
    return found
