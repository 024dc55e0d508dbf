"""What Meta accepts as the body of a message, as a pure check (reference section 5.1).

`body_problem` looks at the JSON only; what needs the account's state (media ids, templates, the
window, the pair rate) is checked by the network.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.whatsapp import interactive_rules, limits
from sandbox.whatsapp.meta_errors import MetaError
from sandbox.whatsapp.rule_words import missing, too_long

Body = dict[str, Any]
Rule = Callable[[Body], Iterator[MetaError]]


def body_problem(message: Body) -> MetaError | None:
    """The first thing Meta would refuse in a message, or None."""
    kind = message.get("type") or "text"
    rule = RULES.get(kind)
    if rule is None:
        return MetaError(131051, f"Message type {kind} is not supported")
    part = message.get(kind)
    if part is None:
        return MetaError(131008, f"Parameter {kind} is required")
    wanted = list if kind == "contacts" else dict
    if not isinstance(part, wanted):
        return MetaError(100, f"Parameter {kind} is of the wrong type")
    if kind == "reaction" and "context" in message:
        return MetaError(100, "A reaction takes no context")
    return next(rule(part if isinstance(part, dict) else {"contacts": part}), None)


def _text(part: Body) -> Iterator[MetaError]:
    yield from missing(part, "body")
    yield from too_long(part, "body", limits.TEXT)


def _media(part: Body) -> Iterator[MetaError]:
    if ("id" in part) == ("link" in part):
        yield MetaError(131009, "Exactly one of id and link is required")
    if "link" in part and not str(part["link"]).startswith("https://"):
        yield MetaError(131009, "Parameter link must be an https address")
    yield from too_long(part, "caption", limits.CAPTION)


def _uncaptioned(part: Body) -> Iterator[MetaError]:
    yield from _media(part)
    if "caption" in part:
        yield MetaError(100, "Parameter caption is not allowed here")


def _location(part: Body) -> Iterator[MetaError]:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        yield from missing(part, name)
        try:
            inside = abs(float(part[name])) <= limit
        except (TypeError, ValueError):
            inside = False
        if not inside:
            yield MetaError(131009, f"Parameter {name} is not valid")


def _contacts(part: Body) -> Iterator[MetaError]:
    cards = part["contacts"]
    if not 1 <= len(cards) <= limits.CONTACTS:
        yield MetaError(131009, f"1 to {limits.CONTACTS} contacts are allowed")
    for card in cards:
        name = card.get("name") if isinstance(card, dict) else None
        yield from missing(name if isinstance(name, dict) else {}, "formatted_name")


def _reaction(part: Body) -> Iterator[MetaError]:
    yield from missing(part, "message_id")
    if not isinstance(part.get("emoji"), str):
        yield MetaError(131008, "Parameter emoji is required")


def _template(part: Body) -> Iterator[MetaError]:
    yield from missing(part, "name")
    language = part.get("language")
    yield from missing(language if isinstance(language, dict) else {}, "code")


RULES: dict[str, Rule] = {
    "text": _text,
    "image": _media,
    "video": _media,
    "document": _media,
    "audio": _uncaptioned,
    "sticker": _uncaptioned,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": interactive_rules.check,
    "template": _template,
}
