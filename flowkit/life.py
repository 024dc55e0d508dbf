"""One contact from its first flow to its last: queue, whisper, guide and disconnect flows included.

The engine runs one flow; what Connect does between flows (event hooks, agents who answer and
leave, time that passes) is done here. Time is virtual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flowkit.engine import (
    AttributesSet,
    BotLeft,
    Contact,
    CustomerReturned,
    Event,
    FlowEnded,
    MessageSent,
    Note,
    QueuedContact,
    Services,
    Session,
    Signal,
    Sprint,
    TimePassed,
    ViewAnswered,
    ViewShown,
    resume,
    start,
)
from flowkit.model import Flow

#: Event hook -> the type of flow it runs. Chat has no default whisper: only what is set runs.
WHISPERS = {"CustomerWhisper": "CUSTOMER_WHISPER", "AgentWhisper": "AGENT_WHISPER"}
GUIDE_SUBTYPE = "connect:Guide"

#: Pauses of one flow after which a run that only waits is given up. Ours.
MAX_PAUSES = 2_000


@dataclass(slots=True)
class _Running:
    """A flow that waits, and of which kind it is."""

    session: Session
    flow_type: str


@dataclass(slots=True)
class Life:
    """What a contact goes through. `now` is aware UTC.

    `told` holds what the customer read, `whispered` what the agent did, `queue` the id of the
    queue the contact waits in, `ended` why the last flow ended ("" while one runs).
    """

    contact: Contact
    services: Services
    now: datetime
    events: list[Event] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    whispered: list[str] = field(default_factory=list)
    views: list[ViewShown] = field(default_factory=list)
    queue: str | None = None
    ended: str = ""
    over: bool = False
    hear: Callable[[Event], None] = lambda _event: None
    _flow: _Running | None = None
    _guide: _Running | None = None

    @property
    def waiting(self) -> Session | None:
        """The paused session of the contact's current flow."""
        return self._flow.session if self._flow else None

    @property
    def next_due(self) -> datetime | None:
        """When the next pause runs out by itself."""
        due = [_due(running.session) for running in (self._flow, self._guide) if running]
        return min(due, default=None)

    # --- what happens to the contact ------------------------------------------------------------

    def starts(self, flow: Flow, flow_type: str = "CONTACT_FLOW") -> None:
        """Run a flow for the contact until it pauses or ends."""
        self.ended = ""
        kind = "MODULE" if flow.is_module else flow_type
        self._flow = self._after(start(flow, self.contact, self.services, self.now, kind), kind)
        self._follow_up()

    def customer_writes(self) -> None:
        self._wake(CustomerReturned())

    def bot_leaves(self) -> None:
        self.contact.has_bot = False
        self._wake(BotLeft())

    def passes(self, seconds: float) -> None:
        """Let time pass, with every wait that runs out on the way."""
        until = self.now + timedelta(seconds=seconds)
        for _ in range(MAX_PAUSES):
            due = [r for r in (self._flow, self._guide) if r and _due(r.session) <= until]
            if not due:
                break
            first = min(due, key=lambda running: _due(running.session))
            self.now = max(self.now, _due(first.session))
            self._resume(first, TimePassed())
        self.now = until

    def agent_answers(self) -> None:
        """An agent takes the waiting contact: the queue flow stops, whispers run."""
        self._flow, self.queue = None, None
        for event, flow_type in WHISPERS.items():
            flow = self._hooked(event)
            if flow is not None:
                sprint = start(flow, self.contact, self.services, self.now, flow_type)
                self._after(sprint, flow_type)

    def agent_leaves(self) -> None:
        """The agent ends their part: the disconnect flow runs, or the chat is over."""
        self.contact.previous_contact_id = self.contact.contact_id
        self.contact.initiation_method = "DISCONNECT"
        flow = self._hooked("CustomerRemaining")
        if flow is None:
            self.ended, self.over = "disconnected", True
        else:
            self.starts(flow)

    def agent_opens_guide(self) -> None:
        """The default guide starts, as a contact of its own beside the customer's."""
        flow = self._hooked("DefaultAgentUI")
        if flow is None:
            return
        beside = replace(
            self.contact,
            contact_id=f"{self.contact.contact_id}-guide",
            related_contact_id=self.contact.contact_id,
            segment_attributes={"connect:Subtype": GUIDE_SUBTYPE},
            attributes=dict(self.contact.attributes),
        )
        self._guide = self._after(start(flow, beside, self.services, self.now), "GUIDE")

    def agent_presses(self, action: str, data: dict[str, str]) -> None:
        """The agent uses a button of the view on the screen."""
        showing = self._guide or self._flow
        if showing is not None:
            self._resume(showing, ViewAnswered(action, data))

    # --- running --------------------------------------------------------------------------------

    def _wake(self, signal: Signal) -> None:
        if self._flow is not None:
            self._resume(self._flow, signal)

    def _resume(self, running: _Running, signal: Signal) -> None:
        sprint = resume(running.session, signal, self.services, self.now)
        after = self._after(sprint, running.flow_type)
        if running is self._guide:
            self._guide = after
        else:
            self._flow = after
            self._follow_up()

    def _after(self, sprint: Sprint, flow_type: str) -> _Running | None:
        for event in sprint.events:
            self._note(event, flow_type)
        return _Running(sprint.session, flow_type) if sprint.session else None

    def _note(self, event: Event, flow_type: str) -> None:
        self.events.append(event)
        self.hear(event)
        if isinstance(event, MessageSent):
            (self.whispered if flow_type == "AGENT_WHISPER" else self.told).append(event.text)
        elif isinstance(event, ViewShown):
            self.views.append(event)
        elif isinstance(event, QueuedContact):
            self.queue = event.queue_id
        elif isinstance(event, AttributesSet) and event.scope == "related":
            self.contact.attributes.update(event.values)
        elif isinstance(event, FlowEnded) and flow_type not in ("GUIDE", *WHISPERS.values()):
            self.ended = event.reason
            self.over = event.reason == "disconnected"

    def _follow_up(self) -> None:
        """A contact that now waits in a queue gets the queue flow, when one is set."""
        if self._flow is None and self.ended == "queued":
            flow = self._hooked("CustomerQueue")
            if flow is not None:
                queue_flow = "CUSTOMER_QUEUE"
                sprint = start(flow, self.contact, self.services, self.now, queue_flow)
                ended = self.ended
                self._flow = self._after(sprint, queue_flow)
                self.ended = ended if self._flow else self.ended

    def _hooked(self, event: str) -> Flow | None:
        flow_id = self.contact.event_hooks.get(event)
        flow = self.services.flow(flow_id) if flow_id else None
        if flow_id and flow is None:
            self._note(Note(f"{event}: there is no flow {flow_id}"), "")
        return flow


def _due(session: Session) -> datetime:
    """When a paused session goes on by itself; every pause of the engine has an end."""
    assert session.waiting_until is not None  # noqa: S101  Paused() always carries a time
    return session.waiting_until
