"""What every command needs: the installation that the settings name."""

import json
from typing import Any

import typer

from chalicelib import wiring, wiring_erase
from chalicelib.errors import SettingsError
from ops.letters import Letters
from ops.states import States


def letters_of() -> Letters:
    running = product()
    return Letters(
        wiring_erase.dead_letters(running),
        running.queues,
        running.client("sqs"),
        running.settings.queue_urls,
    )


def states_of() -> States:
    return States(product().db)


def product() -> wiring.App:
    try:
        return wiring.current()
    except SettingsError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from problem


def print_json(found: dict[str, Any]) -> None:
    typer.echo(json.dumps(found, default=str, ensure_ascii=False, indent=2))
