"""Meta's limits on interactive messages (reference section 5.1)."""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.whatsapp import limits
from sandbox.whatsapp.meta_errors import MetaError
from sandbox.whatsapp.rule_words import missing, too_long

Part = dict[str, Any]


def check(part: Part) -> Iterator[MetaError]:
    """Everything Meta would refuse in the `interactive` object."""
    kind = part.get("type")
    rule = _ACTIONS.get(str(kind))
    if rule is None:
        yield MetaError(131009, f"Interactive type {kind} is not supported")
        return
    body, action = _object(part, "body"), _object(part, "action")
    yield from missing(body, "text")
    limit = limits.LIST_BODY if kind == "list" else limits.INTERACTIVE_BODY
    yield from too_long(body, "text", limit)
    yield from too_long(_object(part, "footer"), "text", limits.FOOTER)
    if _object(part, "header").get("type") == "text":
        yield from too_long(_object(part, "header"), "text", limits.HEADER)
    yield from missing(part, "action")
    yield from rule(action)


def _object(part: Part, name: str) -> Part:
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def _list(part: Part, name: str) -> list[Part]:
    value = part.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _buttons(action: Part) -> Iterator[MetaError]:
    replies = [_object(one, "reply") for one in _list(action, "buttons")]
    if not 1 <= len(replies) <= limits.BUTTONS:
        yield MetaError(131009, f"1 to {limits.BUTTONS} buttons are allowed")
    for reply in replies:
        yield from _labelled(reply, "id", limits.BUTTON_ID)
        yield from _labelled(reply, "title", limits.BUTTON_TITLE)
    for name in ("id", "title"):
        values = [reply.get(name) for reply in replies]
        if len(set(values)) < len(values):
            yield MetaError(131009, f"Button {name}s must be unique")


def _rows(action: Part) -> Iterator[MetaError]:
    yield from _labelled(action, "button", limits.LIST_BUTTON)
    sections = _list(action, "sections")
    rows = [row for section in sections for row in _list(section, "rows")]
    if not 1 <= len(sections) <= limits.SECTIONS or not 1 <= len(rows) <= limits.ROWS:
        yield MetaError(131009, f"1 to {limits.SECTIONS} sections, 1 to {limits.ROWS} rows")
    for section in sections:
        if len(sections) > 1:
            yield from missing(section, "title")
        yield from too_long(section, "title", limits.SECTION_TITLE)
    for row in rows:
        yield from _labelled(row, "id", limits.ROW_ID)
        yield from _labelled(row, "title", limits.ROW_TITLE)
        yield from too_long(row, "description", limits.ROW_DESCRIPTION)
    ids = [row.get("id") for row in rows]
    if len(set(ids)) < len(ids):
        yield MetaError(131009, "Row ids must be unique")


def _call_to_action(action: Part) -> Iterator[MetaError]:
    parameters = _object(action, "parameters")
    yield from _labelled(parameters, "display_text", limits.CTA_TITLE)
    yield from missing(parameters, "url")


def _location_request(action: Part) -> Iterator[MetaError]:
    if action.get("name") != "send_location":
        yield MetaError(131009, "The action must be send_location")


def _flow(action: Part) -> Iterator[MetaError]:
    parameters = _object(action, "parameters")
    yield from _labelled(parameters, "flow_cta", limits.FLOW_CTA)
    if not (parameters.get("flow_id") or parameters.get("flow_name")):
        yield MetaError(131008, "Parameter flow_id or flow_name is required")


def _labelled(part: Part, name: str, limit: int) -> Iterator[MetaError]:
    yield from missing(part, name)
    yield from too_long(part, name, limit)


_ACTIONS: dict[str, Callable[[Part], Iterator[MetaError]]] = {
    "button": _buttons,
    "list": _rows,
    "cta_url": _call_to_action,
    "location_request_message": _location_request,
    "flow": _flow,
}
