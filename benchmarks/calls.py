"""How many calls each kind of message costs, and when its reader sees it, by the latency model."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from benchmarks import quick_speech
from benchmarks.latency import milliseconds
from benchmarks.pictures import picture
from benchmarks.stopwatch import Case, Stopwatch
from sandbox.desk import Agent
from sandbox.phones import Phone
from sandbox.world import World

INBOUND = ("whatsapp-events", "inbound")
OUTBOUND = ("chat-events", "outbound")
STATUS = ("whatsapp-events", "outbound")


@dataclass(frozen=True, slots=True)
class Figure:
    """One case. `agent_sees_ms`: until its reader (agent or customer) sees it; None for statuses
    and ends of chats. `model_ms`: all its calls one after the other. `apart`: read receipts and
    typing indicators, not in `calls`."""

    calls: int
    agent_sees_ms: int | None
    by_operation: dict[str, int]
    model_ms: int
    apart: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """One customer and one agent in a world of their own."""

    world: World
    phone: Phone
    agent: Agent
    watch: Stopwatch

    def talk(self) -> None:
        """Bring them into a live chat, nothing under way."""
        self.phone.says("Hello")
        self.world.run_for(3)
        self.agent.accept()
        self.world.run_for(3)


def measure() -> dict[str, Figure]:
    """Every case, by its name."""
    return {name: _figure(name) for name in CASES}


def as_json(figures: dict[str, Figure]) -> dict[str, object]:
    return {name: asdict(figure) for name, figure in figures.items()}


@contextmanager
def scene(settings: Mapping[str, str] | None = None) -> Iterator[Scene]:
    """A new world; `settings` replaces some of the product's."""
    with World(settings=settings) as world:
        quick_speech.mount(world)
        agent = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
        yield Scene(world, world.phones.add("Mia", "15550100001"), agent, Stopwatch(world))


def _figure(name: str) -> Figure:
    prepare, act, functions, what = CASES[name]
    with scene() as given:
        prepare(given)
        given.watch.start()
        act(given)
        return _read(given.watch.stop(*functions), what)


def _read(case: Case, what: str) -> Figure:
    return Figure(
        calls=len(case.counted),
        agent_sees_ms=case.seen_ms(what) if what else None,
        by_operation=case.by_operation(),
        model_ms=sum(milliseconds(call.record) for call in case.counted),
        apart=len(case.calls) - len(case.counted),
    )


def _nothing(_: Scene) -> None:
    """A customer nobody knows."""


def _talk(given: Scene) -> None:
    given.talk()


def _talked(given: Scene) -> None:
    given.talk()
    given.agent.end()
    given.world.run_for(3)


def _answered(given: Scene) -> None:
    given.talk()
    given.agent.say("On its way")
    given.world.settle()


def _text(given: Scene) -> None:
    given.phone.says("And my order?")
    given.world.settle()


def _burst(given: Scene) -> None:
    for text in ("One", "two", "three", "four"):
        given.phone.says(text)
    given.world.settle()


def _voice(seconds: int) -> Callable[[Scene], None]:
    def send(given: Scene) -> None:
        given.phone.sends_voice_note(quick_speech.voice_note(seconds), "audio/wav")
        given.world.settle()

    return send


def _image(given: Scene) -> None:
    given.phone.sends("image", media=picture())
    given.world.settle()


def _agent_text(given: Scene) -> None:
    given.agent.say("On its way")
    given.world.settle()


def _agent_file(given: Scene) -> None:
    given.agent.attach("bill.pdf", "application/pdf", b"%PDF-1.4 a bill")
    given.world.settle()


def _status(given: Scene) -> None:
    """The first of them: sent."""
    given.world.run_for(given.world.network.switches.soon_s)


def _end(given: Scene) -> None:
    """Without the goodbye of a flow, which is a message like an agent's."""
    (chat,) = given.world.chats.active()
    given.world.chats.end(chat, "CUSTOMER_DISCONNECT")
    given.world.settle()


Step = Callable[[Scene], None]
CASES: dict[str, tuple[Step, Step, tuple[str, ...], str]] = {
    "first_text_new": (_nothing, _text, INBOUND, "text"),
    "text_live": (_talk, _text, INBOUND, "text"),
    "text_after_end": (_talked, _text, INBOUND, "text"),
    "burst_of_four": (_talk, _burst, INBOUND, "text"),
    "voice_10s_live": (_talk, _voice(10), INBOUND, "text"),
    "voice_60s_live": (_talk, _voice(60), INBOUND, "text"),
    "voice_first": (_nothing, _voice(10), (*INBOUND, "flow"), "text"),
    "image_live": (_talk, _image, INBOUND, "file"),
    "agent_text": (_talk, _agent_text, OUTBOUND, "phone"),
    "agent_attachment": (_talk, _agent_file, OUTBOUND, "phone"),
    "status": (_answered, _status, STATUS, ""),
    "chat_ended": (_talk, _end, OUTBOUND, ""),
}
