"""What flows and bots say in application/json: WhatsApp's own things that Connect has no form for.

One small object, named by `type`; every form takes `"quoted": "<wamid>"` besides:

    {"type": "location", "latitude": 52.5, "longitude": 13.4, "name": "Shop", "address": "..."}
    {"type": "contacts", "contacts": [{"name": "Ana", "phones": ["+34..."], "emails": [...]}]}
    {"type": "reaction", "message": "<wamid>", "emoji": "👍"}          ("" takes it away)
    {"type": "link", "text": "...", "label": "Open", "url": "https://..."}
    {"type": "location_request", "text": "Where are you?"}
    {"type": "form", "text": "...", "label": "Fill in", "flow": "<flow id>", "token": "..."}
    {"type": "template", "name": "reopen", "language": "en", "components": [...]}
    {"type": "text", "text": "...", "markdown": true}

Anything else is not ours: the caller shows it as the text it is. Pure.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.content import ContactCard
from chalicelib.whatsapp.replies import (
    ChatReply,
    ContactsReply,
    FormReply,
    LinkReply,
    LocationReply,
    LocationRequestReply,
    ReactionReply,
    TemplateReply,
    TextReply,
)

Json = dict[str, Any]


def json_reply(content: str) -> ChatReply | None:
    """The reply in a JSON content; None when it is none of the forms or lacks what it needs."""
    try:
        told = fields.decode(content)
    except ValueError:
        return None
    make = FORMS.get(fields.text(told, "type"))
    return make(told) if make else None


def _location(told: Json) -> ChatReply | None:
    latitude, longitude = fields.number(told, "latitude"), fields.number(told, "longitude")
    if latitude is None or longitude is None:
        return None
    return LocationReply(
        latitude=latitude,
        longitude=longitude,
        name=fields.text(told, "name"),
        address=fields.text(told, "address"),
        quoted=fields.text(told, "quoted"),
    )


def _contacts(told: Json) -> ChatReply | None:
    cards = tuple(
        _card(each) for each in fields.objects(told, "contacts") if fields.text(each, "name")
    )
    return ContactsReply(cards=cards, quoted=fields.text(told, "quoted")) if cards else None


def _card(told: Json) -> ContactCard:
    return ContactCard(
        name=fields.text(told, "name"),
        phones=_each(told, "phones"),
        emails=_each(told, "emails"),
        addresses=_each(told, "addresses"),
        urls=_each(told, "urls"),
        organization=fields.text(told, "organization"),
        birthday=fields.text(told, "birthday"),
    )


def _each(told: Json, key: str) -> tuple[str, ...]:
    value = told.get(key)
    every = value if isinstance(value, list) else [value]
    return tuple(text for text in map(fields.scalar, every) if text)


def _reaction(told: Json) -> ChatReply | None:
    target = fields.text(told, "message")
    return ReactionReply(target=target, emoji=fields.text(told, "emoji")) if target else None


def _link(told: Json) -> ChatReply | None:
    text, url = fields.text(told, "text"), fields.text(told, "url")
    if not (text and url):
        return None
    label = fields.text(told, "label") or url
    return LinkReply(text=text, label=label, url=url, quoted=fields.text(told, "quoted"))


def _location_request(told: Json) -> ChatReply | None:
    text = fields.text(told, "text")
    return LocationRequestReply(text=text, quoted=fields.text(told, "quoted")) if text else None


def _form(told: Json) -> ChatReply | None:
    text, label, flow = (fields.text(told, key) for key in ("text", "label", "flow"))
    if not (text and label and flow):
        return None
    return FormReply(
        text=text,
        label=label,
        flow_id=flow,
        token=fields.text(told, "token") or "unused",
        parameters=fields.child(told, "parameters"),
        quoted=fields.text(told, "quoted"),
    )


def _template(told: Json) -> ChatReply | None:
    name, language = fields.text(told, "name"), fields.text(told, "language")
    if not (name and language):
        return None
    components = tuple(fields.objects(told, "components"))
    return TemplateReply(name=name, language=language, components=components)


def _text(told: Json) -> ChatReply | None:
    text = fields.text(told, "text")
    marked = told.get("markdown") is True
    return (
        TextReply(text=text, markdown=marked, quoted=fields.text(told, "quoted")) if text else None
    )


FORMS: dict[str, Callable[[Json], ChatReply | None]] = {
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "link": _link,
    "location_request": _location_request,
    "form": _form,
    "template": _template,
    "text": _text,
}
