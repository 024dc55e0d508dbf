"""Comparing, looping, waiting and calling functions."""

from __future__ import annotations

from datetime import timedelta

from flowkit.actions.flow_control import MAX_LOOP_COUNT, MAX_WAIT_S
from flowkit.actions.interaction import MAX_SYNC_LAMBDA_S
from flowkit.engine.conditions import number
from flowkit.engine.events import WaitStarted
from flowkit.engine.lambda_call import call_and_go_on, call_and_wait, contact_flow_event
from flowkit.engine.outcomes import Done, Failed, Outcome, Paused
from flowkit.engine.turn import Turn
from flowkit.model import Action
from flowkit.references import as_text


def compare(turn: Turn, action: Action) -> Outcome:
    value = turn.value(action, "ComparisonValue")
    return Done(None if value is None else as_text(value))


def loop(turn: Turn, action: Action) -> Outcome:
    """Counts per action and contact: entering the block again goes on from where it was."""
    count = number(turn.text(action, "LoopCount"))
    if count is None or not 0 <= count <= MAX_LOOP_COUNT:
        return Failed("LoopCount is not a number from 0 to 100")
    key = (turn.session.frame.flow.name, action.identifier)
    done = turn.session.loops.get(key, 0)
    if done >= count:
        return Done("DoneLooping")
    turn.session.loops[key] = done + 1
    return Done("ContinueLooping")


def wait(turn: Turn, action: Action) -> Outcome:
    if "ContinueExecution" in action.parameters:
        turn.note("how Wait with ContinueExecution behaves is not published; not simulated")
        return Failed("ContinueExecution is not simulated")
    limit_s = number(turn.text(action, "TimeLimitSeconds"))
    if limit_s is None or not 1 <= limit_s <= MAX_WAIT_S:
        return Failed("TimeLimitSeconds is not a number from 1 to 604800")
    listed = action.parameters.get("Events")
    events = tuple(str(event) for event in listed) if isinstance(listed, list) else ()
    if "BotParticipantDisconnected" in events and not turn.contact.has_bot:
        return Failed("there is no bot in this chat", "ParticipantNotFound")
    until = turn.now + timedelta(seconds=limit_s)
    turn.emit(WaitStarted(until, events))
    return Paused(until, events)


def invoke_lambda(turn: Turn, action: Action) -> Outcome:
    arn = turn.text(action, "LambdaFunctionARN")
    if not arn:
        return Failed("LambdaFunctionARN is empty")
    event = contact_flow_event(turn.contact, turn.texts(action, "LambdaInvocationAttributes"))
    limit_s = number(turn.text(action, "InvocationTimeLimitSeconds")) or MAX_SYNC_LAMBDA_S
    if turn.text(action, "InvocationType") == "ASYNCHRONOUS":
        return call_and_go_on(turn, arn, event, limit_s)
    validation = turn.value(action, "ResponseValidation")
    shape = validation.get("ResponseType") if isinstance(validation, dict) else None
    return call_and_wait(turn, arn, event, limit_s, as_text(shape) or "STRING_MAP")
