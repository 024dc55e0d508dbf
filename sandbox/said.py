"""What a customer's message says, straight from its JSON: the words an agent has to see."""

import unicodedata
from collections.abc import Iterator
from typing import Any

from sandbox.recorded import MEDIA_KINDS, Json, objects, scalar

# Part of a message -> the fields in it that a person wrote or chose.
_FIELDS = {
    "text": ("body",),
    "button": ("text",),
    "location": ("name", "address"),
    "order": ("text",),
    **dict.fromkeys(MEDIA_KINDS, ("caption",)),
}
_CHOICES = ("button_reply", "list_reply")


def said(message: Json) -> list[str]:
    """Words of the customer, in order; names of contact cards and ordered products included."""
    return [words for words in _said(message) if squeezed(words)]


def squeezed(text: str) -> str:
    """Letters and digits only, in one form and case: what survives any rendering."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def _said(message: Json) -> Iterator[str]:
    for part, fields in _FIELDS.items():
        holder = _object(message, part)
        for name in fields:
            yield scalar(holder.get(name))
    interactive = _object(message, "interactive")
    for choice in _CHOICES:
        yield scalar(_object(interactive, choice).get("title"))
    for card in objects(message.get("contacts")):
        yield scalar(_object(card, "name").get("formatted_name"))
        for phone in objects(card.get("phones")):
            yield scalar(phone.get("phone"))
    for item in objects(_object(message, "order").get("product_items")):
        yield scalar(item.get("product_retailer_id"))
    yield from _said_anew(message)


def _said_anew(message: Json) -> Iterator[str]:
    """The new words of an edited message."""
    edited = _object(_object(message, "edit"), "message")
    if edited and "edit" not in edited:
        yield from _said(edited)


def _object(holder: Any, name: str) -> Json:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}
