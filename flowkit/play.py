"""Playing a contact's life for a person: what happens next, and writing it down as a scenario."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml

from flowkit.engine import Contact, Event, Services
from flowkit.life import Life
from flowkit.lint.issue import Subject
from flowkit.model import Flow

#: Does something to the contact; gives the step a scenario writes for it.
Move = Callable[[Life], str]

#: Says what happens next; None stops playing.
Ask = Callable[[Life], Move | None]

#: Moves after which playing stops: a flow that waits in a circle has no end of its own.
MAX_MOVES = 500


@dataclass(slots=True)
class Played:
    """What a scenario needs to repeat a play: steps, and after which of them what was read."""

    steps: list[str] = field(default_factory=list)
    told: list[list[str]] = field(default_factory=list)
    life: Life | None = None

    def note(self, step: str, messages: list[str]) -> None:
        self.steps.append(step)
        self.told.append(messages)


def play(
    flow: Flow,
    contact: Contact,
    services: Services,
    now: datetime,
    ask: Ask,
    *,
    played: Played | None = None,
) -> Iterator[Event]:
    """Live through a flow and those it sets for later; `ask` says what comes at each pause."""
    life = Life(contact, services, now)
    played = played or Played()
    played.life = life
    flow_type = Subject.of(flow).flow_type or "CONTACT_FLOW"
    told = shown = 0
    move: Move | None = _starting(flow, flow_type)
    for _ in range(MAX_MOVES):
        if move is None:
            return
        step = move(life)
        played.note(step, life.told[told:])
        yield from life.events[shown:]
        told, shown = len(life.told), len(life.events)
        move = ask(life)


def _starting(flow: Flow, flow_type: str) -> Move:
    def start(life: Life) -> str:
        life.starts(flow, flow_type)
        return "flow starts"

    return start


def time_passes(life: Life) -> Move | None:
    """Nobody writes and nobody answers: every wait runs out, then it is over."""
    return _time_passes if life.waiting is not None else None


def _time_passes(life: Life) -> str:
    until = life.next_due or life.now
    seconds = (until - life.now).total_seconds()
    life.passes(seconds)
    return f"after {seconds:g} s"


def _customer_writes(life: Life) -> str:
    life.customer_writes()
    return "customer says: (something)"


def _agent_answers(life: Life) -> str:
    life.agent_answers()
    return "agent answers"


def _agent_leaves(life: Life) -> str:
    life.agent_leaves()
    return "agent leaves"


def _agent_opens_guide(life: Life) -> str:
    life.agent_opens_guide()
    return "agent opens guide"


_KEYS: dict[str, Move] = {
    "c": _customer_writes,
    "a": _agent_answers,
    "l": _agent_leaves,
    "g": _agent_opens_guide,
}


def answered(letter: str) -> Move | None:
    """What a person at the keyboard meant; anything that is no key: time passes."""
    key = letter.strip().lower()
    return None if key == "q" else _KEYS.get(key, _time_passes)


@dataclass(frozen=True, slots=True)
class Given:
    """What a play began with: the flow as a scenario names it, attributes, function results."""

    flow: str
    now: datetime
    attributes: dict[str, str]
    functions: dict[str, str]


def as_scenario(given: Given, played: Played) -> str:
    """A scenario file that repeats what was played and expects what happened."""
    steps: list[object] = [{"at": given.now.isoformat(sep=" ")}, {"attributes": given.attributes}]
    steps += [{f"function {n} answers": json.loads(text)} for n, text in given.functions.items()]
    for step, messages in zip(played.steps, played.told, strict=True):
        name, _, value = step.partition(": ")
        steps.append({name: value} if value else step)
        steps += [{"expect message": message} for message in messages]
    if played.life is not None:
        steps += _found(given, played.life)
    scenario = {"name": f"{given.flow} as played", "steps": steps}
    document = {"flow": given.flow, "scenarios": [scenario]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000)


def _found(given: Given, life: Life) -> list[object]:
    """Expectations of how the contact was left."""
    changed = {
        name: value
        for name, value in life.contact.attributes.items()
        if given.attributes.get(name) != value
    }
    expected: list[object] = [{f"expect attribute {n}": value} for n, value in changed.items()]
    return [*expected, f"expect chat is {'over' if life.over else 'open'}"]


def flow_reference(flow: str, scenario: Path) -> str:
    """How a scenario file names a flow: by name, or a document by its relative path."""
    if not flow.endswith(".json"):
        return flow
    return os.path.relpath(Path(flow).resolve(), scenario.resolve().parent)
