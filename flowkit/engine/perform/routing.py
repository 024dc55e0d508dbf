"""Queues, hours, staffing and hand-over to other flows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flowkit.engine.contact import QueueInfo
from flowkit.engine.events import (
    ModuleEntered,
    ModuleReturned,
    QueuedContact,
    TargetQueueSet,
    TransferredToFlow,
)
from flowkit.engine.outcomes import (
    Done,
    Ended,
    Entered,
    Failed,
    Outcome,
    Replaced,
    Returned,
)
from flowkit.engine.session import Frame
from flowkit.engine.turn import Turn
from flowkit.model import Action
from flowkit.references import as_text

#: Modules may call modules five deep (admin guide, flow modules).
MAX_MODULE_DEPTH = 5

_METRICS: dict[str, Callable[[QueueInfo], int]] = {
    "NumberOfAgentsAvailable": lambda q: q.agents_available,
    "NumberOfAgentsStaffed": lambda q: q.agents_staffed,
    "NumberOfAgentsOnline": lambda q: q.agents_online,
    "OldestContactInQueueAgeSeconds": lambda q: q.oldest_age_s,
    "NumberOfContactsInQueue": lambda q: q.size,
}


def set_target_queue(turn: Turn, action: Action) -> Outcome:
    queue = _named_queue(turn, action)
    if queue is None:
        return Failed("there is no such queue")
    turn.contact.queue = queue
    turn.emit(TargetQueueSet(queue.id))
    return Done()


def transfer_to_queue(turn: Turn, _: Action) -> Outcome:
    return _queue_contact(turn, turn.contact.queue, dequeued=False)


def dequeue_and_transfer(turn: Turn, action: Action) -> Outcome:
    """Without a named queue the contact goes back to its own; the guide does not say."""
    named = {"QueueId", "AgentId"} & action.parameters.keys()
    queue = _named_queue(turn, action) if named else turn.contact.queue
    return _queue_contact(turn, queue, dequeued=True)


def check_hours(turn: Turn, action: Action) -> Outcome:
    hours_id = turn.text(action, "HoursOfOperationId") or None
    queue_id = turn.contact.queue.id if turn.contact.queue else None
    if hours_id is None and queue_id is None:
        return Failed("neither hours nor a target queue are set")
    try:
        is_open = turn.services.is_open(hours_id, queue_id, turn.now)
    except LookupError:
        return Failed("there are no such hours of operation")
    return Done("True" if is_open else "False")


def check_metric(turn: Turn, action: Action) -> Outcome:
    queue = _metric_queue(turn, action)
    metric = _METRICS.get(turn.text(action, "MetricType"))
    if queue is None or metric is None:
        return Failed("no queue to measure" if metric else "there is no such metric")
    return Done(str(metric(queue)))


def get_metrics(turn: Turn, action: Action) -> Outcome:
    queue = _metric_queue(turn, action)
    if queue is None:
        return Failed("no queue to measure")
    turn.session.slots.metrics = {
        "Queue": {
            "Name": queue.name,
            "Size": queue.size,
            "OldestContactAge": queue.oldest_age_s,
        },
        "Agents": {
            "Online": {"Count": queue.agents_online},
            "Available": {"Count": queue.agents_available},
            "Staffed": {"Count": queue.agents_staffed},
        },
    }
    return Done()


def distribute(turn: Turn, action: Action) -> Outcome:
    """A number from 1 to 100 drawn from the contact's id: even over contacts, same on replay."""
    seed = f"{turn.contact.contact_id}/{action.identifier}".encode()
    return Done(str(int.from_bytes(hashlib.sha256(seed).digest()[:4]) % 100 + 1))


def transfer_to_flow(turn: Turn, action: Action) -> Outcome:
    flow_id = turn.text(action, "ContactFlowId")
    flow = turn.services.flow(flow_id)
    if flow is None:
        return Failed("there is no such flow")
    turn.emit(TransferredToFlow(flow_id))
    return Replaced(Frame(flow, flow.start_action))


def invoke_module(turn: Turn, action: Action) -> Outcome:
    if len(turn.session.frames) > MAX_MODULE_DEPTH:
        return Failed("modules are nested deeper than five levels")
    module_id = turn.text(action, "FlowModuleId")
    module = turn.services.module(module_id)
    if module is None:
        return Failed("there is no such module")
    given = turn.value(action, "Input")
    turn.emit(ModuleEntered(module_id))
    turn.session.slots.module = {}
    return Entered(
        Frame(module, module.start_action, module_input=given if isinstance(given, dict) else {})
    )


def end_module(turn: Turn, action: Action) -> Outcome:
    result = turn.value(action, "Result")
    data = turn.value(action, "ResultData")
    text = None if result is None else as_text(result)
    turn.session.slots.module = {"Result": text, "ResultData": data}
    turn.emit(ModuleReturned(turn.session.frame.flow.name, text or ""))
    return Returned(text)


def end_flow(_turn: Turn, _: Action) -> Outcome:
    return Ended("ended")


def _queue_contact(turn: Turn, queue: QueueInfo | None, *, dequeued: bool) -> Outcome:
    now = turn.services.queue(queue.id) if queue else None
    if now is None:
        return Failed("no target queue is set")
    turn.contact.queue = now
    if now.full:
        return Failed("the queue is full", "QueueAtCapacity")
    turn.emit(QueuedContact(now.id, dequeued))
    return Ended("queued")


def _named_queue(turn: Turn, action: Action) -> QueueInfo | None:
    queue_id = turn.text(action, "QueueId") or turn.text(action, "AgentId")
    return turn.services.queue(queue_id) if queue_id else None


def _metric_queue(turn: Turn, action: Action) -> QueueInfo | None:
    queue = turn.contact.queue
    return _named_queue(turn, action) or (turn.services.queue(queue.id) if queue else None)
