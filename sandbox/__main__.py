"""`python -m sandbox demo|replay|up`: Puente on a laptop."""

import json
import shlex
import shutil
import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


class Language(StrEnum):
    """What a customer's country can say about their language."""

    EN = "en"
    ES = "es"
    PT = "pt"


AudioFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, readable=True, help="Send this voice note instead."),
]
LikelyLanguage = Annotated[Language, typer.Option(help="What the customer probably speaks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON only.")]


@app.callback()
def check_speech_engine() -> None:
    """Say at once that the speech engine asked for is not there."""
    from sandbox.offline_ai import engines

    try:
        engines.chosen()
    except engines.NoSuchEngineError as why:
        typer.echo(f"{engines.VARIABLE}: {why}", err=True)
        raise typer.Exit(2) from why


@app.command()
def demo(
    voice_note: AudioFile = None, language: LikelyLanguage = Language.EN, as_json: AsJson = False
) -> None:
    """Tell a story on phone, flow and desk; or send one voice note and print what came of it."""
    if voice_note is None:
        if as_json:
            raise typer.BadParameter(
                "the story is for people; add --voice-note FILE", param_hint="--json"
            )
        raise typer.Exit(_story())
    raise typer.Exit(_one_note(voice_note, language, as_json))


def _story() -> int:
    from sandbox.demo import Story
    from sandbox.product_output import caught
    from sandbox.world import World

    terminal = sys.stdout

    def write(text: str) -> None:
        print(text, file=terminal, flush=True)

    with caught(), World() as world:
        story = Story(world, write, shutil.get_terminal_size((120, 40)).columns)
        story.tell()
    for problem in story.problems:
        typer.echo(f"This did not happen: {problem}.", err=True)
    return 1 if story.problems else 0


def _one_note(path: Path, language: str, as_json: bool) -> int:
    from sandbox.one_note import one_note
    from sandbox.product_output import caught
    from sandbox.world import World

    with caught(), World() as world:
        told = one_note(world, path.read_bytes(), language)
    typer.echo(json.dumps(told, ensure_ascii=False, indent=None if as_json else 2))
    return 0 if any(line["content_type"] == "text/plain" for line in told["agent_saw"]) else 1


@app.command()
def replay(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders of .json.")],
    fresh_chat: Annotated[
        bool, typer.Option("--fresh-chat", help="Every message opens a chat of its own.")
    ] = False,
    as_json: AsJson = False,
    summary: Annotated[bool, typer.Option(help="Add a last JSON line with the sums.")] = False,
) -> None:
    """Feed recorded webhook payloads; exit 1 when anything vanished."""
    from sandbox.replay import replay as outcomes_of
    from sandbox.replay_report import Sums, headline, row

    sums = Sums()
    if not as_json:
        typer.echo(headline())
    for outcome in outcomes_of(paths, fresh_chat=fresh_chat):
        sums.add(outcome)
        line = json.dumps(outcome.as_json(), ensure_ascii=False) if as_json else row(outcome)
        typer.echo(line)
    if summary:
        typer.echo(json.dumps({"summary": sums.as_json()}))
    typer.echo(sums.table(fresh_chat=fresh_chat), err=True)
    raise typer.Exit(1 if sums.lost else 0)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 4599,
    with_puente: Annotated[
        bool, typer.Option("--with-puente", help="Run the product here as well.")
    ] = False,
) -> None:
    """Serve all emulated services on one port of 127.0.0.1 until Ctrl-C."""
    from sandbox import up as serving
    from sandbox.product_output import caught
    from sandbox.server import PortTaken

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    terminal = sys.stdout
    try:
        with caught(), serving.served(port, with_puente=with_puente) as world:
            print(f"# Puente's sandbox on {world.url}; stop it with Ctrl-C", file=terminal)
            print(serving.exports(serving.environment(world), shlex.quote), file=terminal)
            print("# e.g. aws --endpoint-url", world.url, "sqs list-queues", file=terminal)
            terminal.flush()
            serving.run(world, stop)
    except PortTaken as taken:
        typer.echo(str(taken), err=True)
        raise typer.Exit(2) from taken
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)


if __name__ == "__main__":
    sys.exit(app())
