"""Running a flow for one contact: start and resume return a sprint of events.

The engine is pure and synchronous. Time comes in as `now`; everything outside the flow is asked
of the injected services. A paused session is plain data.
"""

from __future__ import annotations

from datetime import datetime

from flowkit.actions.spec import INBOUND, NO_CONDITION, NO_MATCH, TRANSFER
from flowkit.engine.conditions import meets
from flowkit.engine.contact import Contact
from flowkit.engine.events import (
    ActionEntered,
    BranchTaken,
    Disconnected,
    ErrorTaken,
    FlowEnded,
)
from flowkit.engine.outcomes import (
    Done,
    Ended,
    Entered,
    Failed,
    Outcome,
    Paused,
    Replaced,
    Returned,
)
from flowkit.engine.perform import perform
from flowkit.engine.services import Services
from flowkit.engine.session import (
    BotLeft,
    CustomerReturned,
    Frame,
    Session,
    Signal,
    Sprint,
    TimePassed,
    ViewAnswered,
)
from flowkit.engine.turn import Turn
from flowkit.model import Action, Flow

#: Actions between two pauses after which a run counts as caught in a circle. Ours: four times
#: the largest flow the service takes (250 actions).
MAX_ACTIONS_PER_SPRINT = 1_000

#: Flows whose end without a hand-over ends the chat. Queue, whisper and hold flows just stop.
_OWNS_THE_CONTACT = INBOUND | TRANSFER


def start(
    flow: Flow,
    contact: Contact,
    services: Services,
    now: datetime,
    flow_type: str = "CONTACT_FLOW",
) -> Sprint:
    """Run a flow from its first action. `contact` is changed in place; `now` is aware UTC."""
    session = Session(contact, flow_type, [Frame(flow, flow.start_action)])
    return _run(Turn(session, services, now), None)


def resume(session: Session, signal: Signal, services: Services, now: datetime) -> Sprint:
    """Go on with a paused run. A signal the flow does not wait for changes nothing."""
    outcome = _woken_by(session, signal, now)
    if outcome is None:
        return Sprint([], session)
    session.waiting_until, session.waiting_for = None, ()
    return _run(Turn(session, services, now), outcome)


def _woken_by(session: Session, signal: Signal, now: datetime) -> Outcome | None:
    if isinstance(signal, TimePassed):
        if session.waiting_until is None or now < session.waiting_until:
            return None
        if "ViewAnswered" in session.waiting_for:
            return Failed("nobody answered the view in time", "TimeLimitExceeded")
        return Done("WaitCompleted")
    if isinstance(signal, ViewAnswered) and "ViewAnswered" in session.waiting_for:
        session.slots.views = {"Action": signal.action, "ViewResultData": signal.data}
        return Done(signal.action)
    names = {CustomerReturned: "CustomerReturned", BotLeft: "BotParticipantDisconnected"}
    name = names.get(type(signal))
    return Done(name) if name in session.waiting_for else None


def _run(turn: Turn, outcome: Outcome | None) -> Sprint:
    """Alternate between performing an action and following its outcome until nothing is next."""
    for _ in range(MAX_ACTIONS_PER_SPRINT):
        action = turn.session.frame.action
        if action is None:
            return _end(turn, "missing_action")
        if outcome is None:
            turn.emit(ActionEntered(turn.session.frame.flow.name, action.identifier, action.type))
            outcome = _injected(turn, action) or perform(turn, action)
        if turn.steering is not None:
            outcome = turn.steering.steered(turn.session.frame.flow.name, action, outcome)
        finished = _follow(turn, action, outcome)
        if finished is not None:
            return finished
        outcome = None
    return _end(turn, "runaway")


def _injected(turn: Turn, action: Action) -> Failed | None:
    if turn.faults is None:
        return None
    error = turn.faults.injected_error(turn.session.frame.flow.name, action.identifier)
    return Failed("this run makes it fail", error) if error else None


def _follow(turn: Turn, action: Action, outcome: Outcome) -> Sprint | None:
    """Move the session to the next action; a sprint when the run pauses or ends here."""
    match outcome:
        case Paused():
            turn.session.waiting_until = outcome.until
            turn.session.waiting_for = outcome.events
            return Sprint(turn.events, turn.session)
        case Ended():
            return _end(turn, outcome.reason)
        case Entered():
            turn.session.frames.append(outcome.frame)
        case Replaced():
            turn.session.frames = [outcome.frame]
        case Returned():
            return _return(turn, outcome)
        case Done() | Failed():
            return _take_branch(turn, action, outcome)
    return None


def _return(turn: Turn, outcome: Returned) -> Sprint | None:
    turn.session.frames.pop()
    if not turn.session.frames:
        return _end(turn, "ended")
    caller = turn.session.frame.action
    return _take_branch(turn, caller, Done(outcome.result)) if caller else None


def _take_branch(turn: Turn, action: Action, outcome: Done | Failed) -> Sprint | None:
    if isinstance(outcome, Failed):
        turn.emit(ErrorTaken(action.identifier, outcome.error, outcome.reason))
    branch = _error_branch(action, outcome) if isinstance(outcome, Failed) else None
    if isinstance(outcome, Done):
        branch = _result_branch(action, outcome.result)
    if branch is None:
        return _end(turn, "no_branch")
    label, target = branch
    turn.emit(BranchTaken(turn.session.frame.flow.name, action.identifier, label, target))
    turn.session.frame.at = target
    return None


def _error_branch(action: Action, failed: Failed) -> tuple[str, str] | None:
    """The branch of this error, else the catch-all, else none: NextAction is no way out."""
    for error_type in (failed.error, NO_MATCH):
        branch = action.transitions.error(error_type)
        if branch is not None:
            return f"error {error_type}", branch.target
    return None


def _result_branch(action: Action, result: str | None) -> tuple[str, str] | None:
    """Conditions in order, then NoMatchingCondition where declared, then NextAction."""
    transitions = action.transitions
    for condition in transitions.conditions:
        if meets(result, condition):
            return f"{condition.operator} {condition.operand}", condition.target
    otherwise = transitions.error(NO_CONDITION)
    if otherwise is not None:
        return f"error {NO_CONDITION}", otherwise.target
    return ("next", transitions.next_action) if transitions.next_action else None


def _end(turn: Turn, reason: str) -> Sprint:
    abandoned = reason not in ("disconnected", "queued")
    if abandoned and turn.session.flow_type in _OWNS_THE_CONTACT:
        turn.emit(Disconnected())
    turn.emit(FlowEnded(reason))
    return Sprint(turn.events, None)
