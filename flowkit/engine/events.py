"""What happened while a flow ran. A sprint is a list of these, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Root of every event."""


@dataclass(frozen=True, slots=True)
class ActionEntered(Event):
    flow: str
    action: str
    type: str


@dataclass(frozen=True, slots=True)
class BranchTaken(Event):
    """`branch` is "next", "error <type>" or "<operator> <operand>"."""

    flow: str
    action: str
    branch: str
    target: str


@dataclass(frozen=True, slots=True)
class ErrorTaken(Event):
    """An action failed. `error_type` is what happened, `reason` says why in words."""

    action: str
    error_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """The flow wrote to the customer (a chat message of role SYSTEM)."""

    text: str


@dataclass(frozen=True, slots=True)
class AttributesSet(Event):
    """`scope` is "contact", "flow" or "related"."""

    values: dict[str, str]
    scope: str = "contact"


@dataclass(frozen=True, slots=True)
class DataUpdated(Event):
    """The action `what` changed the contact or asked Connect for something else."""

    what: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventHookSet(Event):
    event: str
    flow_id: str


@dataclass(frozen=True, slots=True)
class TargetQueueSet(Event):
    queue_id: str


@dataclass(frozen=True, slots=True)
class QueuedContact(Event):
    """The contact waits in this queue; the flow has no more say. `dequeued` when it moved."""

    queue_id: str
    dequeued: bool = False


@dataclass(frozen=True, slots=True)
class TransferredToFlow(Event):
    flow_id: str


@dataclass(frozen=True, slots=True)
class ModuleEntered(Event):
    module_id: str


@dataclass(frozen=True, slots=True)
class ModuleReturned(Event):
    module: str
    result: str


@dataclass(frozen=True, slots=True)
class LambdaInvoked(Event):
    """One try. `error` is "" when `ok`; `took_s` in seconds."""

    arn: str
    ok: bool
    took_s: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class WaitStarted(Event):
    until: datetime
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewShown(Event):
    """A guide or form is on the agent's screen; `data` is what it is filled with.

    `name`: of a view of ours, else the id again; `lines`: what an agent reads.
    """

    view_id: str
    data: dict[str, Any]
    name: str = field(default="", compare=False)
    lines: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """The chat ended for the customer."""


@dataclass(frozen=True, slots=True)
class FlowEnded(Event):
    """`reason`: disconnected, ended, queued, no_branch, missing_action, runaway."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note(Event):
    """Something a reader of the run should know, e.g. that a block does not work on chat."""

    text: str
