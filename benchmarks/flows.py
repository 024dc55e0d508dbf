"""How many contacts per second our inbound flow takes with stub functions, on one core.

    python -m benchmarks.flows [seconds]

Each contact runs whatsapp_inbound and the voice_note module to the queue, waits included, as a
voice note that was pending once; a text contact; and one after hours. Printed: contacts, actions
and microseconds per action.
"""

import sys
import time
from datetime import UTC, datetime
from typing import Any

from flowkit.bundle import Bundle, load
from flowkit.engine import ActionEntered, Contact, LambdaAnswer, TimePassed, resume, start
from flowkit.stand_in import StandInServices, answering

TARGET_PER_SECOND = 2_000
OPEN = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)
SECONDS = 3.0


def _functions(pending: int) -> dict[str, Any]:
    waiting = [LambdaAnswer({"status": "pending"}, took_s=0.1)] * pending
    heard = LambdaAnswer({"status": "ready", "transcriptStatus": "ok", "language": "es"})

    def transcribe(_event: dict[str, Any]) -> LambdaAnswer:
        return waiting.pop() if waiting else heard

    facts = answering(status="ready", intent="refund", urgency="low")
    return {"transcribe": transcribe, "structure": facts}


def contact(bundle: Bundle, number: int) -> int:
    """Run one contact to its end; the number of actions it ran."""
    kind = number % 3
    attributes = {"voiceNoteId": "w" if kind == 0 else "none", "language": "en"}
    attributes["messageType"] = "voice" if kind == 0 else "text"
    who = Contact(contact_id=f"c-{number}", attributes=attributes)
    services = StandInServices(bundle, functions=_functions(1 if kind == 0 else 0))
    now = CLOSED if kind == 2 else OPEN
    sprint = start(bundle.flows["whatsapp_inbound"], who, services, now)
    events = sprint.events
    while sprint.session is not None:
        now = sprint.session.waiting_until or now
        sprint = resume(sprint.session, TimePassed(), services, now)
        events = events + sprint.events
    return sum(isinstance(event, ActionEntered) for event in events)


def measure(seconds: float = SECONDS) -> tuple[float, float]:
    """Contacts per second and microseconds per action, over this time."""
    bundle = load()
    for number in range(300):  # caches fill as they do in a long run
        contact(bundle, number)
    contacts = actions = 0
    began = time.process_time()
    while time.process_time() - began < seconds:
        for number in range(99):
            actions += contact(bundle, number)
        contacts += 99
    took = time.process_time() - began
    return contacts / took, 1e6 * took / actions


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    per_second, micros = measure(seconds)
    print(f"{per_second:,.0f} contacts/s on one core (target {TARGET_PER_SECOND:,})")
    print(f"{micros:.1f} us per action")


if __name__ == "__main__":
    main()
