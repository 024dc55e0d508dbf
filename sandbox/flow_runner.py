"""Runs contact flows for the chats of the emulated instance, with flowkit's engine.

The engine decides, this module acts: what a sprint says happened is done to the chat, and a
paused flow is resumed by the scheduler or by the customer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flowkit.engine import (
    ActionEntered,
    BotLeft,
    BranchTaken,
    CustomerReturned,
    Disconnected,
    Event,
    LambdaAnswer,
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
from flowkit.model import Flow, parse
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.flow_store import Kind, StoredFlow
from sandbox.amazon_connect.records import Chat
from sandbox.lambda_functions import Handler, LambdaFunctions, function_name

_VISIBILITY = {"AGENT_WHISPER": "AGENT", "CUSTOMER_WHISPER": "CUSTOMER"}
_WHISPERS = {"AgentWhisper": "AGENT_WHISPER", "CustomerWhisper": "CUSTOMER_WHISPER"}


@dataclass(frozen=True, slots=True)
class Staffing:
    """Agents of a queue: logged in, ready for a contact, working."""

    online: int = 0
    available: int = 0
    staffed: int = 0


@dataclass(slots=True)
class _Run:
    """A paused flow of one chat. `waits` counts its pauses, so that an old alarm is recognised."""

    flow_type: str
    contact: FlowContact
    session: Session
    waits: int = 0


@lru_cache(maxsize=128)
def _parsed(content: str, name: str) -> Flow:
    return parse(content, name)


class FlowRunner:
    """Implements `FlowSide` for the chats and `Services` for the engine."""

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
        chats.flows = self

    def register_lambda(self, name: str, handler: Handler, *, timeout_s: float = 15.0) -> str:
        """Register a function and associate it with the instance. Answers its ARN."""
        self.lambdas.register(name, handler, timeout_s=timeout_s)
        region, account = self._instance.region, self._instance.account_id
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        if arn not in self._instance.lambdas:
            self._instance.lambdas.append(arn)
        return arn

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
        stored = self._instance.flows.find(flow_id, "contact-flow")
        if stored is None:
            return
        contact = self._contact(chat)
        kind = flow_type or stored.type
        sprint = start(_named(stored), contact, self, self._chats.clock.now(), flow_type=kind)
        self._after(chat, sprint, kind, contact, waits=0)

    def _signal(self, chat: Chat, name: str, signal: Signal) -> None:
        run = self._runs.get(chat.id)
        if run and name in run.session.waiting_for:
            self._resume(chat, run, signal)

    def _resume(self, chat: Chat, run: _Run, signal: Signal) -> None:
        sprint = resume(run.session, signal, self, self._chats.clock.now())
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
            self.events.append((chat.id, event))
            self._apply(chat, event, kind)
        if sprint.session is not None:
            self._set_alarm(chat, sprint.session, waits)

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

    def _contact(self, chat: Chat) -> FlowContact:
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

    # --- what flows ask for (Services) ----------------------------------------------------------

    def invoke_lambda(self, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer:
        """Invoke a registered function that is associated with the instance."""
        known = {function_name(one) for one in self._instance.lambdas}
        if function_name(arn) not in known:
            return LambdaAnswer(error="AccessDeniedException: not associated with the instance")
        return self.lambdas.invoke(arn, event, limit_s=limit_s)

    def is_open(self, hours_id: str | None, queue_id: str | None, now: Any) -> bool:
        """Raises LookupError for unknown hours."""
        return self._instance.is_open(hours_id, queue_id, now)

    def queue(self, queue_id: str) -> QueueInfo | None:
        """The queue as it stands now."""
        queue = self._instance.queue(queue_id)
        if queue is None:
            return None
        waiting = self._chats.waiting_in(queue.id)
        oldest = waiting[0].current.enqueued_at if waiting else None
        age = (self._chats.clock.now() - oldest).total_seconds() if oldest else 0.0
        staffing = self.staffing(queue.id)
        return QueueInfo(
            id=queue.id,
            arn=queue.arn,
            name=queue.name,
            size=len(waiting),
            capacity=queue.max_contacts,
            agents_online=staffing.online,
            agents_available=staffing.available,
            agents_staffed=staffing.staffed,
            oldest_age_s=int(age),
        )

    def injected_error(self, flow: str, action: str) -> str | None:
        """The error a test planted at this action."""
        return self.faults.get((flow, action))

    def flow(self, flow_id: str) -> Flow | None:
        """A contact flow by id or ARN."""
        return self._find(flow_id, "contact-flow")

    def module(self, module_id: str) -> Flow | None:
        """A flow module by id or ARN, with or without alias."""
        return self._find(module_id, "flow-module")

    def _find(self, flow_id: str, kind: Kind) -> Flow | None:
        stored = self._instance.flows.find(flow_id, kind)
        return _named(stored) if stored else None


def _named(stored: StoredFlow) -> Flow:
    return _parsed(stored.content, stored.name)


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
