"""The story: two customers, two agents, one number. Everything shown has really happened."""

import io
import wave
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.contact import record_key
from chalicelib.gateways.audio import probe
from chalicelib.list_prices import PRICES, bill
from sandbox.desk import Agent, ChatIsOverError, NobodyWaitsError
from sandbox.guides import Guide
from sandbox.meter import Measure, Meter
from sandbox.passing import wait_until
from sandbox.phones import Phone
from sandbox.sample_files import sample_file
from sandbox.timeline import Column, Layout, Row
from sandbox.watcher import TICKS, Watcher
from sandbox.world import World

CLAIM = Path(__file__).parent / "voice_notes" / "claim_en.ogg"
SLICE_S = 0.5
QUEUED_WITHIN_S = 120
OVER_WITHIN_S = 3600
# A contact is a message with an answer: what a month of a thousand of them would cost.
PER_THOUSAND = 1000

Write = Callable[[str], None]


class Story:
    """Tells itself through `write`; `problems` lists what did not happen as promised."""

    def __init__(self, world: World, write: Write, width: int) -> None:
        self.world = world
        self.meter = Meter(world)
        self.problems: list[str] = []
        self._write = write
        self._layout = Layout(width)
        self._watcher = Watcher(world)
        self.mia = world.phones.add("Mia", "15550100001")
        self.luis = world.phones.add("Luis", "34600100002")
        self.ana = world.desk.agent("Ana", ["General", "Orders", "Urgent", "Billing"])
        self.ben = world.desk.agent("Ben", ["Claims", "Support"])

    def tell(self) -> None:
        """From the first hello to the end of the last chat."""
        self._write(self._layout.heading())
        try:
            self._greeting()
            self._voice_note()
            self._second_customer()
            self._reply_to_the_note()
            self._ends()
        except (NobodyWaitsError, ChatIsOverError) as stuck:
            self.problems.append(f"the story went on ({stuck})")
        self._write(report(self.meter.measures))

    # --- chapters -----------------------------------------------------------------------------

    def _greeting(self) -> None:
        self._chapter("A text opens a chat")
        with self.meter.step("text that opens a chat, with greeting"):
            self.mia.says("Hello, are you open today?")
            self._until_someone_waits(self.ana)
        self._promise(bool(self.mia.screen), "Mia is greeted by the flow")
        chat = self.ana.accept()
        self._promise(
            any(line.text == "Hello, are you open today?" for line in self.ana.desk_view(chat)),
            "Ana reads Mia's words",
        )
        self._answer(self.ana, self.mia, "Hi Mia, we are, until six.")
        with self.meter.step("text in a live chat"):
            self.mia.says("Thanks!")
            self._pass(2)
        with self.meter.step("end of a chat"):
            self.ana.end()
            self._until_all_over()
        self._promise(chat.is_over, "Ana ends the chat")

    def _voice_note(self) -> None:
        self._chapter("A voice note opens a chat and finds its queue")
        audio = CLAIM.read_bytes()
        with self.meter.step("voice note that opens a chat", speech_s=probe(audio).duration_s):
            self.wamid = self.mia.sends_voice_note(audio)
            self._look()
            self._until_someone_waits(self.ana)
        self.ana.accept()
        self._look()
        guide = self.ana.open_guide()
        self._look()
        self._check_card(guide)

    def _check_card(self, guide: Guide | None) -> None:
        """What the agent has is compared with what was really made of the audio."""
        stored = self.world.app.history.load_voice_note(self.wamid)
        transcript = stored.note.transcript if stored else None
        words = transcript.text if transcript else ""
        lines = self.ana.desk_view()
        self._promise(bool(words), "the voice note is understood")
        self._promise(
            any(
                words in line.text for line in lines if words and line.content_type == "text/plain"
            ),
            "Ana has a card with the transcript",
        )
        screen = guide.screen if guide else None
        self._promise(
            screen is not None and screen.name == "voice_note" and words in screen.lines,
            "Ana's guide shows the words in a view of ours",
        )
        files = [line.body for line in lines if line.content_type == "audio/wav"]
        self._promise(any(_plays(body) for body in files), "Ana can play the voice note as WAV")
        facts: dict[str, Any] = (stored.note.facts if stored else None) or {}
        attributes = self.world.chats.find(self.ana.active[-1].id)
        told = attributes.attributes.get("intent") if attributes else None
        self._promise(
            bool(facts) and told == facts.get("intent"), "the flow knows what the note is about"
        )

    def _second_customer(self) -> None:
        self._chapter("Meanwhile a second customer, in Spanish, to another queue")
        with self.meter.step("photo that opens a chat, with greeting"):
            self.luis.sends(
                "image", media=sample_file("image/jpeg"), caption="La lámpara llegó así"
            )
            self._until_someone_waits(self.ben)
        self.ben.accept()
        self._look()
        lines = self.ben.desk_view()
        self._promise(any(line.body for line in lines), "Ben sees Luis's photo")
        self._promise(
            not any("lámpara" in line.text for line in self.ana.desk_view()),
            "Ana sees nothing of Luis",
        )

    def _reply_to_the_note(self) -> None:
        self._chapter("Both agents answer")
        self._answer(self.ben, self.luis, "Gracias por la foto, Luis. Enviamos una nueva.")
        text = "I am sorry, Mia. **Your refund** is on its way, I will call you today."
        self._answer(self.ana, self.mia, text)
        self._promise(self.mia.tick(self.wamid) == "read", "Mia's voice note has its blue ticks")

    def _ends(self) -> None:
        self._chapter("The chats end")
        for agent in (self.ana, self.ben):
            agent.end()
        self._until_all_over()
        self._promise(not self.world.chats.active(), "both chats are over")
        letters = self.world.sqs.queues["dead-letters.fifo"].messages
        self._promise(not letters, "nothing lies in the dead-letter queue")

    # --- building blocks ----------------------------------------------------------------------

    def _answer(self, agent: Agent, customer: Phone, text: str) -> None:
        """Say something; the phone gets it, the customer reads it, the business learns of it."""
        before = len(customer.screen)
        with self.meter.step("agent's reply, with its ticks"):
            item = agent.say(text, "text/markdown")
            self._pass(2)
            customer.reads()
            self._pass(2)
        self._promise(len(customer.screen) == before + 1, f"{customer.name} gets the answer")
        status, _ = self.world.app.history.status_of(record_key(item.id, 0))
        self._promise(status == "read", f"the business knows that {customer.name} read it")
        told = f"{TICKS.get(status, status)}: {agent.name}'s answer (message history)"
        self._show(Row(at=self.world.clock.now(), column=Column.DESK, text=told))

    def _until_someone_waits(self, agent: Agent) -> None:
        def waits() -> bool:
            return any(self.world.chats.waiting_in(queue) for queue in agent.queue_ids)

        found = wait_until(self.world, waits, within_s=QUEUED_WITHIN_S, meanwhile=self._look)
        self._promise(found, f"a chat reaches {agent.name}'s queues")
        self._pass(2)

    def _until_all_over(self) -> None:
        """A flow may have a last word, or a last question."""
        chats = self.world.chats
        wait_until(
            self.world, lambda: not chats.active(), within_s=OVER_WITHIN_S, meanwhile=self._look
        )
        self._pass(2)

    def _pass(self, seconds: float) -> None:
        self.world.settle()
        self._look()
        for _ in range(round(seconds / SLICE_S)):
            self.world.run_for(SLICE_S)
            self._look()

    def _look(self) -> None:
        for row in self._watcher.look():
            self._show(row)

    def _show(self, row: Row) -> None:
        self._write(self._layout.rows(row))

    def _chapter(self, title: str) -> None:
        self._write(self._layout.chapter(title))

    def _promise(self, kept: bool, what: str) -> None:
        if not kept:
            self.problems.append(what)


def _plays(body: bytes | None) -> bool:
    """Whether a file is a WAV with sound in it."""
    try:
        with wave.open(io.BytesIO(body or b"")) as sound:
            return bool(sound.getnframes())
    except (wave.Error, EOFError):
        return False


def report(measures: list[Measure]) -> str:
    """What each kind of message took, on average where there were several."""
    lines = ["", _row("per message", "AWS calls", "ms", "of it AI", "KB", "$ / 1,000"), "-" * 92]
    for kind in dict.fromkeys(one.kind for one in measures):
        same = [one for one in measures if one.kind == kind]
        lines.append(
            _row(
                kind,
                f"{_mean(one.calls for one in same):.0f}",
                f"{_mean(one.ms for one in same):.0f}",
                f"{_mean(one.ai_ms for one in same):.0f}",
                f"{_mean(one.bytes for one in same) / 1024:.1f}",
                f"{_mean(float(one.dollars) for one in same) * PER_THOUSAND:.2f}",
            )
        )
    return "\n".join([*lines, "", _payees(measures), _sources()])


def _payees(measures: list[Measure]) -> str:
    total: dict[str, Decimal] = {}
    for measure in measures:
        for payee, dollars in bill(measure.counts).items():
            total[payee] = total.get(payee, Decimal(0)) + dollars
    parts = ", ".join(f"{payee} ${dollars:.4f}" for payee, dollars in total.items())
    return f"This story would have cost ${sum(total.values(), Decimal(0)):.4f}: {parts}."


def _sources() -> str:
    names = ("connect_message", "eum_message", "meta_service_message", "speech_second")
    prices = [PRICES[name] for name in names]
    listed = "; ".join(f"${one.usd} per {one.unit} ({one.dated})" for one in prices)
    return f"Computed from counts and list prices (chalicelib/list_prices.py): {listed}."


def _row(*cells: str) -> str:
    first, *others = cells
    return f"{first:<42}" + "".join(f"{cell:>10}" for cell in others)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
