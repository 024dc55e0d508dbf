"""Actions that reach systems a simulation has no answer for, and those chat does not have.

None passes silently: each takes its error branch and says why, or, where Connect itself skips
the block on chat, goes on and says so.
"""

from __future__ import annotations

from flowkit.actions import find, real_names
from flowkit.engine.outcomes import Done, Failed, Outcome
from flowkit.engine.services import StandInAnswer, StandIns
from flowkit.engine.turn import Turn
from flowkit.model import Action

#: Types a scenario's stand-ins may answer -> the namespace they fill.
STAND_IN_NAMESPACE = {
    "ConnectParticipantWithLexBot": "Lex",
    "GetCustomerProfile": "Customer",
    "GetCustomerProfileObject": "Customer",
    "GetCalculatedAttributesForCustomerProfile": "Customer",
    "CreateCustomerProfile": "Customer",
    "UpdateCustomerProfile": "Customer",
    "AssociateContactToCustomerProfile": "Customer",
    "CheckSegmentMembership": "Customer",
    "CreateCase": "Case",
    "GetCase": "Case",
    "UpdateCase": "Case",
    "CreateWisdomSession": "Wisdom",
}


def stand_in(turn: Turn, action: Action) -> Outcome:
    answer = _answer(turn, action)
    if answer is None:
        turn.note(f"{action.type}: nothing stands in for the system behind it in this run")
        return Failed("no stand-in for the system behind this block")
    if answer.error is not None:
        return Failed("the stand-in reported this error", answer.error)
    turn.session.slots.stand_ins[STAND_IN_NAMESPACE[action.type]] = answer.data or {}
    return Done(answer.result)


def not_on_chat(turn: Turn, action: Action) -> Outcome:
    turn.note(f"{action.type} does not work on chat: its error branch is taken")
    return Failed("not supported on chat")


def skipped_on_chat(turn: Turn, action: Action) -> Outcome:
    turn.note(f"{action.type} has no effect on chat")
    return Done()


def unknown(turn: Turn, action: Action) -> Outcome:
    names = real_names(action.type)
    hint = f"; the language has {' + '.join(names)}" if names else ""
    known = find(action.type) is not None
    reason = "this block is not simulated" if known else f"no such action type{hint}"
    turn.note(f"{action.type or 'an action without a type'}: {reason}")
    return Failed(reason)


def _answer(turn: Turn, action: Action) -> StandInAnswer | None:
    if not isinstance(turn.services, StandIns):
        return None
    parameters = {name: turn.value(action, name) for name in action.parameters}
    return turn.services.stand_in(action.type, parameters, turn.contact)
