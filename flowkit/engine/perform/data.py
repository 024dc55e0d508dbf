"""Attributes, contact data, tags, hooks and behaviours."""

from __future__ import annotations

from flowkit.actions.contact import HOOK_EVENTS
from flowkit.engine.events import AttributesSet, DataUpdated, EventHookSet
from flowkit.engine.outcomes import Done, Failed, Outcome
from flowkit.engine.turn import Turn
from flowkit.model import Action
from flowkit.references import as_text

#: All user-defined attributes of a contact together (StartChatContact, botocore 1.44.5).
MAX_ATTRIBUTES_BYTES = 32_768

#: Hold flows do not run on chat: setting one takes the error branch (admin guide).
_HOLD_EVENTS = frozenset({"AgentHold", "CustomerHold"})

#: Parameter of UpdateContactData -> field of Contact.
_CONTACT_FIELDS = {
    "Name": "name",
    "Description": "description",
    "LanguageCode": "language",
    "CustomerId": "customer_id",
}


def update_contact_attributes(turn: Turn, action: Action) -> Outcome:
    values = turn.texts(action, "Attributes")
    if turn.text(action, "TargetContact") == "Related":
        if turn.contact.related_contact_id is None:
            return Failed("there is no related contact")
        turn.emit(AttributesSet(values, "related"))
        return Done()
    after = {**turn.contact.attributes, **values}
    if sum(len(key.encode()) + len(value.encode()) for key, value in after.items()) > (
        MAX_ATTRIBUTES_BYTES
    ):
        return Failed("the contact's attributes would exceed 32 KB")
    turn.contact.attributes.update(values)
    turn.emit(AttributesSet(values))
    return Done()


def update_flow_attributes(turn: Turn, action: Action) -> Outcome:
    given = turn.value(action, "FlowAttributes")
    entries = given.items() if isinstance(given, dict) else ()
    values = {key: as_text(e.get("Value")) for key, e in entries if isinstance(e, dict)}
    if not values:
        return Failed("FlowAttributes needs entries of the form {name: {Value: text}}")
    turn.session.frame.flow_attributes.update(values)
    turn.emit(AttributesSet(values, "flow"))
    return Done()


def update_contact_data(turn: Turn, action: Action) -> Outcome:
    values = {
        name: turn.text(action, name) for name in action.parameters if name != "TargetContact"
    }
    if not values:
        return Failed("at least one field is needed")
    if any("Voice" in name or "Fraud" in name or name == "WatchlistId" for name in values):
        return Failed("Voice ID does not exist on chat")
    if turn.text(action, "TargetContact") != "Related":
        for name in _CONTACT_FIELDS.keys() & values.keys():
            setattr(turn.contact, _CONTACT_FIELDS[name], values[name])
    turn.emit(DataUpdated(action.type, values))
    return Done()


def update_event_hooks(turn: Turn, action: Action) -> Outcome:
    hooks = turn.texts(action, "EventHooks")
    if len(hooks) != 1:
        return Failed("exactly one event per action")
    event, flow_id = next(iter(hooks.items()))
    if event not in HOOK_EVENTS:
        return Failed(f"there is no event {event}")
    if event in _HOLD_EVENTS:
        return Failed("hold flows do not run on chat")
    if turn.services.flow(flow_id) is None:
        return Failed("there is no such flow")
    turn.contact.event_hooks[event] = flow_id
    turn.emit(EventHookSet(event, flow_id))
    return Done()


def tag_contact(turn: Turn, action: Action) -> Outcome:
    tags = turn.texts(action, "Tags")
    turn.contact.tags.update(tags)
    turn.emit(DataUpdated(action.type, dict(tags)))
    return Done()


def untag_contact(turn: Turn, action: Action) -> Outcome:
    keys = turn.value(action, "TagKeys")
    for key in keys if isinstance(keys, list) else ():
        turn.contact.tags.pop(as_text(key), None)
    turn.emit(DataUpdated(action.type, {"TagKeys": keys}))
    return Done()


def record(turn: Turn, action: Action) -> Outcome:
    """Behaviour settings: nothing a flow can read back, so the event is the whole effect."""
    turn.emit(DataUpdated(action.type, {n: turn.value(action, n) for n in action.parameters}))
    return Done()


def create_task(turn: Turn, action: Action) -> Outcome:
    if not turn.text(action, "Name"):
        return Failed("a task needs a name")
    turn.session.slots.task_id = turn.session.next_call_id()
    return record(turn, action)


def update_recording_and_analytics(turn: Turn, action: Action) -> Outcome:
    if "VoiceBehavior" in action.parameters:
        return Failed("VoiceBehavior on a chat contact", "ChannelMismatch")
    return record(turn, action)
