"""What the emulators need from the rest of the sandbox, by shape: each can be tested alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The sandbox's only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Scheduler(Protocol):
    """Runs jobs when the sandbox's clock reaches their time."""

    def at(self, when: datetime, job: Callable[[], None], /) -> object:
        """Run `job` once the clock stands at `when` or later."""
        ...


class Topics(Protocol):
    """SNS as the emulators see it: one call, fanned out to the subscribed queues."""

    def publish(self, topic_arn: str, message: str, attributes: dict[str, str], /) -> object:
        """Deliver `message` with String `attributes` to the topic's subscribers."""
        ...
