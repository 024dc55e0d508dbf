"""What stored history and open conversations do to one message: nothing, if all is read by key.

The measured messages are really played; what is stored around them is `stored.py`'s.
"""

import gc
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any
from unittest.mock import patch

from botocore.session import Session

from benchmarks import quick_speech
from benchmarks.calls import Scene, scene
from benchmarks.latency import is_ours
from benchmarks.null_wire import SETTINGS
from benchmarks.pictures import picture
from benchmarks.product_time import ProductTime
from benchmarks.stored import Stored, customer_of, multiply, stored

BETWEEN_S = 7  # below ten messages a minute, so that each is one of its own
QUICK = 12  # kinds whose CPU is not measured are played this many times less


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`history` and `conversations`: how many times as much, as issue 4 asks. `others`: other
    conversations that are open before that; `earlier`: texts and answers before the first is
    measured, so that the ring of 64 that a conversation remembers is full in both states."""

    rounds: int = 60
    history: int = 1000
    conversations: int = 100
    others: int = 10
    earlier: int = 64
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One message, everything that follows from it included: calls of the product, stored items
    the database looked at for them, bytes that came back, CPU milliseconds of the product in the
    tenth of the rounds that other programs disturbed least (None where files or sound pass, which
    the sandbox serves in this process), and the emulators' own milliseconds."""

    calls: float
    items_read: float
    bytes_out: int
    cpu_ms: float | None
    emulators_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was stored when measuring began, each kind's cost, and how many SDK clients were built
    meanwhile."""

    stored: Stored
    kinds: dict[str, Cost]
    clients_built: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One message and what it is measured by."""

    act: Callable[[Scene], object]
    cpu: bool = False


def measure(plan: Plan | None = None) -> dict[str, State]:
    """The same messages before ("base") and after ("grown") everything has grown."""
    plan = plan or Plan()
    kinds = {name: KINDS[name] for name in plan.kinds or KINDS}
    with scene(SETTINGS) as given:
        given.talk()
        _others(given, plan.others)
        for act in [_text, _agent_text] * plan.earlier + [kind.act for kind in kinds.values()]:
            _play(given, act)
        world, customer = given.world, customer_of(given.world, str(given.phone.number))
        clock = ProductTime(world)

        def state() -> State:
            held = stored(world, customer)
            gc.freeze()  # what the emulators keep is no work for the product's collector
            with patch.object(Session, "create_client", wraps=Session.create_client) as built:
                costs = {name: _cost(given, clock, kind, plan) for name, kind in kinds.items()}
            return State(stored=held, kinds=costs, clients_built=built.call_count)

        base = state()
        multiply(world, customer, history=plan.history, conversations=plan.conversations)
        return {"base": base, "grown": state()}


def report(states: dict[str, State]) -> str:
    """Both states side by side, for people."""
    base, grown = states["base"], states["grown"]
    lines = [
        f"{name.replace('_', ' ')}: {before:,} -> {after:,} ({after / before:,.0f} times)"
        for name, (before, after) in _both(base.stored, grown.stored).items()
    ]
    names = [one.name for one in fields(Cost)]
    rows = [("message", *(name.replace("_", " ") for name in names)), ("---",) * (len(names) + 1)]
    for kind, cost in base.kinds.items():
        both = _both(cost, grown.kinds[kind])
        rows.append((kind.replace("_", " "), *(_change(*both[name]) for name in names)))
    return "\n".join([*lines, "", *(f"| {' | '.join(row)} |" for row in rows)])


def _both(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    return {name: (value, getattr(after, name)) for name, value in asdict(before).items()}


def _change(before: float | None, after: float | None) -> str:
    return "" if before is None or after is None else f"{before:g} -> {after:g}"


def _cost(given: Scene, clock: ProductTime, kind: Kind, plan: Plan) -> Cost:
    times = plan.rounds if kind.cpu else max(1, plan.rounds // QUICK)
    first = len(given.world.router.calls)
    took = sorted(clock.of(lambda: _play(given, kind.act)) for _ in range(times))
    calls = [call for call in given.world.router.calls[first:] if is_ours(call)]
    quiet = statistics.mean(took[: max(1, times // 10)])
    return Cost(
        calls=len(calls) / times,
        items_read=sum(call.items for call in calls) / times,
        bytes_out=round(sum(call.bytes_out for call in calls) / times),
        cpu_ms=round(quiet, 2) if kind.cpu else None,
        emulators_ms=round(sum(call.ms for call in calls) / times, 2),
    )


def _play(given: Scene, act: Callable[[Scene], object]) -> None:
    act(given)
    given.world.settle()
    given.world.run_for(BETWEEN_S)


def _others(given: Scene, how_many: int) -> None:
    """Other customers in chats of their own, each with an agent: nothing comes of itself."""
    for number in range(how_many):
        _newcomer(given, f"1666{number:07}")
    given.world.run_for(BETWEEN_S)
    _staff(given)


def _staff(given: Scene) -> None:
    desk, queues = given.world.desk, list(given.world.bundle.settings["queues"])
    while sum(len(desk.waiting(queue)) for queue in queues):
        agent = next((one for one in desk.agents[1:] if one.has_room), None)
        (agent or desk.agent(f"Agent {len(desk.agents)}", queues)).accept()


def _text(given: Scene) -> None:
    given.phone.says("And my order?")


def _quote(given: Scene) -> None:
    """An answer to a message of ours, which is found by the id WhatsApp gave it."""
    ours = given.phone.screen[-1].wamid
    given.phone.says("This one", context={"from": given.phone.business.number, "id": ours})


def _image(given: Scene) -> None:
    given.phone.sends("image", media=picture())


def _voice(given: Scene) -> None:
    given.phone.sends_voice_note(quick_speech.voice_note(2), "audio/wav")


def _agent_text(given: Scene) -> None:
    given.agent.say("On its way")


def _first_text(given: Scene) -> None:
    _newcomer(given, f"1777{len(given.world.phones.all):07}")
    given.world.run_for(BETWEEN_S)
    _staff(given)


def _newcomer(given: Scene, number: str) -> None:
    given.world.phones.add(f"Customer {number}", number).says("Hello")


KINDS = {
    "text_live": Kind(_text, cpu=True),
    "agent_text_with_statuses": Kind(_agent_text, cpu=True),
    "quoting_reply": Kind(_quote),
    "image_live": Kind(_image),
    "voice_live": Kind(_voice),
    "first_text_new": Kind(_first_text),
}
