"""What issue 4 wants beside what was measured; `table.py` does the same for calls. Pure.

Its numbers are quoted. "Unchanged" and "flat" are given the tolerances named here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.calls import Figure
from benchmarks.costs import Row as Paid
from benchmarks.growth import Cost, State
from benchmarks.load import Result
from benchmarks.null_wire import CpuResult
from benchmarks.rate import Step
from benchmarks.startup import Start
from benchmarks.table import GOALS, reached

CPU_TIMES = 1.15  # two measurements of one thing differ by that on a busy machine
FLAT_MB = 5  # the collector and the allocator of Python come and go by that
HEAD = ("what", "goal", "measured", "")
MISSED = "not reached"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `reached`: None where there is no goal."""

    what: str
    goal: str
    measured: str
    reached: bool | None = None


def table(rows: Sequence[Row]) -> str:
    """Markdown, with a mark where a goal is missed."""
    cells = [HEAD, ("---",) * len(HEAD), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def missed(rows: Iterable[Row]) -> str:
    """The last line for people."""
    names = [row.what for row in rows if row.reached is False]
    return f"Not reached: {'; '.join(names)}." if names else "Every goal is reached."


def calls(figures: Mapping[str, Figure]) -> list[Row]:
    """Every case in one line, for `missed`."""
    return [
        Row(f"calls or time of {name}", "", "", reached(figure, GOALS[name][2]))
        for name, figure in figures.items()
    ]


def costs(paid: Sequence[Paid]) -> list[Row]:
    """Dollars, by the list prices of the sandbox."""
    return [Row(f"1,000 {one.title}", "", f"{one.total:.2f} dollars") for one in paid]


def cpu(result: CpuResult) -> list[Row]:
    """One text against recorded answers."""
    return [
        _at_most("CPU of a text, median", result.median_ms, 2, "ms"),
        _at_most("CPU of a text, p99", result.p99_ms, 5, "ms"),
        Row("the same, undisturbed tenth", "", f"{result.quiet_ms} ms"),
        Row("the same SDK calls alone, undisturbed tenth", "", f"{result.sdk_ms} ms"),
        Row("functions called for it", "", f"{result.function_calls:,}"),
        Row("the emulators for that text", "", f"{result.emulators_ms} ms"),
        _at_least("texts a second, one process", result.per_s, 500),
        _at_most("logged for a text", result.log_bytes, 600, "bytes"),
        _at_most("memory after thousands of texts", result.rss_growth_mb, FLAT_MB, "MB more"),
    ]


def start(stages: Mapping[str, Start]) -> list[Row]:
    """Cold starts, relative to boto3 with three clients."""
    rows = [
        _at_most("start of ingest", stages["ingest"].ratio, 1.25, "times the base"),
        _at_most("start of inbound", stages["inbound"].ratio, 1.8, "times the base"),
        Row("start of outbound", "", f"{stages['outbound'].ratio} times the base"),
    ]
    for name in ("ingest", "inbound"):
        stage = stages[name]
        rows.append(_at_most(f"memory of {name} at its start", stage.rss_mb, 70, "MB"))
        loaded = ", ".join(stage.forbidden) or "none"
        rows.append(Row(f"AI and media modules in {name}", "none", loaded, not stage.forbidden))
    return rows


def growth(states: Mapping[str, State]) -> list[Row]:
    """Every kind, before and after a thousand times as much is stored."""
    base, grown = states["base"], states["grown"]
    more = {name: _times(base, grown, name) for name in ("messages", "of_customer")}
    rows = [
        _at_least("stored messages, of all", more["messages"], 1000, "times"),
        _at_least("stored messages, of the customer", more["of_customer"], 1000, "times"),
        _at_least("open conversations", _times(base, grown, "conversations"), 100, "times"),
    ]
    for kind, before in base.kinds.items():
        rows += _unchanged(kind.replace("_", " "), before, grown.kinds[kind])
    built = sum(state.clients_built for state in (base, grown))
    return [*rows, _exactly("clients built while messages passed", built, 0)]


def load(result: Result) -> list[Row]:
    """A thousand at once, in virtual time."""
    who = f"{result.customers:,} customers"
    return [
        *_unharmed(who, result),
        Row(f"{who}: seen by, p50 / p95", "", f"{result.p50_ms} / {result.p95_ms} ms"),
        Row(f"{who}: memory with the emulators, peak", "", f"{result.peak_rss_mb} MB"),
        Row(f"{who}: of it kept by the emulators", "", f"{result.kept_kb} KB a message"),
    ]


def rate(steps: Sequence[Step]) -> list[Row]:
    """Over HTTP, at the rate this machine bears."""
    best = steps[-1]
    result, who = best.result, f"over HTTP, {best.customers:,} customers"
    borne = f"{'' if best.borne else 'less than '}{best.per_s:.1f} messages/s"
    memory = [f"{each[0]} -> {each[-1]}" for each in result.workers_rss_mb]
    grown = max((each[-1] - each[0] for each in result.workers_rss_mb), default=0)
    return [
        Row("over HTTP, borne by this machine", "", borne),
        *_unharmed(who, result),
        Row(f"{who}: seen by, p50 / p95", "", f"{result.p50_ms} / {result.p95_ms} ms"),
        _exactly("over HTTP, all other crowds: harmed messages", sum(map(_harmed, steps[:-1])), 0),
        Row(f"{who}: memory of each process", "flat", f"{', '.join(memory)} MB", grown <= FLAT_MB),
    ]


def _harmed(step: Step) -> int:
    return step.result.lost + step.result.duplicated + step.result.disordered


def _unharmed(who: str, result: Result) -> list[Row]:
    counts = {
        "lost": result.lost,
        "doubled": result.duplicated,
        "out of order": result.disordered,
    }
    return [
        Row(f"{who}: sent / delivered", "", f"{result.sent:,} / {result.delivered:,}"),
        *(_exactly(f"{who}: {name}", count, 0) for name, count in counts.items()),
    ]


def _unchanged(kind: str, before: Cost, after: Cost) -> list[Row]:
    rows = [
        _compared(f"{kind}: calls", before.calls, after.calls),
        _compared(f"{kind}: items read", before.items_read, after.items_read),
    ]
    if before.cpu_ms is not None and after.cpu_ms is not None:
        rows.append(_compared(f"{kind}: CPU ms", before.cpu_ms, after.cpu_ms, CPU_TIMES))
    return rows


def _compared(what: str, before: float, after: float, times: float = 1) -> Row:
    goal = "unchanged" if times == 1 else f"unchanged, within {times - 1:.0%}"
    return Row(what, goal, f"{before:g} -> {after:g}", after <= before * times)


def _times(before: State, after: State, name: str) -> int:
    return int(getattr(after.stored, name) / getattr(before.stored, name))


def _at_most(what: str, measured: float, limit: float, unit: str) -> Row:
    return Row(what, f"<= {limit:g} {unit}", f"{measured:g} {unit}", measured <= limit)


def _at_least(what: str, measured: float, limit: float, unit: str = "") -> Row:
    return Row(what, f">= {limit:,} {unit}", f"{measured:,} {unit}", measured >= limit)


def _exactly(what: str, measured: int, wanted: int) -> Row:
    return Row(what, str(wanted), str(measured), measured == wanted)


def _cells(row: Row) -> tuple[str, ...]:
    mark = MISSED if row.reached is False else ""
    return (row.what, row.goal.strip(), row.measured.strip(), mark)
