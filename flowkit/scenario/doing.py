"""Steps that set the scene and that happen: what the customer, an agent and time do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowkit.engine import LambdaAnswer, StandInAnswer
from flowkit.scenario.services import FULL
from flowkit.scenario.stage import Stage, WrongStep
from flowkit.stand_in import answering

#: A step's action: the stage, the groups of its sentence, its value.
Act = Callable[[Stage, re.Match[str], Any], None]

ACTS: list[tuple[re.Pattern[str], Act, str]] = []

_SECONDS = {"s": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600, "days": 86400}
_UNITS = "|".join(sorted(_SECONDS, key=len, reverse=True))
_ANSWER_TIME_S = 0.1


def act(pattern: str, help_text: str) -> Callable[[Act], Act]:
    """Register a sentence (regular expression) and how it is explained."""

    def register(function: Act) -> Act:
        ACTS.append((re.compile(pattern, re.IGNORECASE), function, help_text))
        return function

    return register


@act(r"at(?: (?P<when>.+))?", "at 2026-11-18 16:00 (UTC; before the flow starts)")
def at(stage: Stage, said: re.Match[str], value: Any) -> None:
    written = str(said["when"] or value)
    try:
        when = datetime.fromisoformat(written)
    except ValueError as error:
        raise WrongStep(f"{written!r} is no time such as 2026-11-18 16:00") from error
    stage.set_clock(when if when.tzinfo else when.replace(tzinfo=UTC))


@act(r"after (?P<amount>\d+(?:\.\d+)?) ?(?P<unit>" + _UNITS + ")", "after 25 h | 30 s | 5 min")
def after(stage: Stage, said: re.Match[str], _value: Any) -> None:
    stage.living.passes(float(said["amount"]) * _SECONDS[said["unit"].lower()])


@act(r"attributes", "attributes: {language: es}")
def attributes(stage: Stage, _said: re.Match[str], value: Any) -> None:
    stage.contact.attributes.update(_texts(value))


@act(r"attribute (?P<name>\S+) = (?P<text>.+)", "attribute language = es")
def attribute(stage: Stage, said: re.Match[str], _value: Any) -> None:
    stage.contact.attributes[said["name"]] = said["text"]


@act(r"segment attribute (?P<name>\S+) = (?P<text>.+)", "segment attribute connect:Subtype = ...")
def segment_attribute(stage: Stage, said: re.Match[str], _value: Any) -> None:
    stage.contact.segment_attributes[said["name"]] = said["text"]


@act(r"related contact (?P<id>\S+)", "related contact c-2")
def related_contact(stage: Stage, said: re.Match[str], _value: Any) -> None:
    stage.contact.related_contact_id = said["id"]


@act(r"customer says(?: (?P<text>.+))?", "customer says: Hello (opens the chat, or goes on)")
def customer_says(stage: Stage, said: re.Match[str], value: Any) -> None:
    if stage.life is None:
        stage.contact.initial_message = str(said["text"] or value)
        stage.contact.attributes.setdefault("messageType", "text")
        _start(stage)
    else:
        stage.life.customer_writes()


@act(r"customer sends voice note (?P<file>.+)", "customer sends voice note fixtures/claim.ogg")
def customer_sends_voice_note(stage: Stage, said: re.Match[str], _value: Any) -> None:
    file = stage.folder / said["file"]
    wanted = file if file.exists() else Path(said["file"])
    if stage.life is not None:
        stage.life.customer_writes()
        return
    stage.contact.attributes.update(
        messageType="voice", voiceNoteId=stage.surroundings.voice_note(wanted)
    )
    _start(stage)


@act(r"customer sends (?:an? )?(?P<kind>\w+)", "customer sends image | document | location ...")
def customer_sends(stage: Stage, said: re.Match[str], _value: Any) -> None:
    if stage.life is None:
        stage.contact.attributes["messageType"] = said["kind"]
        _start(stage)
    else:
        stage.life.customer_writes()


@act(r"(?:the )?flow starts(?: as (?P<type>[A-Z_]+))?", "flow starts [as AGENT_WHISPER]")
def flow_starts(stage: Stage, said: re.Match[str], _value: Any) -> None:
    stage.flow_type = said["type"] or stage.flow_type
    _start(stage)


@act(r"function (?P<name>\S+) (?P<once>once )?answers", "function transcribe [once] answers: {...}")
def function_answers(stage: Stage, said: re.Match[str], value: Any) -> None:
    answers = value if isinstance(value, list) else [value]
    ready = [LambdaAnswer(payload=_texts(one), took_s=_ANSWER_TIME_S) for one in answers]
    if said["once"] or len(ready) > 1:
        stage.services.next_answers[said["name"]].extend(ready)
    else:
        stage.services.functions[said["name"]] = answering(**ready[0].payload)


@act(
    r"function (?P<name>\S+) (?P<once>once )?(?:fails|takes (?P<time>\d+(?:\.\d+)?) ?s)",
    "function transcribe [once] fails | takes 9 s",
)
def function_fails(stage: Stage, said: re.Match[str], value: Any) -> None:
    if said["time"]:
        answer = LambdaAnswer(payload=_texts(value or {}), took_s=float(said["time"]))
    else:
        answer = LambdaAnswer(error=str(value or "it failed"), took_s=_ANSWER_TIME_S)
    if said["once"]:
        stage.services.next_answers[said["name"]].append(answer)
    else:
        stage.services.functions[said["name"]] = lambda _event: answer


@act(r"hours (?P<once>once )?(?P<state>open|closed)", "hours [once] open | closed")
def hours(stage: Stage, said: re.Match[str], _value: Any) -> None:
    is_open = said["state"].lower() == "open"
    if said["once"]:
        stage.services.next_open.append(is_open)
    else:
        stage.services.always_open = is_open


@act(
    r"queue (?P<name>\S+) is (?P<state>full|empty|missing|there)(?: (?P<times>\d+) times?)?",
    "queue Claims is full [2 times] | empty | missing | there",
)
def queue_is(stage: Stage, said: re.Match[str], _value: Any) -> None:
    name, services = said["name"], stage.services
    if said["state"] == "missing":
        services.missing.add(name)
    elif said["state"] == "there":
        services.missing.discard(name)
    elif said["state"] == "empty":
        services.queues.pop(name, None)
        services.next_full.pop(name, None)
    elif said["times"]:
        services.next_full[name] = int(said["times"])
    else:
        services.queues[name] = {**services.queues.get(name, {}), **FULL}


@act(r"queue (?P<name>\S+)", "queue Claims: {size: 3, agents_available: 1}")
def queue_facts(stage: Stage, said: re.Match[str], value: Any) -> None:
    if not isinstance(value, dict):
        raise WrongStep("say what the queue is like: {size: 3}")
    facts = {key: int(number) for key, number in _texts(value).items()}
    stage.services.queues[said["name"]] = facts


@act(
    r"action \"?(?P<name>.+?)\"? (?P<once>once )?fails(?: with (?P<error>\w+))?",
    'action "Greet" [once] fails [with NoMatchingError]',
)
def action_fails(stage: Stage, said: re.Match[str], _value: Any) -> None:
    error = said["error"] or "NoMatchingError"
    if said["once"]:
        stage.services.next_errors[said["name"]].append(error)
    else:
        stage.services.lasting_errors[said["name"]] = error


@act(r"block (?P<type>\w+) answers", "block GetCase answers: {data: {...}} | {error: ...}")
def stand_in_answers(stage: Stage, said: re.Match[str], value: Any) -> None:
    given = value if isinstance(value, dict) else {"result": value}
    stage.services.answers[said["type"]] = StandInAnswer(**given)


@act(r"(?:an |the )?agent answers", "agent answers (the queue flow stops, whispers run)")
def agent_answers(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    stage.living.agent_answers()


@act(r"(?:the )?agent leaves", "agent leaves (the disconnect flow runs)")
def agent_leaves(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    stage.living.agent_leaves()


@act(r"(?:the )?agent opens (?:the )?guide", "agent opens guide")
def agent_opens_guide(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    stage.living.agent_opens_guide()


@act(r"(?:the )?agent presses (?P<action>\S+)", "agent presses ActionSelected: {actionName: Close}")
def agent_presses(stage: Stage, said: re.Match[str], value: Any) -> None:
    stage.living.agent_presses(said["action"], _texts(value or {}))


@act(r"(?:a |the )?bot (?P<what>joins|leaves)", "bot joins | leaves")
def bot(stage: Stage, said: re.Match[str], _value: Any) -> None:
    if said["what"] == "joins":
        stage.contact.has_bot = True
    else:
        stage.living.bot_leaves()


def _start(stage: Stage) -> None:
    if stage.life is not None:
        raise WrongStep("the flow has started already")
    _ = stage.living


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise WrongStep("an object {name: text} is needed")
    return {str(key): str(text) for key, text in value.items()}
