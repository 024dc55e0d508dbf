"""What each action type does on a chat contact: one small function per type."""

from __future__ import annotations

from collections.abc import Callable

from flowkit.actions import REGISTRY
from flowkit.actions.invented import MISPRINTED
from flowkit.engine.outcomes import Outcome
from flowkit.engine.perform import control, data, others, routing, talk
from flowkit.engine.turn import Turn
from flowkit.model import Action

Performer = Callable[[Turn, Action], Outcome]

_WORKING: dict[str, Performer] = {
    "MessageParticipant": talk.message_participant,
    "DisconnectParticipant": talk.disconnect,
    "ShowView": talk.show_view,
    "Compare": control.compare,
    "Loop": control.loop,
    "Wait": control.wait,
    "InvokeLambdaFunction": control.invoke_lambda,
    "UpdateContactAttributes": data.update_contact_attributes,
    "UpdateFlowAttributes": data.update_flow_attributes,
    "UpdateContactData": data.update_contact_data,
    "UpdateContactEventHooks": data.update_event_hooks,
    "TagContact": data.tag_contact,
    "UntagContact": data.untag_contact,
    "CreateTask": data.create_task,
    "UpdateFlowLoggingBehavior": data.record,
    "UpdateContactRecordingBehavior": data.record,
    "UpdateContactRecordingAndAnalyticsBehavior": data.update_recording_and_analytics,
    "UpdateContactMediaProcessing": data.record,
    "UpdateContactRoutingCriteria": data.record,
    "CreatePersistentContactAssociation": data.record,
    "StartOutboundChatContact": data.record,
    "UpdateContactTargetQueue": routing.set_target_queue,
    "TransferContactToQueue": routing.transfer_to_queue,
    "DequeueContactAndTransferToQueue": routing.dequeue_and_transfer,
    "CheckHoursOfOperation": routing.check_hours,
    "CheckMetricData": routing.check_metric,
    "GetMetricData": routing.get_metrics,
    "DistributeByPercentage": routing.distribute,
    "TransferToFlow": routing.transfer_to_flow,
    "InvokeFlowModule": routing.invoke_module,
    "EndFlowModuleExecution": routing.end_module,
    "EndFlowExecution": routing.end_flow,
}

_ON_CHAT: dict[str, Performer] = {
    "fails": others.not_on_chat,
    "ignored": others.skipped_on_chat,
}


def _performer(name: str) -> Performer:
    if name in others.STAND_IN_NAMESPACE:
        return others.stand_in
    by_channel = _ON_CHAT.get(REGISTRY[name].chat)
    return _WORKING.get(name) or by_channel or others.unknown


PERFORMERS: dict[str, Performer] = {name: _performer(name) for name in REGISTRY}


def perform(turn: Turn, action: Action) -> Outcome:
    """Perform one action of any type."""
    action_type = MISPRINTED.get(action.type, action.type)
    return PERFORMERS.get(action_type, others.unknown)(turn, action)
