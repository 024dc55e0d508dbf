"""A run that can pause: plain data, so that it can be kept and resumed later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flowkit.engine.contact import Contact
from flowkit.engine.events import Event
from flowkit.model import Action, Flow


@dataclass(frozen=True, slots=True)
class Signal:
    """Root of what can resume a paused flow."""


@dataclass(frozen=True, slots=True)
class TimePassed(Signal):
    """The clock moved; the flow goes on when its wait is over."""


@dataclass(frozen=True, slots=True)
class CustomerReturned(Signal):
    """The customer wrote."""


@dataclass(frozen=True, slots=True)
class BotLeft(Signal):
    """The bot participant left the chat."""


@dataclass(frozen=True, slots=True)
class ViewAnswered(Signal):
    """The agent pressed `action` in the view and filled in `data`."""

    action: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Frame:
    """One flow or module on the call stack, at the action `at`."""

    flow: Flow
    at: str
    flow_attributes: dict[str, str] = field(default_factory=dict)
    module_input: dict[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> Action | None:
        return self.flow.actions.get(self.at)


@dataclass(slots=True)
class Slots:
    """Results of the latest action of a kind; the next one of that kind replaces them."""

    external: dict[str, Any] = field(default_factory=dict)
    lambda_invocation_id: str = ""
    views: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    module: dict[str, Any] = field(default_factory=dict)
    stand_ins: dict[str, dict[str, Any]] = field(default_factory=dict)
    task_id: str = ""


@dataclass(slots=True)
class Session:
    """A paused run: where it stands and what it waits for. Picklable."""

    contact: Contact
    flow_type: str
    frames: list[Frame]
    slots: Slots = field(default_factory=Slots)
    loops: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting_until: datetime | None = None
    waiting_for: tuple[str, ...] = ()
    calls: int = 0

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def next_call_id(self) -> str:
        """A new id of this run, the same on every replay."""
        self.calls += 1
        return f"{self.contact.contact_id}-{self.calls}"


@dataclass(frozen=True, slots=True)
class Sprint:
    """What happened until the flow paused (`session`) or ended (`session` is None)."""

    events: list[Event]
    session: Session | None
