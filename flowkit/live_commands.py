"""`python -m flowkit diff|publish|pull|rollback`: flows here and flows in an instance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from flowkit import publish as live
from flowkit import pull as pulling
from flowkit.commands import Stage, stop
from flowkit.diff import diff as differences
from flowkit.diff import diff_views
from flowkit.instance import Instance, PublishError
from flowkit.lint.sources import is_view, lint_settings, read
from flowkit.model import FlowError
from flowkit.publish import Change, History
from flowkit.render import RESOURCES, RenderError, load_settings
from flowkit.views import ViewError, parse_view

InstanceId = Annotated[str | None, typer.Option("--instance", help="default: of the stage")]
Folder = Annotated[Path, typer.Argument(help="Templates and settings.yaml.")]
_FLOWS = Path("contact_flows")
_WRONG = (PublishError, RenderError, FlowError, ViewError, ClientError, BotoCoreError)


def diff(
    old: Annotated[Path, typer.Argument(help="A document or template; a folder: --live.")],
    new: Annotated[Path | None, typer.Argument(help="What it became.")] = None,
    *,
    instance: InstanceId = None,
    stage: Stage = "sandbox",
) -> None:
    """Differences between two flows or views, or of a folder and its instance; exit 1 when any."""
    try:
        if new is not None:
            lines = _between(old, new, stage)
        else:
            changes = live.compare(old, stage, _instance(old, stage, instance))
            lines = [line for change in changes for line in _told(change)]
    except _WRONG as error:
        raise stop(str(error)) from error
    typer.echo("\n".join(lines) if lines else "no differences")
    if lines:
        raise typer.Exit(1)


def publish(
    folder: Folder = _FLOWS,
    *,
    instance: InstanceId = None,
    dry_run: Annotated[bool, typer.Option(help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option(help="Do not ask.")] = False,
    stage: Stage = "sandbox",
) -> None:
    """Render, lint, show the differences, and publish what differs."""
    try:
        unused = [issue for _, issues in lint_settings(folder, stage) for issue in issues]
        if unused:
            raise PublishError(unused[0].sentence)
        found = _instance(folder, stage, instance)
        if not dry_run and not yes:
            for change in live.compare(folder, stage, found):
                _tell(change)
            typer.confirm("Publish?", abort=True)
        history = History(folder / ".published")
        changes = live.publish(folder, stage, found, history, _tell, dry_run=dry_run)
    except _WRONG as error:
        raise stop(str(error)) from error
    changed = sum(change.what != "unchanged" for change in changes)
    typer.echo(f"{changed} of {len(changes)} {'would change' if dry_run else 'changed'}")


def rollback(
    name: Annotated[str, typer.Argument(help="A flow or module.")],
    folder: Folder = _FLOWS,
    *,
    version: Annotated[int | None, typer.Option(help="A version of the instance.")] = None,
    instance: InstanceId = None,
    stage: Stage = "sandbox",
) -> None:
    """Publish again what the last change of a flow replaced."""
    try:
        found = _instance(folder, stage, instance)
        kind = live.rollback(name, found, History(folder / ".published"), version)
    except _WRONG as error:
        raise stop(str(error)) from error
    typer.echo(f"{name} ({kind}) is as it was")


def pull(
    into: Annotated[Path, typer.Argument(help="A folder for templates and settings.yaml.")],
    instance: Annotated[str, typer.Option(help="The instance's id.")],
    stage: Stage = "sandbox",
) -> None:
    """Write an instance's flows as templates; ids become names of settings.yaml."""
    try:
        found = Instance(instance)
        ids = {kind: found.ids(kind) for kind in RESOURCES}
        views = [found.view(name, view_id) for name, view_id in ids["views"].items()]
        files = pulling.templates(live.live_flows(found), ids, stage, views)
    except _WRONG as error:
        raise stop(str(error)) from error
    pulling.write(files, into)
    flows = len(files) - len(views) - 1
    shown = f" with the views they show ({len(views)})" if views else ""
    typer.echo(f"{flows} flows and settings.yaml in {into}{shown}")


def _between(old: Path, new: Path, stage: str) -> list[str]:
    if is_view(old) and is_view(new):
        return diff_views(*(parse_view(one.read_bytes(), one.stem) for one in (old, new)))
    return differences(read(old, stage), read(new, stage))


def _instance(folder: Path, stage: str, given: str | None) -> Instance:
    settings = load_settings(folder / "settings.yaml", stage)
    return Instance(given or str(settings["instance"]), prefix=settings.get("name_prefix", ""))


def _tell(change: Change) -> None:
    typer.echo("\n".join(_told(change)) or f"{change.name}: unchanged")


def _told(change: Change) -> list[str]:
    if change.what == "unchanged":
        return []
    return [f"{change.name}: {change.what}", *(f"    {line}" for line in change.differences)]
