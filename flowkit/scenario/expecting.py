"""Steps that look: what the customer read, where the contact is, what the agent finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flowkit.engine import ActionEntered
from flowkit.scenario.doing import Act
from flowkit.scenario.stage import Different, Stage

EXPECTATIONS: list[tuple[re.Pattern[str], Act, str]] = []

_NOTHING = "nothing"


def expect(pattern: str, help_text: str) -> Callable[[Act], Act]:
    def register(function: Act) -> Act:
        sentence = re.compile("expect " + pattern, re.IGNORECASE)
        EXPECTATIONS.append((sentence, function, f"expect {help_text}"))
        return function

    return register


@expect(r"message", "message: Thank you for writing (the next one the customer reads)")
def message(stage: Stage, _said: re.Match[str], value: Any) -> None:
    _same(str(value), stage.next_message(), message_step)


@expect(
    r"text (?P<keys>[\w +]+?)(?: in (?P<language>\w\w))?",
    "text greeting [in es] | text waiting_count: {count: 3} | text goodbye + survey",
)
def text(stage: Stage, said: re.Match[str], value: Any) -> None:
    wanted = stage.text(said["keys"], said["language"])
    for name, filling in (value or {}).items():
        wanted = wanted.replace("{" + name + "}", str(filling))
    _same(wanted, stage.next_message(), message_step)


@expect(r"no (?:more )?messages?", "no message")
def no_message(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    unread = stage.unread()
    if unread:
        raise Different("no message", _quoted(unread[0]), message_step(unread[0]))


@expect(r"queue (?P<name>\S+)", "queue Claims")
def queue(stage: Stage, said: re.Match[str], _value: Any) -> None:
    _same(said["name"], _queue_name(stage), lambda name: f"expect queue {name}")


@expect(r"no queue", "no queue")
def no_queue(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    name = _queue_name(stage)
    if name:
        raise Different("no queue", name, f"expect queue {name}")


@expect(r"attribute (?P<name>\S+)(?: = (?P<text>.*))?", "attribute urgency = high")
def attribute(stage: Stage, said: re.Match[str], value: Any) -> None:
    name = said["name"]
    wanted = str(said["text"] if said["text"] is not None else value)
    found = stage.living.contact.attributes.get(name)
    _same(wanted, found, lambda real: f"expect attribute {name} = {real}")


@expect(r"no attribute (?P<name>\S+)", "no attribute afterHours")
def no_attribute(stage: Stage, said: re.Match[str], _value: Any) -> None:
    found = stage.living.contact.attributes.get(said["name"])
    if found is not None:
        name = said["name"]
        raise Different(f"no attribute {name}", found, f"expect attribute {name} = {found}")


@expect(r"end (?P<reason>\w+)", "end queued | disconnected | ended")
def end(stage: Stage, said: re.Match[str], _value: Any) -> None:
    _same(said["reason"], stage.living.ended or None, lambda reason: f"expect end {reason}")


@expect(r"(?:the )?chat (?:is )?(?P<state>over|open)", "chat is over | open")
def chat(stage: Stage, said: re.Match[str], _value: Any) -> None:
    found = "over" if stage.living.over else "open"
    _same(said["state"].lower(), found, lambda state: f"expect chat is {state}")


@expect(r"whisper", "whisper: This customer wrote while we were closed")
def whisper(stage: Stage, _said: re.Match[str], value: Any) -> None:
    _same(str(value), stage.next_whisper(), lambda words: f"expect whisper: {json.dumps(words)}")


@expect(r"no whisper", "no whisper")
def no_whisper(stage: Stage, _said: re.Match[str], _value: Any) -> None:
    words = stage.next_whisper()
    if words is not None:
        raise Different("no whisper", _quoted(words), f"expect whisper: {json.dumps(words)}")


@expect(r"view (?P<heading>.+)", "view Voice note (the heading on the agent's screen)")
def view(stage: Stage, said: re.Match[str], _value: Any) -> None:
    views = stage.living.views
    found = str(views[-1].data.get("Heading", views[-1].view_id)) if views else None
    _same(said["heading"], found, lambda heading: f"expect view {heading}")


@expect(r"guide says", "guide says: I am sorry (words anywhere on the agent's screen)")
def guide_says(stage: Stage, _said: re.Match[str], value: Any) -> None:
    views = stage.living.views
    screen = "\n".join(views[-1].lines) if views else _NOTHING
    if str(value) not in screen:
        raise Different(f"the guide to say {_quoted(str(value))}", _quoted(screen))


@expect(r"action (?P<name>.+)", "action Greet (the contact came past it)")
def action(stage: Stage, said: re.Match[str], _value: Any) -> None:
    if said["name"] not in _entered(stage):
        raise Different(f"the way to lead past {said['name']!r}", "that it does not")


@expect(r"no action (?P<name>.+)", "no action Greet")
def no_action(stage: Stage, said: re.Match[str], _value: Any) -> None:
    if said["name"] in _entered(stage):
        raise Different(f"the way not to lead past {said['name']!r}", "that it does")


@expect(r"hook (?P<event>\w+) = (?P<flow>\S+)", "hook CustomerQueue = customer_queue")
def hook(stage: Stage, said: re.Match[str], _value: Any) -> None:
    flow_id = stage.living.contact.event_hooks.get(said["event"])
    found = stage.services.flow(flow_id) if flow_id else None
    name = found.name if found else flow_id
    _same(said["flow"], name, lambda flow: f"expect hook {said['event']} = {flow}")


@expect(r"function (?P<name>\S+) called (?P<times>\d+) times?", "function structure called 3 times")
def called(stage: Stage, said: re.Match[str], _value: Any) -> None:
    _ = stage.living
    found = str(stage.services.invoked[said["name"]])
    name = said["name"]
    _same(said["times"], found, lambda times: f"expect function {name} called {times} times")


def _same(wanted: str, found: str | None, rewritten: Callable[[str], str]) -> None:
    if wanted != found:
        rewrite = None if found is None else rewritten(found)
        raise Different(_quoted(wanted), _NOTHING if found is None else _quoted(found), rewrite)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def message_step(words: str) -> str:
    """The step that expects these words."""
    return f"expect message: {json.dumps(words, ensure_ascii=False)}"


def _queue_name(stage: Stage) -> str | None:
    queue_id = stage.living.queue
    return stage.services.queue_name(queue_id) if queue_id else None


def _entered(stage: Stage) -> set[str]:
    return {e.action for e in stage.living.events if isinstance(e, ActionEntered)}
