"""The conversation of the rehearsal, and what must have come of it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from infra.rehearsal.local_aws import RehearsalProblem
from infra.rehearsal.surroundings import Surroundings
from sandbox.desk import Agent
from sandbox.phones import Phone

WAIT_SECONDS = 90
VOICE_NOTE = Path(__file__).parents[2] / "sandbox" / "voice_notes" / "claim_en.ogg"
BOTH = {"transcribe-voice-note", "structure-voice-note"}


class Timeline:
    """What happened when, in seconds from the start; `say` prints while it goes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._started = time.monotonic()
        self._say = say

    def add(self, what: str) -> None:
        self._say(f"  {time.monotonic() - self._started:6.1f} s  {what}")

    def until(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait for it. Raises RehearsalProblem when it does not happen in time."""
        end = time.monotonic() + WAIT_SECONDS
        while not happened():
            if time.monotonic() > end:
                raise RehearsalProblem(f"did not happen within {WAIT_SECONDS} s: {what}")
            time.sleep(0.1)
        self.add(what)


def hold(around: Surroundings, queues: list[str], say: Callable[[str], None]) -> None:
    """Text, greeting, agent, reply, statuses, voice note, end. Raises RehearsalProblem."""
    line, world, lock = Timeline(say), around.world, around.lock
    with lock:
        mia = world.phones.add("Mia", "15550100001")
        agent = world.desk.agent("Ana", queues)
        mia.says("Hello, where is my order 12345?")
    line.add("Mia writes: Hello, where is my order 12345?")
    line.until("Connect has a chat that waits for an agent", lambda: _waiting(around, queues))
    with lock:
        chat = agent.accept()
    line.add("Ana takes the chat")

    def desk() -> str:
        with lock:
            return "\n".join(str(row.text) for row in agent.desk_view(chat))

    line.until("Ana reads what Mia wrote", lambda: "order 12345" in desk())
    line.until("Mia has the greeting", lambda: bool(mia.texts))
    with lock:
        agent.say("Hi **Mia**, it is on its way", "text/markdown")
    line.add("Ana answers: Hi **Mia**, it is on its way")
    line.until("Mia reads it", lambda: any("*Mia*, it is on its way" in t for t in mia.texts))
    with lock:
        mia.sends_voice_note(VOICE_NOTE.read_bytes())
    line.add("Mia sends a voice note")
    line.until("Ana has its transcript", lambda: "parcel" in desk())

    def sound() -> bool:
        with lock:
            return any(".wav" in str(row.as_json()) for row in agent.desk_view(chat))

    line.until("and the sound to play", sound)
    with lock:
        agent.end()
    line.add("Ana ends the chat")


class Pair(NamedTuple):
    """Who are in a chat with each other."""

    phone: Phone
    agent: Agent


def hold_second(around: Surroundings, queues: list[str], say: Callable[[str], None]) -> Pair:
    """A voice note opens a chat: the flow calls the functions, and so does the agent's guide."""
    line, world, lock = Timeline(say), around.world, around.lock
    with lock:
        leo = world.phones.add("Leo", "15550100002")
        leo.sends_voice_note(VOICE_NOTE.read_bytes())
    line.add("Leo opens with a voice note")
    line.until("the flow has its transcript and its facts", lambda: _ready(around) == BOTH)
    line.until("the chat waits in a queue", lambda: _waiting(around, queues))
    with lock:
        ben = world.desk.agent("Ben", queues)
        ben.accept()
        guide = ben.open_guide()
    screen = guide.screen if guide else None
    said = "\n".join(screen.lines) if screen else ""
    if screen is None or not screen.name.endswith("voice_note") or "parcel" not in said:
        raise RehearsalProblem(f"the guide does not show the voice note in our view: {screen}")
    line.add(f"Ben takes it; the guide shows the view {screen.name} with the note's words")
    return Pair(leo, ben)


def _ready(around: Surroundings) -> set[str]:
    """Functions that told a flow what it waited for, by the end of their names."""
    done = around.world.lambdas.invocations
    return {
        one.function_name.split("-", 2)[2]
        for one in done
        if one.error is None and one.payload.get("status") == "ready"
    }


def _waiting(around: Surroundings, queues: list[str]) -> bool:
    with around.lock:
        return any(around.world.desk.waiting(queue) for queue in queues)
