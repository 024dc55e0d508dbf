"""Playing a flow for a person: what happened in words, and going on after a pause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import singledispatch

from flowkit.engine import (
    ActionEntered,
    AttributesSet,
    BranchTaken,
    Contact,
    CustomerReturned,
    DataUpdated,
    Disconnected,
    ErrorTaken,
    Event,
    EventHookSet,
    FlowEnded,
    LambdaInvoked,
    MessageSent,
    ModuleEntered,
    ModuleReturned,
    Note,
    QueuedContact,
    Services,
    Signal,
    TargetQueueSet,
    TimePassed,
    TransferredToFlow,
    ViewShown,
    WaitStarted,
    resume,
    start,
)
from flowkit.engine.session import Session
from flowkit.model import Flow

#: Asks what wakes a paused flow; None stops playing.
Ask = Callable[[Session], Signal | None]


def play(
    flow: Flow, contact: Contact, services: Services, now: datetime, ask: Ask
) -> Iterator[Event]:
    """Run a flow with virtual time; `ask` says what ends each pause."""
    flow_type = "MODULE" if flow.is_module else "CONTACT_FLOW"
    sprint = start(flow, contact, services, now, flow_type)
    yield from sprint.events
    while sprint.session is not None:
        signal = ask(sprint.session)
        if signal is None:
            return
        if isinstance(signal, TimePassed):
            now = sprint.session.waiting_until or now
        sprint = resume(sprint.session, signal, services, now)
        yield from sprint.events


def time_passes(_session: Session) -> Signal:
    """Nobody writes: every wait runs out."""
    return TimePassed()


def answered(letter: str) -> Signal | None:
    """What a person at the keyboard meant: c(ustomer wrote), q(uit), anything else: time passes."""
    if letter.strip().lower() == "q":
        return None
    return CustomerReturned() if letter.strip().lower() == "c" else TimePassed()


@singledispatch
def told(event: Event) -> str:
    """One event as a line for a person; "" for those nobody needs to read."""
    return f"        {event}"


@told.register
def _(event: ActionEntered) -> str:
    return f"  {event.action}  [{event.type}]"


@told.register
def _(event: BranchTaken) -> str:
    return "" if event.branch == "next" else f"        -> {event.branch}"


@told.register
def _(event: MessageSent) -> str:
    return f"  PHONE {event.text}"


@told.register
def _(event: ErrorTaken) -> str:
    return f"        failed: {event.error_type}, {event.reason}"


@told.register
def _(event: LambdaInvoked) -> str:
    name = event.arn.rsplit(":", maxsplit=1)[-1]
    return f"        {name} took {event.took_s:g} s: {'ok' if event.ok else event.error}"


@told.register
def _(event: AttributesSet) -> str:
    values = ", ".join(f"{key}={value}" for key, value in event.values.items())
    return f"        {event.scope}: {values}"


@told.register
def _(event: DataUpdated) -> str:
    return f"        {event.what}: {event.values}"


@told.register
def _(event: WaitStarted) -> str:
    until = f"{event.until:%H:%M:%S}"
    return f"        waits until {until}{' or ' if event.events else ''}{', '.join(event.events)}"


@told.register
def _(event: TargetQueueSet) -> str:
    return f"        target queue {event.queue_id}"


@told.register
def _(event: QueuedContact) -> str:
    return f"  DESK  the contact waits in queue {event.queue_id}"


@told.register
def _(event: ModuleEntered) -> str:
    return f"        into module {event.module_id}"


@told.register
def _(event: ModuleReturned) -> str:
    return f"        back from module {event.module}"


@told.register
def _(event: TransferredToFlow) -> str:
    return f"        on to flow {event.flow_id}"


@told.register
def _(event: EventHookSet) -> str:
    return f"        on {event.event}: {event.flow_id}"


@told.register
def _(event: ViewShown) -> str:
    return f"  DESK  view {event.view_id}"


@told.register
def _(event: Note) -> str:
    return f"        note: {event.text}"


@told.register
def _(_event: Disconnected) -> str:
    return "  PHONE (the chat is over)"


@told.register
def _(event: FlowEnded) -> str:
    return f"  the flow ended: {event.reason}"
