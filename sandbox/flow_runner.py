"""Runs contact flows for the chats of the emulated instance, with flowkit's engine.

The engine decides, this module acts: what happens in a flow is done to the chat at that moment,
and a paused flow is resumed by the scheduler or by the customer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flowkit.engine import (
    ActionEntered,
    BotLeft,
    BranchTaken,
    CustomerReturned,
    Disconnected,
    Event,
    MessageSent,
    QueuedContact,
    QueueInfo,
    Session,
    Signal,
    Sprint,
    TimePassed,
    TransferredToFlow,
    resume,
    start,
)
from flowkit.engine import Contact as FlowContact
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.flow_store import StoredFlow
from sandbox.amazon_connect.records import Chat
from sandbox.flow_services import FlowServices, Staffing, parsed
from sandbox.lambda_functions import Handler, LambdaFunctions

__all__ = ["FlowRunner", "Staffing"]

_VISIBILITY = {"AGENT_WHISPER": "AGENT", "CUSTOMER_WHISPER": "CUSTOMER"}
_WHISPERS = {"AgentWhisper": "AGENT_WHISPER", "CustomerWhisper": "CUSTOMER_WHISPER"}


#: What ends a flow's say: done to the chat once the sprint is over, since another flow may follow.
_LAST = (QueuedContact, Disconnected)


@dataclass(slots=True)
class _Run:
    """A paused flow of one chat. `waits` counts its pauses, so that an old alarm is recognised."""

    flow_type: str
    contact: FlowContact
    session: Session
    waits: int = 0


class FlowRunner:
    """Implements `FlowSide` for the chats."""

    def __init__(self, chats: Chats, lambdas: LambdaFunctions) -> None:
        self._chats = chats
        self._instance = chats.instance
        self._runs: dict[str, _Run] = {}
        self.lambdas = lambdas
        self.staffing: Callable[[str], Staffing] = lambda _queue_id: Staffing()
        self.faults: dict[tuple[str, str], str] = {}
        """(flow, action) -> the ErrorType that happens there, as if Connect had failed."""
        self.events: list[tuple[str, Event]] = []
        """(InitialContactId, event) of everything every flow did."""
        self._services = FlowServices(chats, lambdas, self._staffed, self.faults)
        chats.flows = self

    def register_lambda(self, name: str, handler: Handler, *, timeout_s: float = 15.0) -> str:
        """Register a function and associate it with the instance. Answers its ARN."""
        self.lambdas.register(name, handler, timeout_s=timeout_s)
        region, account = self._instance.region, self._instance.account_id
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        if arn not in self._instance.lambdas:
            self._instance.lambdas.append(arn)
        return arn

    # --- what guides need ------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self._chats.clock.now()

    @property
    def services(self) -> FlowServices:
        """What flows beside the chats ask; who runs them hears of their events."""
        return self._services

    def new_id(self) -> str:
        return self._chats.ids.uuid()

    def at(self, when: datetime, ring: Callable[[], None]) -> None:
        self._chats.scheduler.at(when, ring)

    def stored(self, flow_id: str) -> StoredFlow | None:
        return self._instance.flows.find(flow_id, "contact-flow")

    # --- what happens in chats (FlowSide) -------------------------------------------------------

    def chat_started(self, chat: Chat) -> None:
        """Run the flow of the current contact."""
        if chat.current.flow_id:
            self._run_flow(chat, chat.current.flow_id)

    def customer_spoke(self, chat: Chat) -> None:
        """Resume a flow that waits for CustomerReturned."""
        self._signal(chat, "CustomerReturned", CustomerReturned())

    def bot_left(self, chat: Chat) -> None:
        """Resume a flow that waits for BotParticipantDisconnected."""
        self._signal(chat, "BotParticipantDisconnected", BotLeft())

    def queued(self, chat: Chat) -> None:
        """Run the customer queue flow, if the contact has one."""
        hook = chat.event_hooks.get("CustomerQueue")
        if hook:
            self._run_flow(chat, hook, "CUSTOMER_QUEUE")

    def agent_accepted(self, chat: Chat) -> None:
        """The queue flow stops; whispers run if they are set (chat has no default whisper)."""
        self._runs.pop(chat.id, None)
        for event, flow_type in _WHISPERS.items():
            if event in chat.event_hooks:
                self._run_flow(chat, chat.event_hooks[event], flow_type)

    def agent_left(self, chat: Chat) -> bool:
        """Run the disconnect flow in a new contact, if one is set and the customer is there."""
        hook = chat.event_hooks.get("CustomerRemaining")
        if not hook or chat.customer.left_at is not None:
            return False
        self._chats.next_contact(chat, "DISCONNECT", flow_id=hook)
        self._run_flow(chat, hook)
        return True

    def chat_ended(self, chat: Chat) -> None:
        """Nothing runs for an ended chat."""
        self._runs.pop(chat.id, None)

    # --- running --------------------------------------------------------------------------------

    def _run_flow(self, chat: Chat, flow_id: str, flow_type: str | None = None) -> None:
        stored = self.stored(flow_id)
        if stored is None:
            return
        contact = self.contact(chat)
        kind = flow_type or stored.type
        services = self._witnessed(chat, kind)
        now = self._chats.clock.now()
        sprint = start(parsed(stored), contact, services, now, flow_type=kind)
        self._after(chat, sprint, kind, contact, waits=0)

    def _signal(self, chat: Chat, name: str, signal: Signal) -> None:
        run = self._runs.get(chat.id)
        if run and name in run.session.waiting_for:
            self._resume(chat, run, signal)

    def _resume(self, chat: Chat, run: _Run, signal: Signal) -> None:
        services = self._witnessed(chat, run.flow_type)
        sprint = resume(run.session, signal, services, self._chats.clock.now())
        self._after(chat, sprint, run.flow_type, run.contact, run.waits + 1)

    def _after(
        self, chat: Chat, sprint: Sprint, kind: str, contact: FlowContact, waits: int
    ) -> None:
        if sprint.session is None:
            self._runs.pop(chat.id, None)
        else:
            self._runs[chat.id] = _Run(kind, contact, sprint.session, waits)
        _take_back(chat, contact)
        for event in sprint.events:
            if isinstance(event, _LAST):
                self._apply(chat, event, kind)
        if sprint.session is not None:
            self._set_alarm(chat, sprint.session, waits)

    def _witnessed(self, chat: Chat, kind: str) -> FlowServices:
        """The services of one run: what happens is told and done at once."""
        return replace(self._services, tell=partial(self._happened, chat, kind))

    def _happened(self, chat: Chat, kind: str, event: Event) -> None:
        self.events.append((chat.id, event))
        if not isinstance(event, _LAST):
            self._apply(chat, event, kind)

    def _staffed(self, queue_id: str) -> Staffing:
        return self.staffing(queue_id)

    def queue(self, queue_id: str) -> QueueInfo | None:
        """The queue as it stands now."""
        return self._services.queue(queue_id)

    def _set_alarm(self, chat: Chat, session: Session, waits: int) -> None:
        def ring() -> None:
            run = self._runs.get(chat.id)
            if run and run.waits == waits and run.session is session:
                self._resume(chat, run, TimePassed())

        if session.waiting_until:
            self._chats.scheduler.at(session.waiting_until, ring)

    def _apply(self, chat: Chat, event: Event, kind: str) -> None:
        if chat.is_over:
            return
        if isinstance(event, MessageSent):
            visibility = _VISIBILITY.get(kind, "ALL")
            system = self._chats.system(chat)
            self._chats.say(chat, system, "text/plain", event.text, visibility)
        elif isinstance(event, QueuedContact):
            self._chats.enqueue(chat, event.queue_id)
        elif isinstance(event, TransferredToFlow):
            chat.current.flow_id = event.flow_id
        elif isinstance(event, Disconnected):
            self._chats.end(chat, "CONTACT_FLOW_DISCONNECT")
        else:
            _note_path(chat, event)

    def contact(self, chat: Chat) -> FlowContact:
        """The chat as a flow sees it."""
        current = chat.current
        return FlowContact(
            contact_id=current.id,
            initial_contact_id=chat.id,
            previous_contact_id=current.previous_id or "",
            related_contact_id=chat.related_contact_id,
            instance_arn=self._instance.arn,
            region=self._instance.region,
            language=chat.language or "en-US",
            initiation_method=current.initiation_method,
            attributes=chat.attributes,
            segment_attributes=chat.segment_attributes,
            initial_message=chat.initial_message,
            customer_id=chat.customer_id,
            name=current.name,
            description=current.description,
            queue=self.queue(current.queue_id) if current.queue_id else None,
            event_hooks=chat.event_hooks,
            tags=current.tags,
            references=current.references,
            agent=_agent(chat),
            has_bot=any(one.role == "CUSTOM_BOT" and one.is_present for one in chat.participants),
        )


def _agent(chat: Chat) -> dict[str, str]:
    """What whispers read as `$.Agent`."""
    agent = chat.current.agent
    return {"UserName": agent.display_name, "FirstName": agent.display_name} if agent else {}


def _take_back(chat: Chat, contact: FlowContact) -> None:
    """What the flow changed about the contact itself (attributes and hooks are shared)."""
    chat.current.name, chat.current.description = contact.name, contact.description
    chat.customer_id, chat.language = contact.customer_id, contact.language


def _note_path(chat: Chat, event: Event) -> None:
    if isinstance(event, ActionEntered):
        chat.flow_path.append((event.flow, event.action, ""))
    elif isinstance(event, BranchTaken):
        for index in range(len(chat.flow_path) - 1, -1, -1):
            if chat.flow_path[index] == (event.flow, event.action, ""):
                chat.flow_path[index] = (event.flow, event.action, event.branch)
                return
