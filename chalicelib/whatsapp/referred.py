"""Messages that refer to another one: which, and how its beginning reads. Pure."""

from typing import Any

from chalicelib.texts import Texts
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.content import CallPermission, Choice, Edit, FormAnswers, Reaction, Revoke
from chalicelib.whatsapp.messages import InboundMessage

_ANSWERS = (Choice, FormAnswers, CallPermission)
"""They always answer us, and show no "re:" line."""


def refers_to(message: InboundMessage) -> str:
    """The wamid of the message that this one quotes, reacts to, edits or deletes; "" for none."""
    content = message.content
    if isinstance(content, Reaction):
        return content.target
    if isinstance(content, Edit | Revoke):
        return content.original
    if isinstance(content, _ANSWERS):
        return ""
    return message.quoted.wamid if message.quoted else ""


def beginning(kind: str, text: str, body: str, texts: Texts) -> str:
    """What an earlier message said, or what it was.

    `body`: the JSON we sent, for a message of ours; what agents write is JSON at times.
    """
    said = sent_words(body) if body else text.strip()
    label = f"media.{kind}.label"
    return said or (texts.get(label) if texts.has(label) else "")


def sent_words(body: str) -> str:
    """The words of a message of ours, from the JSON we sent; "" when it has none."""
    try:
        sent = fields.decode(body)
    except ValueError:
        return ""
    part = fields.child(sent, fields.text(sent, "type"))
    return _words(part)


def _words(part: dict[str, Any]) -> str:
    inner = fields.text(fields.child(part, "body"), "text")
    return inner or fields.text(part, "body", "caption", "filename", "name", "address")
