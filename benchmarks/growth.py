"""What stored history and open conversations do to one text: nothing, if it is read by key."""

import statistics
import time
from dataclasses import dataclass

from benchmarks.calls import Scene, scene

HISTORY = 1000
OPEN = 100
TEXTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Of one live text: `calls`, `bytes` that came back, CPU milliseconds, emulators included."""

    calls: float
    bytes_out: float
    cpu_ms: float


def measure(history: int = HISTORY, others: int = OPEN) -> dict[str, Growth]:
    """A new conversation, one with much history, and one among many."""
    with scene() as given:
        given.talk()
        fresh = _texts(given)
    with scene() as given:
        given.talk()
        for number in range(history):
            given.phone.says(f"earlier {number}")
            given.world.run_for(7)  # below ten a minute, so that each is a message of its own
        long = _texts(given)
    with scene() as given:
        given.talk()
        for number in range(others):
            given.world.phones.add(f"Other {number}", f"1666{number:07}").says("Hello")
        given.world.run_for(5)
        among = _texts(given)
    return {"fresh": fresh, f"{history} messages before": long, f"{others} other chats": among}


def _texts(given: Scene) -> Growth:
    given.world.run_for(120)
    router, first, cpu = given.world.router, len(given.world.router.calls), []
    for number in range(TEXTS):
        started = time.process_time()
        given.phone.says(f"now {number}")
        given.world.settle()
        cpu.append((time.process_time() - started) * 1000)
        given.world.run_for(7)
    calls = [call for call in router.calls[first:] if call.service != "socialmessaging"]
    return Growth(
        calls=round(len(calls) / TEXTS, 2),
        bytes_out=round(sum(call.bytes_out for call in calls) / TEXTS),
        cpu_ms=round(statistics.median(cpu), 2),
    )
