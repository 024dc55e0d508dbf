"""Small helpers: build flows in a line per action, run them, and read what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flowkit.bundle import Bundle, load
from flowkit.engine import (
    Contact,
    ErrorTaken,
    Event,
    MessageSent,
    Note,
    QueuedContact,
    Sprint,
    TimePassed,
    resume,
    start,
)
from flowkit.engine.session import Session
from flowkit.model import Flow, parse
from flowkit.stand_in import StandInServices

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "data" / "contact_flows"

#: A Wednesday, 11:00 in New York: within the support hours of settings.yaml.
OPEN = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
#: The same day at 23:00 in New York.
CLOSED = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)


def action(
    identifier: str,
    action_type: str,
    parameters: dict[str, Any] | None = None,
    *,
    next_action: str | None = None,
    errors: dict[str, str] | None = None,
    conditions: list[tuple[str, str, str]] | None = None,
) -> dict[str, Any]:
    """One entry of `Actions`. Conditions are (operator, operand, target)."""
    transitions: dict[str, Any] = {}
    if next_action is not None:
        transitions["NextAction"] = next_action
    if errors is not None:
        transitions["Errors"] = [{"ErrorType": e, "NextAction": t} for e, t in errors.items()]
    if conditions is not None:
        transitions["Conditions"] = [
            {"NextAction": target, "Condition": {"Operator": operator, "Operands": [operand]}}
            for operator, operand, target in conditions
        ]
    return {
        "Identifier": identifier,
        "Type": action_type,
        "Parameters": parameters or {},
        "Transitions": transitions,
    }


def say(identifier: str, text: str, then: str = "end") -> dict[str, Any]:
    return action(
        identifier,
        "MessageParticipant",
        {"Text": text},
        next_action=then,
        errors={"NoMatchingError": then},
    )


def document(*actions: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """A flow document that starts at the first action and has an `end` to go to."""
    listed = list(actions)
    if all(a["Identifier"] != "end" for a in listed):
        listed.append(action("end", "DisconnectParticipant"))
    start_action = listed[0]["Identifier"]
    return {"Version": "2019-10-30", "StartAction": start_action, "Actions": listed, **extra}


def flow(*actions: dict[str, Any], name: str = "flow", **extra: Any) -> Flow:
    return parse(document(*actions, **extra), name)


def one_action(
    action_type: str,
    parameters: dict[str, Any] | None = None,
    conditions: list[tuple[str, str, str]] | None = None,
    error: str = "NoMatchingError",
) -> Flow:
    """A flow of one action that says what became of it: worked, failed or the condition."""
    named = [operand for _, operand, _ in conditions or []]
    return flow(
        action(
            "it",
            action_type,
            parameters,
            next_action="worked",
            errors={error: "failed"},
            conditions=[(op, operand, f"said {operand}") for op, operand, _ in conditions or []],
        ),
        say("worked", "worked"),
        say("failed", "failed"),
        *[say(f"said {operand}", operand) for operand in named],
    )


def contact(**facts: Any) -> Contact:
    known = {"contact_id": "c-1", "initial_contact_id": "c-1", **facts}
    return Contact(**known)


@lru_cache
def bundle() -> Bundle:
    """The product's flows; read once, since no run changes them."""
    return load(ROOT / "contact_flows")


def world(**facts: Any) -> StandInServices:
    return StandInServices(bundle(), **facts)


def run(
    a_flow: Flow, services: Any = None, who: Contact | None = None, now: datetime = OPEN
) -> Sprint:
    return start(a_flow, who or contact(), services or world(), now)


def run_to_the_end(
    a_flow: Flow, services: Any = None, who: Contact | None = None, now: datetime = OPEN
) -> list[Event]:
    """Run with virtual time: every wait passes. A run that never ends fails the test."""
    sprint = run(a_flow, services, who, now)
    return sprint.events + wait_out(sprint.session, services or world())


def wait_out(session: Session | None, services: Any) -> list[Event]:
    events: list[Event] = []
    for _ in range(1_000):
        if session is None:
            return events
        assert session.waiting_until is not None
        sprint = resume(session, TimePassed(), services, session.waiting_until)
        events += sprint.events
        session = sprint.session
    raise AssertionError("the flow is still waiting after a thousand waits")


def said(events: list[Event]) -> list[str]:
    """What the customer's phone shows."""
    return [event.text for event in events if isinstance(event, MessageSent)]


def errors(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.error_type, e.reason) for e in events if isinstance(e, ErrorTaken)]


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


def queued_in(events: list[Event], services: StandInServices) -> list[str | None]:
    """The names of the queues the contact was put into."""
    return [services.bundle.queue_name(e.queue_id) for e in events if isinstance(e, QueuedContact)]
