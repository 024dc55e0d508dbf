"""Writing to the customer, Lex, and views for the agent."""

from __future__ import annotations

import json
from datetime import timedelta

from flowkit.engine.conditions import number
from flowkit.engine.events import Disconnected, MessageSent, ViewShown
from flowkit.engine.outcomes import Done, Ended, Failed, Outcome, Paused
from flowkit.engine.turn import Turn
from flowkit.model import Action
from flowkit.references import as_text
from flowkit.view_text import drawn, listed
from flowkit.views import misfits

#: Most characters a prompt's text may have (admin guide: 3,000 billed, 6,000 in all).
MAX_PROMPT_CHARS = 6_000
#: Largest message Connect delivers on a plain chat, in bytes (feature limits).
MAX_MESSAGE_BYTES = 16_384
#: Largest input of a view, with the contact's attributes, in bytes (API reference, ShowView).
MAX_VIEW_BYTES = 16 * 1024
#: Default time an agent has for a view when the flow names none, in seconds.
DEFAULT_VIEW_S = 400


def message_participant(turn: Turn, action: Action) -> Outcome:
    if "Text" not in action.parameters:
        return Failed("on chat only Text is delivered; recorded prompts and SSML are not")
    text = turn.text(action, "Text")
    if not text.strip():
        return Failed("the text is empty")
    if len(text) > MAX_PROMPT_CHARS or len(text.encode()) > MAX_MESSAGE_BYTES:
        return Failed("the text is longer than the channel takes")
    turn.emit(MessageSent(text))
    return Done()


def disconnect(turn: Turn, _: Action) -> Outcome:
    turn.emit(Disconnected())
    return Ended("disconnected")


def show_view(turn: Turn, action: Action) -> Outcome:
    """Guides run as chat contacts of subtype connect:Guide; WhatsApp can show no view."""
    if turn.contact.segment_attribute("connect:Subtype") != "connect:Guide":
        turn.note("a view needs the agent workspace or a web chat; WhatsApp cannot show it")
        return Failed("this contact cannot show views")
    resource = turn.value(action, "ViewResource")
    given = turn.value(action, "ViewData")
    data = given if isinstance(given, dict) else {}
    view_id = as_text(resource.get("Id")) if isinstance(resource, dict) else ""
    try:
        view = turn.views.view(view_id) if turn.views else None
    except LookupError:
        return Failed(f"there is no view {view_id}")
    wrong = next(misfits(view, data), "") if view else ""
    if not wrong and _size([data, turn.contact.attributes]) > MAX_VIEW_BYTES:
        wrong = f"inputs and attributes of a view have {MAX_VIEW_BYTES} bytes at most"
    if wrong:
        return Failed(wrong)
    lines = drawn(view, data) if view else listed(data)
    turn.emit(ViewShown(view_id, data, view.name if view else view_id, tuple(lines)))
    limit_s = number(turn.text(action, "InvocationTimeLimitSeconds")) or DEFAULT_VIEW_S
    return Paused(turn.now + timedelta(seconds=limit_s), ("ViewAnswered",))


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
