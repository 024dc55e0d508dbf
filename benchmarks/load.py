"""A crowd at once: customers write all kinds, agents answer, and every message is counted.

Time is virtual, processing real. How long a message took is the virtual wait plus its calls by
the latency model, as if every invocation had a processor of its own.
"""

import itertools
import random
import resource
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import quick_speech
from benchmarks.latency import is_ours, milliseconds
from benchmarks.pictures import picture
from chalicelib.whatsapp.to_chat import NOTICE_MARK
from sandbox.amazon_connect.records import Chat, Item
from sandbox.desk import Agent
from sandbox.phones import Phone
from sandbox.wire.calls import CallRecord
from sandbox.world import World

KINDS = {"text": 80, "image": 8, "voice": 4, "location": 4, "sticker": 4}
MESSAGES = 4  # a customer's, spread over the time
ANSWERED = 0.5  # of the customers have an agent who says something
MAX_STEPS = 10_000_000  # a crowd is busy for long
QUARTERS = 4
AFTERWARDS_S = 240  # over ten messages a minute wait their turn; then nothing is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`p50_ms`, `p95_ms`: until agent or customer sees a message; `per_s`: messages a second of
    real time, emulators included; `rss_mb`: this process's memory after each quarter of the time
    and at the end; it holds the emulators, which keep everything: `kept_kb` a message.
    `workers_rss_mb`: the same of each process that holds nothing but the product (over HTTP), and
    `workers_cpu_ms`: their CPU time for one message."""

    customers: int
    seconds: int
    sent: int
    delivered: int
    lost: int
    duplicated: int
    disordered: int
    p50_ms: int
    p95_ms: int
    peak_rss_mb: int
    rss_mb: list[int]
    kept_kb: float
    workers_rss_mb: list[list[int]]
    workers_cpu_ms: float
    real_s: float
    per_s: float

    @property
    def harmed(self) -> bool:
        """Whether anything was lost, doubled or out of order."""
        return bool(self.lost or self.duplicated or self.disordered)


@dataclass(slots=True)
class Customer:
    """What one of them sent, and what must be seen of it, in order."""

    phone: Phone
    wrote: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


class Crowd:
    """Plays the load in a running world."""

    def __init__(self, world: World, customers: int, seconds: int, seed: int) -> None:
        self._world = world
        self._chance = random.Random(seed)
        self._seconds = seconds
        self._waits_ms: list[float] = []
        self._rss_mb: list[int] = []
        self._sent_by_then: list[int] = []
        self._written: dict[str, float] = {}
        self._busy = threading.local()
        names = [(f"Customer {n}", f"1555{n:07}") for n in range(customers)]
        self.customers = [Customer(world.phones.add(*name)) for name in names]
        self._watch()

    def play(self) -> None:
        """Everybody writes within the time; half of them are answered."""
        for customer in self.customers:
            for _ in range(MESSAGES):
                kind = self._chance.choices([*KINDS], [*KINDS.values()])[0]
                self._later(partial(self._writes, customer, kind))
        for _ in range(QUARTERS):
            self._run_for(self._seconds / QUARTERS)
            self._note_memory()
        self._answer()
        self._run_for(AFTERWARDS_S)
        self._note_memory()

    def result(self, real_s: float) -> Result:
        """Hold what was seen against what was sent."""
        seen = self._seen()
        sides = [(one.wrote, seen.get(one.phone.name, [])) for one in self.customers]
        sides += [(one.told, _on_screen(one)) for one in self.customers]
        sent = self._sent()
        lost = sum((Counter(wrote) - Counter(shown)).total() for wrote, shown in sides)
        waits = sorted(self._waits_ms)
        return Result(
            customers=len(self.customers),
            seconds=self._seconds,
            sent=sent,
            delivered=sent - lost,
            lost=lost,
            duplicated=sum((Counter(shown) - Counter(wrote)).total() for wrote, shown in sides),
            disordered=sum(self._disorder(wrote, shown) for wrote, shown in sides),
            p50_ms=round(statistics.median(waits)),
            p95_ms=round(waits[int(len(waits) * 0.95)]),
            peak_rss_mb=peak_rss_mb(),
            rss_mb=self._rss_mb,
            kept_kb=self._kept_kb(),
            workers_rss_mb=self._workers_rss_mb(),
            workers_cpu_ms=round(self._workers_cpu_s() * 1000 / sent, 2),
            real_s=round(real_s, 1),
            per_s=round(sent / real_s, 1),
        )

    def _sent(self) -> int:
        return sum(len(one.wrote) + len(one.told) for one in self.customers)

    def _note_memory(self) -> None:
        self._rss_mb.append(rss_mb())
        self._sent_by_then.append(self._sent())

    def _kept_kb(self) -> float:
        """After the first quarter, when everything is loaded that is loaded once."""
        messages = self._sent_by_then[-1] - self._sent_by_then[0]
        return round((self._rss_mb[-1] - self._rss_mb[0]) * 1024 / max(1, messages), 1)

    def _workers_rss_mb(self) -> list[list[int]]:
        """Here product and emulators share one process."""
        return []

    def _workers_cpu_s(self) -> float:
        return 0.0

    def _disorder(self, wrote: list[str], shown: list[str]) -> int:
        return _disordered(wrote, shown)

    # --- what people do -------------------------------------------------------------------

    def _later(self, job: Callable[[], None]) -> None:
        at = self._chance.uniform(0, self._seconds)
        self._world.scheduler.after(at, job)

    def _writes(self, who: Customer, kind: str) -> None:
        number = f"{who.phone.number}.{len(who.wrote)}"
        if kind == "text":
            who.phone.says(number)
        elif kind == "image":
            who.phone.sends("image", media=picture(), caption=number)
        elif kind == "voice":
            who.phone.sends_voice_note(quick_speech.voice_note(1), "audio/wav")
        elif kind == "location":
            who.phone.sends("location", latitude=4.6, longitude=-74.1, name=number)
        else:
            who.phone.sends("sticker", media=picture("webp"))
        wordless = {"voice": "voice", "sticker": "sticker"}
        who.wrote.append(wordless.get(kind, number))
        self._written[number] = self._world.clock.now().timestamp()

    def _run_for(self, seconds: float) -> None:
        self._world.deliverer.run_for(seconds, max_steps=MAX_STEPS)

    def _answer(self) -> None:
        """Enough agents take the chats; some say something twice."""
        queues = list(self._world.bundle.settings["queues"])
        by_name = {one.phone.name: one for one in self.customers}
        while waiting := [chat for queue in queues for chat in self._world.desk.waiting(queue)]:
            agent = self._world.desk.agent(f"Agent {len(self._world.desk.agents)}", queues)
            while agent.has_room and waiting:
                chat = agent.accept()
                waiting.remove(chat)
                self._talks(agent, chat, by_name[chat.customer.display_name])

    def _talks(self, agent: Agent, chat: Chat, customer: Customer) -> None:
        if self._chance.random() < ANSWERED:
            for number in range(2):
                text = f"answer {number} to {customer.phone.number}"
                agent.say(text, chat=chat)
                customer.told.append(text)

    # --- what there is to see -------------------------------------------------------------

    def _seen(self) -> dict[str, list[str]]:
        """What agents saw of each customer, each message as what `wrote` calls it."""
        seen: dict[str, list[str]] = {}
        for chat in self._world.chats:
            words = seen.setdefault(chat.customer.display_name, [])
            for item in chat.items:
                if item.type != "EVENT" and item.role == "CUSTOMER":
                    words += self._words(item)
        return seen

    def _words(self, item: Item) -> list[str]:
        if item.type == "ATTACHMENT":
            return ["sticker"] if item.attachments[0].name.startswith("sticker") else []
        text = item.content or ""
        if quick_speech.TRANSCRIPT in text:
            return ["voice"]
        if text.startswith(NOTICE_MARK):
            return []
        return [word for word in text.replace("\n", " ").split() if word in self._written]

    def _watch(self) -> None:
        publish = self._world.chats.publish

        def seen(chat: Chat, item: Item) -> Item:
            for number in self._words(item) if item.role == "CUSTOMER" else []:
                if number in self._written:
                    self._note_wait(self._written[number])
            return publish(chat, item)

        self._world.chats.publish = seen  # type: ignore[method-assign]
        self._world.router.observers.append(self._add)

    def _note_wait(self, written: float) -> None:
        waited = self._world.clock.now().timestamp() - written
        # SNS, the hop and the call that shows it: 10 ms and 60 ms by the model.
        self._waits_ms.append(waited * 1000 + self._spent() + 70)

    def _spent(self) -> float:
        return float(getattr(self._busy, "ms", 0))

    def _add(self, record: CallRecord) -> None:
        """Add up each thread's calls; a claim begins a message's work."""
        if not is_ours(record):
            return
        begins = record.service == "sqs"
        self._busy.ms = 0 if begins else self._spent() + milliseconds(record)


def run(customers: int, seconds: int, seed: int = 1) -> Result:
    """One load in a world of its own."""
    with World(seed=seed) as world:
        quick_speech.mount(world)
        crowd = Crowd(world, customers, seconds, seed)
        started = time.perf_counter()
        crowd.play()
        return crowd.result(time.perf_counter() - started)


def as_json(result: Result) -> dict[str, object]:
    return asdict(result)


def peak_rss_mb() -> int:
    """The most memory this process ever had."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024))


def rss_mb(process: int | str = "self") -> int:
    """The memory a process has now, 0 where Linux does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return round(pages * resource.getpagesize() / 1024**2)


def _on_screen(customer: Customer) -> list[str]:
    return [text for text in customer.phone.texts if text.startswith("answer")]


def _disordered(wrote: list[str], shown: list[str]) -> int:
    """How many of the shown stand before something that was written earlier."""
    places = [wrote.index(word) for word in shown if wrote.count(word) == 1]
    return sum(later < earlier for earlier, later in itertools.pairwise(places))
