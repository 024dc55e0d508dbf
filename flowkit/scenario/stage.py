"""What the steps of a scenario act on: a contact's life, its surroundings and what was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowkit.engine import ActionEntered, BranchTaken, Contact, ErrorTaken, Event
from flowkit.life import Life
from flowkit.model import Flow
from flowkit.scenario.services import ScenarioServices
from flowkit.scenario.surroundings import Surroundings

#: When a scenario that names no time takes place: the first moment of the flow language's year.
#: A scenario about hours names its own.
DEFAULT_AT = datetime(2026, 1, 7, 17, 0, tzinfo=UTC)


class Different(AssertionError):
    """An expectation is not met. `rewrite` is the step that would be, None when unknown."""

    def __init__(self, wanted: str, found: str, rewrite: str | None = None) -> None:
        super().__init__(f"expected {wanted}, found {found}")
        self.wanted = wanted
        self.found = found
        self.rewrite = rewrite


class WrongStep(ValueError):
    """A step cannot be done; the message says why."""


@dataclass(slots=True)
class Stage:
    """One scenario under way. `read` counts the messages expectations have looked at."""

    flow: Flow
    services: ScenarioServices
    surroundings: Surroundings
    folder: Path
    contact: Contact
    now: datetime = DEFAULT_AT
    life: Life | None = None
    read: int = 0
    overheard: int = 0
    hear: Callable[[Event], None] = lambda _event: None
    flow_type: str = "CONTACT_FLOW"
    opened: list[Event] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        return self.services.bundle.settings

    @property
    def living(self) -> Life:
        """The contact's life. The flow starts now if nothing has started it yet."""
        if self.life is None:
            self.life = Life(self.contact, self.services, self.now, hear=self.hear)
            self.life.starts(self.flow, self.flow_type)
        return self.life

    def set_clock(self, now: datetime) -> None:
        if self.life is not None:
            raise WrongStep("the flow has started; time now passes by `after`")
        self.now = now

    def next_message(self) -> str | None:
        """The next message the customer read and no step has looked at."""
        told = self.living.told
        if self.read >= len(told):
            return None
        self.read += 1
        return told[self.read - 1]

    def unread(self) -> list[str]:
        """All of them, without looking."""
        return self.living.told[self.read :] if self.life else []

    def next_whisper(self) -> str | None:
        whispered = self.living.whispered
        if self.overheard >= len(whispered):
            return None
        self.overheard += 1
        return whispered[self.overheard - 1]

    def text(self, keys: str, language: str | None) -> str:
        """One text of settings.yaml, or several joined by lines: `goodbye + survey`."""
        texts = self.settings.get("texts") or {}
        spoken = language or self.contact.attributes.get("language", "")
        found = texts.get(spoken) or texts.get("en") or {}
        names = [key.strip() for key in keys.split("+")]
        absent = [name for name in names if name not in found]
        if absent:
            raise WrongStep(f"settings.yaml has no text {absent[0]!r}")
        return "\n".join(str(found[name]) for name in names)


def path_taken(events: list[Event]) -> list[str]:
    """Which way a contact went, a line per action."""
    lines: list[str] = []
    for event in events:
        if isinstance(event, ActionEntered):
            lines.append(f"{event.flow}: {event.action}")
        elif isinstance(event, BranchTaken) and event.branch != "next":
            lines.append(f"    -> {event.branch}")
        elif isinstance(event, ErrorTaken):
            lines.append(f"    failed: {event.reason}")
    return lines
