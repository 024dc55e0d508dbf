"""What an action has at hand while it is performed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flowkit.engine.contact import Contact
from flowkit.engine.events import Event, Note
from flowkit.engine.namespaces import resolved
from flowkit.engine.services import Faults, Services, Steering, Views, Witness
from flowkit.engine.session import Session
from flowkit.model import Action
from flowkit.references import as_text


@dataclass(slots=True)
class Turn:
    """One start or resume. `now` moves on by the time Lambda calls take."""

    session: Session
    services: Services
    now: datetime
    events: list[Event] = field(default_factory=list)
    faults: Faults | None = None
    witness: Witness | None = None
    steering: Steering | None = None
    views: Views | None = None

    def __post_init__(self) -> None:
        self.faults = self.services if isinstance(self.services, Faults) else None
        self.witness = self.services if isinstance(self.services, Witness) else None
        self.steering = self.services if isinstance(self.services, Steering) else None
        self.views = self.services if isinstance(self.services, Views) else None

    @property
    def contact(self) -> Contact:
        return self.session.contact

    def emit(self, event: Event) -> None:
        self.events.append(event)
        if self.witness is not None:
            self.witness.happened(event)

    def note(self, text: str) -> None:
        self.emit(Note(text))

    def value(self, action: Action, name: str) -> Any:
        """A parameter with its references replaced; None when absent."""
        return resolved(self.session, action.parameters.get(name))

    def text(self, action: Action, name: str) -> str:
        """The same as text, "" when absent."""
        return as_text(self.value(action, name))

    def texts(self, action: Action, name: str) -> dict[str, str]:
        """An object parameter as text to text, {} when absent or no object."""
        values = self.value(action, name)
        if not isinstance(values, dict):
            return {}
        return {key: as_text(value) for key, value in values.items()}
