"""Events in words."""

from __future__ import annotations

from functools import singledispatch

from flowkit.engine import (
    ActionEntered,
    AttributesSet,
    BranchTaken,
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
    TargetQueueSet,
    TransferredToFlow,
    ViewShown,
    WaitStarted,
)


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
    return "\n".join([f"  DESK  view {event.name}", *(f"          {one}" for one in event.lines)])


@told.register
def _(event: Note) -> str:
    return f"        note: {event.text}"


@told.register
def _(_event: Disconnected) -> str:
    return "  PHONE (the chat is over)"


@told.register
def _(event: FlowEnded) -> str:
    return f"  the flow ended: {event.reason}"
