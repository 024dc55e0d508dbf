"""The JSON a customer's message becomes (reference section 2), by kind, as pure functions.

A builder gets the content a test wrote (`phone.sends("location", latitude=.., longitude=..)`) and
returns the part of the message that carries it. `id`, `timestamp` and sender are added elsewhere.
"""

from collections.abc import Callable
from typing import Any

Content = dict[str, Any]
Part = dict[str, Any]

MEDIA_TYPES = {
    "image": "image/jpeg",
    "audio": "audio/ogg; codecs=opus",
    "voice": "audio/ogg; codecs=opus",
    "video": "video/mp4",
    "document": "application/pdf",
    "sticker": "image/webp",
}
"""Media kinds with the type a file has unless the test says otherwise."""

# What may stand next to the content of any kind.
COMMON = ("context", "referral", "errors", "group_id", "identity")

UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


def message(kind: str, content: Content) -> Part:
    """The message without id, time and sender. Raises KeyError for a kind that does not exist."""
    extras = {name: content[name] for name in COMMON if name in content}
    own = {name: value for name, value in content.items() if name not in COMMON}
    return {"type": kind, **BUILDERS[kind](own), **extras}


def _plain(kind: str) -> Callable[[Content], Part]:
    """Content as given, under the kind's own name."""
    return lambda content: {kind: content}


def _text(content: Content) -> Part:
    return {"text": {"body": content["body"]}}


def _audio(content: Content) -> Part:
    return {"audio": {"voice": False, **content}}


def _sticker(content: Content) -> Part:
    return {"sticker": {"animated": False, **content}}


def _contacts(content: Content) -> Part:
    return {"contacts": content["contacts"]}


def _interactive(content: Content) -> Part:
    """One of button_reply, list_reply, nfm_reply, call_permission_reply."""
    return {"interactive": {"type": next(iter(content)), **content}}


def _nothing(_content: Content) -> Part:
    return {}


def _unsupported(content: Content) -> Part:
    what = {"unsupported": {"type": content["what"]}} if "what" in content else {}
    return {"errors": [UNSUPPORTED], **what}


def _errors(content: Content) -> Part:
    return {"errors": [content or UNSUPPORTED]}


BUILDERS: dict[str, Callable[[Content], Part]] = {
    "text": _text,
    "image": _plain("image"),
    "audio": _audio,
    "voice": _plain("voice"),
    "video": _plain("video"),
    "document": _plain("document"),
    "sticker": _sticker,
    "location": _plain("location"),
    "contacts": _contacts,
    "reaction": _plain("reaction"),
    "interactive": _interactive,
    "button": _plain("button"),
    "order": _plain("order"),
    "system": _plain("system"),
    "request_welcome": _nothing,
    "unsupported": _unsupported,
    "unknown": _unsupported,
    "errors": _errors,
    "edit": _plain("edit"),
    "revoke": _plain("revoke"),
}
