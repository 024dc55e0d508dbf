"""Step-by-step guides: the flow beside a chat on an agent's screen, and the view it shows.

Connect runs one as a contact of its own, of subtype connect:Guide, where the agent works in the
agent workspace; in the plain CCP there is none. So a guide opens when a test or a story says so.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from flowkit.engine import (
    Contact,
    Session,
    Signal,
    Sprint,
    TimePassed,
    ViewAnswered,
    ViewShown,
    resume,
    start,
)
from flowkit.life import GUIDE_SUBTYPE
from sandbox.amazon_connect.records import Chat
from sandbox.flow_runner import FlowRunner
from sandbox.flow_services import parsed


@dataclass(slots=True, kw_only=True)
class Guide:
    """One guide of one chat. `shown`: every view it has shown, the newest last."""

    chat: Chat
    contact: Contact
    session: Session | None = None
    shown: list[ViewShown] = field(default_factory=list)

    @property
    def screen(self) -> ViewShown | None:
        """What the agent has before the eyes; None once the guide is closed."""
        return self.shown[-1] if self.session and self.shown else None


class Guides:
    """All guides of the instance."""

    def __init__(self, runner: FlowRunner) -> None:
        self._runner = runner
        self.all: list[Guide] = []

    def open(self, chat: Chat) -> Guide | None:
        """Start the guide that the chat's flow set (DefaultAgentUI); None when it set none."""
        hook = chat.event_hooks.get("DefaultAgentUI")
        stored = self._runner.stored(hook) if hook else None
        if stored is None:
            return None
        guide = Guide(chat=chat, contact=self._beside(chat))
        self.all.append(guide)
        now, services = self._runner.now, self._runner.services
        self._after(guide, start(parsed(stored), guide.contact, services, now))
        return guide

    def press(self, guide: Guide, action: str, data: dict[str, Any] | None = None) -> None:
        """The agent uses a button of the view; nothing happens once the guide is closed."""
        self._resume(guide, ViewAnswered(action, data or {}))

    def _beside(self, chat: Chat) -> Contact:
        of_customer = self._runner.contact(chat)
        return replace(
            of_customer,
            contact_id=self._runner.new_id(),
            related_contact_id=of_customer.contact_id,
            segment_attributes={"connect:Subtype": GUIDE_SUBTYPE},
            attributes=dict(of_customer.attributes),
            event_hooks={},
        )

    def _resume(self, guide: Guide, signal: Signal) -> None:
        if guide.session is not None:
            now, services = self._runner.now, self._runner.services
            self._after(guide, resume(guide.session, signal, services, now))

    def _after(self, guide: Guide, sprint: Sprint) -> None:
        guide.session = sprint.session
        guide.shown += [event for event in sprint.events if isinstance(event, ViewShown)]
        self._runner.events += [(guide.chat.id, event) for event in sprint.events]
        if sprint.session is not None:
            self._alarm(guide, sprint.session)

    def _alarm(self, guide: Guide, session: Session) -> None:
        """A view nobody answers takes its time-out branch; one that was answered rings in vain."""
        until, shown = session.waiting_until, len(guide.shown)

        def ring() -> None:
            if guide.session is session and len(guide.shown) == shown:
                self._resume(guide, TimePassed())

        if until:
            self._runner.at(until, ring)
