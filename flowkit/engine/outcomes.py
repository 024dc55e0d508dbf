"""What performing one action comes to; the runner turns it into the next action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flowkit.engine.session import Frame


@dataclass(frozen=True, slots=True)
class Done:
    """It worked; `result` chooses among the conditions (None: there is nothing to compare)."""

    result: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work; `error` is the ErrorType that happened."""

    reason: str
    error: str = "NoMatchingError"


@dataclass(frozen=True, slots=True)
class Paused:
    """The flow waits until a time (UTC) or one of these events."""

    until: datetime
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """A module starts; the caller goes on when it returns."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another flow takes over for good."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Returned:
    """The module is over."""

    result: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The flow is over; `reason` as in events.FlowEnded."""

    reason: str


Outcome = Done | Failed | Paused | Entered | Replaced | Returned | Ended
