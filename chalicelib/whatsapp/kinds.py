"""One reader per kind of message: the part of the JSON under its own name -> typed content.

A new kind starts with a file in `tests/events/whatsapp/` and a reader registered here; until then
it is "unknown": it keeps its raw form and its name, and reaches the agent as a placeholder.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.cards import card_of
from chalicelib.whatsapp.content import (
    CallPermission,
    Choice,
    ContactCards,
    Content,
    Edit,
    Errors,
    FormAnswers,
    Location,
    MediaRef,
    Order,
    OrderItem,
    Reaction,
    RequestWelcome,
    Revoke,
    System,
    Text,
    Unknown,
    Unsupported,
)
from chalicelib.whatsapp.senders import change_in_system
from chalicelib.whatsapp.words_in import words_in

Reader = Callable[[dict[str, Any]], Content]
READERS: dict[str, Reader] = {}
"""Kind -> reader of the whole message object. `kind_of` yields nothing else but "unknown"."""

MEDIA_KINDS = frozenset({"image", "audio", "voice", "video", "document", "sticker"})

AROUND = (
    *("id", "type", "timestamp", "from", "from_user_id", "from_parent_user_id", "group_id"),
    *("context", "referral", "errors", "identity"),
)
"""Keys that every message may have, whatever its kind."""

MAX_NESTING = 3
"""An edit holds the new message, which could claim to be an edit again; nobody needs more."""


def reader(*kinds: str) -> Callable[[Reader], Reader]:
    def register(function: Reader) -> Reader:
        READERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def kind_of(message: Any) -> str:
    """The kind: from `type`, else the first key that names one; audio marked voice is "voice"."""
    declared = fields.text(message, "type")
    present = (
        key for key in READERS if isinstance(fields.as_object(message).get(key), dict | list)
    )
    kind = declared if declared in READERS else "" if declared else next(present, "")
    if kind == "audio" and fields.child(message, "audio").get("voice") is True:
        return "voice"
    return kind or "unknown"


def content_of(message: dict[str, Any], kind: str) -> Content:
    """The typed content of a message of this kind. Never raises for any JSON."""
    return READERS.get(kind, read_unknown)(message)


@reader("text")
def read_text(message: dict[str, Any]) -> Content:
    """A body of text; some senders put the text itself, or a list, where the object belongs."""
    written = fields.child(message, "text")
    body = fields.text(written, "body") or fields.text(message, "text")
    return Text(body=body or words_in(message.get("text")))


@reader("image", "video", "document", "sticker", "audio", "voice")
def read_media(message: dict[str, Any]) -> Content:
    """A file. `voice` is the name that voice notes had in older versions."""
    kind = fields.text(message, "type")
    names = [kind] if kind in MEDIA_KINDS else []
    holder = next(
        (fields.child(message, key) for key in [*names, *READERS] if _is_file(message, key)), {}
    )
    voice = holder.get("voice") is True or bool(fields.child(message, "voice"))
    return MediaRef(
        media_id=fields.text(holder, "id"),
        mime_type=fields.text(holder, "mime_type"),
        sha256=fields.text(holder, "sha256"),
        filename=fields.text_or_none(holder, "filename"),
        voice=voice,
        animated=holder.get("animated") is True,
        caption=fields.text(holder, "caption"),
    )


def _is_file(message: dict[str, Any], key: str) -> bool:
    return key in MEDIA_KINDS and bool(fields.child(message, key))


@reader("location")
def read_location(message: dict[str, Any]) -> Content:
    place = fields.child(message, "location")
    return Location(
        latitude=fields.number(place, "latitude"),
        longitude=fields.number(place, "longitude"),
        name=fields.text(place, "name"),
        address=fields.text(place, "address"),
        url=fields.text(place, "url"),
    )


@reader("contacts")
def read_contacts(message: dict[str, Any]) -> Content:
    return ContactCards(cards=tuple(card_of(item) for item in fields.objects(message, "contacts")))


@reader("reaction")
def read_reaction(message: dict[str, Any]) -> Content:
    reaction = fields.child(message, "reaction")
    return Reaction(
        target=fields.text(reaction, "message_id"), emoji=fields.text(reaction, "emoji")
    )


@reader("button")
def read_template_button(message: dict[str, Any]) -> Content:
    button = fields.child(message, "button")
    payload, title = fields.text(button, "payload"), fields.text(button, "text")
    return Choice(source="template_button", id=payload or title, title=title or payload)


@reader("interactive")
def read_interactive(message: dict[str, Any]) -> Content:
    """A reply to buttons, a list, a form or a call request; `type` may be missing."""
    reply = fields.child(message, "interactive")
    for name, read in _REPLIES.items():
        if fields.child(reply, name):
            return read(fields.child(reply, name))
    named = f"interactive {fields.text(reply, 'type')}".strip()
    return Unknown(named=named, words=words_in(message.get("interactive")))


def _button_reply(reply: dict[str, Any]) -> Content:
    name = fields.text(reply, "id")
    return Choice(source="button_reply", id=name, title=fields.text(reply, "title") or name)


def _list_reply(reply: dict[str, Any]) -> Content:
    return Choice(
        source="list_reply",
        id=fields.text(reply, "id"),
        title=fields.text(reply, "title", "id"),
        description=fields.text(reply, "description"),
    )


def _form_reply(reply: dict[str, Any]) -> Content:
    """`response_json` is JSON text inside JSON; what cannot be read is kept as text."""
    written = reply.get("response_json")
    answers = written if isinstance(written, dict) else _decoded(fields.scalar(written))
    return FormAnswers(
        name=fields.text(reply, "name"),
        body=fields.text(reply, "body"),
        answers=answers or {},
        unreadable="" if answers is not None else fields.scalar(written),
    )


def _decoded(written: str) -> dict[str, Any] | None:
    try:
        found = fields.decode(written) if written else {}
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _call_permission(reply: dict[str, Any]) -> Content:
    expires = fields.moment(reply, "expiration_timestamp")
    return CallPermission(response=fields.text(reply, "response"), expires=expires)


_REPLIES: dict[str, Reader] = {
    "button_reply": _button_reply,
    "list_reply": _list_reply,
    "nfm_reply": _form_reply,
    "call_permission_reply": _call_permission,
}


@reader("order")
def read_order(message: dict[str, Any]) -> Content:
    order = fields.child(message, "order")
    return Order(
        catalog_id=fields.text(order, "catalog_id"),
        text=fields.text(order, "text"),
        items=tuple(
            OrderItem(
                product_id=fields.text(item, "product_retailer_id"),
                quantity=fields.text(item, "quantity"),
                price=fields.text(item, "item_price"),
                currency=fields.text(item, "currency"),
            )
            for item in fields.objects(order, "product_items")
        ),
    )


@reader("system")
def read_system(message: dict[str, Any]) -> Content:
    system = fields.child(message, "system")
    return System(
        type=fields.text(system, "type"),
        body=fields.text(system, "body"),
        change=change_in_system(message),
    )


@reader("request_welcome")
def read_request_welcome(message: dict[str, Any]) -> Content:  # noqa: ARG001  a reader's shape
    return RequestWelcome()


@reader("unsupported")
def read_unsupported(message: dict[str, Any]) -> Content:
    return Unsupported(type=fields.text(fields.child(message, "unsupported"), "type"))


@reader("edit")
def read_edit(message: dict[str, Any]) -> Content:
    """The new version stands in `edit.message`, which is shaped like a message of its own."""
    edit = fields.child(message, "edit")
    inner, depth = fields.child(edit, "message"), 1
    while kind_of(inner) == "edit" and depth < MAX_NESTING:
        inner, depth = fields.child(fields.child(inner, "edit"), "message"), depth + 1
    kind = kind_of(inner) if kind_of(inner) != "edit" else "unknown"
    return Edit(
        original=fields.text(edit, "original_message_id"),
        kind=kind,
        content=content_of(inner, kind),
    )


@reader("revoke")
def read_revoke(message: dict[str, Any]) -> Content:
    return Revoke(original=fields.text(fields.child(message, "revoke"), "original_message_id"))


@reader("errors")
def read_errors(message: dict[str, Any]) -> Content:  # noqa: ARG001  a reader's shape
    return Errors()


def read_unknown(message: dict[str, Any]) -> Content:
    """A kind invented tomorrow: its name, and whatever it says that a person may read."""
    told = fields.narrowed(message, *AROUND)
    return Unknown(named=fields.text(message, "type"), words=words_in(told))
