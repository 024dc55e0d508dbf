"""What Puente takes: `python -m benchmarks calls|load|rate|start|cpu|growth|costs|all`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import calls as call_figures
from benchmarks import costs as cost_figures
from benchmarks import goals, load_over_http, null_wire, startup
from benchmarks import growth as growth_figures
from benchmarks import load as crowd
from benchmarks import rate as rate_figures
from benchmarks.goals import Row
from benchmarks.table import table
from sandbox.product_output import caught

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object only.")]
DOCUMENT = Path(__file__).parent.parent / "docs" / "costs.md"


@app.command()
def calls(as_json: AsJson = False) -> None:
    """Calls and modelled latency of every kind of message, against the goals."""
    with caught():
        figures = call_figures.measure()
    typer.echo(json.dumps(call_figures.as_json(figures)) if as_json else table(figures))


@app.command()
def load(  # noqa: PLR0917  (each is an option)
    customers: int = 1000,
    seconds: int = 30,
    seed: int = 1,
    over_http: Annotated[bool, typer.Option(help="Real time, a pool of processes.")] = False,
    processes: Annotated[int, typer.Option(help="Of the pool.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Many customers at once; exit code 1 when a message is lost, doubled or out of order."""
    with caught():
        if over_http:
            result = load_over_http.run(customers, seconds, processes, seed)
        else:
            result = crowd.run(customers, seconds, seed)
    _show(asdict(result), as_json)
    raise typer.Exit(result.harmed)


@app.command()
def rate(seconds: int = 20, processes: int = 2, as_json: AsJson = False) -> None:
    """The rate this machine bears over HTTP; exit code 1 as of `load`."""
    with caught():
        steps = rate_figures.find(seconds, processes)
    shown = [asdict(one) for one in steps]
    typer.echo(json.dumps(shown) if as_json else rate_figures.report(steps))
    raise typer.Exit(any(one.result.harmed for one in steps))


@app.command()
def start(as_json: AsJson = False) -> None:
    """Start-up time and memory of the functions on the text path."""
    _show({name: asdict(one) for name, one in startup.measure().items()}, as_json)


@app.command()
def cpu(as_json: AsJson = False) -> None:
    """CPU of one text against recorded answers."""
    _show(asdict(null_wire.measure()), as_json)


@app.command()
def growth(as_json: AsJson = False) -> None:
    """One message of each kind before and after a thousand times as much is stored."""
    with caught():
        figures = growth_figures.measure()
    if as_json:
        typer.echo(json.dumps({name: asdict(one) for name, one in figures.items()}))
    else:
        typer.echo(growth_figures.report(figures))


@app.command()
def costs(
    check: Annotated[bool, typer.Option(help="Only compare, write nothing.")] = False,
) -> None:
    """Write docs/costs.md."""
    with caught():
        text = cost_figures.document(call_figures.measure()) + "\n"
    if check:
        raise typer.Exit(DOCUMENT.read_text(encoding="utf-8") != text)
    DOCUMENT.write_text(text, encoding="utf-8")


@app.command(name="all")
def everything(
    customers: int = 1000,
    seconds: int = 30,
    over_http: Annotated[bool, typer.Option(help="Also find the rate: four minutes.")] = True,
) -> None:
    """Everything beside its goal, for people; some of it needs minutes."""
    with caught():
        figures = call_figures.measure()
    typer.echo("Calls, and when the reader sees it, by the latency model\n")
    typer.echo(table(figures))
    rows = [*goals.calls(figures)]
    paid = goals.costs(cost_figures.rows(figures))
    typer.echo(f"\nPaid for a thousand, see docs/costs.md\n\n{goals.table(paid)}")
    for title, measured in _parts(customers, seconds, over_http=over_http):
        typer.echo(f"\n{title}\n\n{goals.table(measured)}")
        rows += measured
    typer.echo(f"\n{goals.missed(rows)}")


def _parts(customers: int, seconds: int, *, over_http: bool) -> Iterator[tuple[str, list[Row]]]:
    yield "CPU, against recorded answers", goals.cpu(null_wire.measure())
    yield "Start-up, relative to boto3 with three clients", goals.start(startup.measure())
    with caught():
        result = crowd.run(customers, seconds)
    yield "Load", goals.load(result)
    if over_http:
        with caught():
            steps = rate_figures.find()
        yield "Load over HTTP, two processes", goals.rate(steps)
    with caught():
        states = growth_figures.measure()
    yield "Growth", goals.growth(states)


def _show(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        typer.echo(f"  {name:24} {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)


if __name__ == "__main__":
    app()
