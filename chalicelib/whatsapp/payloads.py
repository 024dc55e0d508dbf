"""ChatReply -> Meta message bodies, ready to be sent one after the other. Pure.

A body lacks only our callback data (`with_callback`): it carries the attempt, which is known at
the moment of sending. Limits: `limits.py`. Source of the shapes: Meta, messages/send-messages;
reference whatsapp-eum.md section 5.1.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.texts import Texts
from chalicelib.whatsapp import limits
from chalicelib.whatsapp.content import ContactCard
from chalicelib.whatsapp.interactive import interactive_bodies
from chalicelib.whatsapp.markdown import to_whatsapp
from chalicelib.whatsapp.replies import (
    AttachmentReply,
    ChatReply,
    ContactsReply,
    FormReply,
    InteractiveReply,
    LinkReply,
    LocationReply,
    LocationRequestReply,
    ReactionReply,
    Recipient,
    TemplateReply,
    TextReply,
)
from chalicelib.whatsapp.safe_text import clip, safe_filename
from chalicelib.whatsapp.split import split

__all__ = [
    "AttachmentReply",
    "ChatReply",
    "ContactsReply",
    "FormReply",
    "InteractiveReply",
    "LinkReply",
    "LocationReply",
    "LocationRequestReply",
    "ReactionReply",
    "Recipient",
    "TemplateReply",
    "TextReply",
    "bodies",
    "read_receipt",
    "typing",
    "with_callback",
]

Body = dict[str, Any]

MAX_CALLBACK_DATA = 512
"""Characters of biz_opaque_callback_data. Meta: messages reference; unconfirmed through EUM."""


def bodies(reply: ChatReply, recipient: Recipient, texts: Texts) -> list[Body]:
    """The messages to send, in order; empty when the reply holds nothing to show.

    `texts`: the customer's language, for the words we add (a list's button). Only the first
    message quotes.
    """
    base = {"messaging_product": "whatsapp", **recipient.fields()}
    made = [{**base, **part} for part in _PARTS[type(reply)](reply, texts)]
    quoted = "" if isinstance(reply, ReactionReply) else reply.quoted
    if quoted and made:
        made[0] = {**made[0], "context": {"message_id": quoted}}
    return made


def with_callback(body: Body, data: str) -> Body:
    """The body with our own data in it, which comes back in its statuses.

    Raises ValueError when it is longer than WhatsApp returns: cut data would match nothing.
    """
    if len(data) > MAX_CALLBACK_DATA:
        raise ValueError(f"callback data has {len(data)} characters, {MAX_CALLBACK_DATA} at most")
    return {**body, "biz_opaque_callback_data": data}


def read_receipt(wamid: str) -> Body:
    """Marks this message and all earlier ones of the customer as read."""
    return {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}


def typing(wamid: str) -> Body:
    """Shows "typing" for up to 25 s or until our next message; also marks as read."""
    return {**read_receipt(wamid), "typing_indicator": {"type": "text"}}


def _text(reply: TextReply, _: Texts) -> list[Body]:
    return _texts(to_whatsapp(reply.text, markdown=reply.markdown))


def _texts(text: str) -> list[Body]:
    return [
        {"type": "text", "text": {"body": part, "preview_url": "https://" in part}}
        for part in split(text, limits.TEXT)
    ]


def _interactive(reply: InteractiveReply, texts: Texts) -> list[Body]:
    return interactive_bodies(reply.template, texts)


def _attachment(reply: AttachmentReply, _: Texts) -> list[Body]:
    """The file with its caption; what a caption cannot carry follows as text."""
    kind = "audio" if reply.voice else limits.message_type(reply.mime_type)
    media: Body = {"id": reply.media_id}
    if kind == "document":
        media["filename"] = clip(safe_filename(reply.filename), limits.FILENAME)
    if reply.voice:
        media["voice"] = True
    caption = to_whatsapp(reply.caption).strip()
    if kind in ("image", "video", "document") and caption:
        first, *_rest = split(caption, limits.CAPTION)
        media["caption"] = first
        caption = caption[len(first) :].strip()
    return [{"type": kind, kind: media}, *_texts(caption)]


def _template(reply: TemplateReply, _: Texts) -> list[Body]:
    template: Body = {"name": reply.name, "language": {"code": reply.language}}
    if reply.components:
        template["components"] = list(reply.components)
    return [{"type": "template", "template": template}]


def _reaction(reply: ReactionReply, _: Texts) -> list[Body]:
    return [{"type": "reaction", "reaction": {"message_id": reply.target, "emoji": reply.emoji}}]


def _location(reply: LocationReply, _: Texts) -> list[Body]:
    told = {"name": reply.name, "address": reply.address}
    place = {
        "latitude": reply.latitude,
        "longitude": reply.longitude,
        **{key: value for key, value in told.items() if value},
    }
    return [{"type": "location", "location": place}]


def _contacts(reply: ContactsReply, _: Texts) -> list[Body]:
    cards = [_card(card) for card in reply.cards]
    size = limits.CONTACT_CARDS
    chunks = [cards[start : start + size] for start in range(0, len(cards), size)]
    return [{"type": "contacts", "contacts": chunk} for chunk in chunks]


def _card(card: ContactCard) -> Body:
    """WhatsApp wants the formatted name and one more part of it."""
    made: Body = {"name": {"formatted_name": card.name, "first_name": card.name}}
    if card.phones:
        made["phones"] = [{"phone": phone} for phone in card.phones]
    if card.emails:
        made["emails"] = [{"email": email} for email in card.emails]
    if card.urls:
        made["urls"] = [{"url": url} for url in card.urls]
    if card.addresses:
        made["addresses"] = [{"street": address} for address in card.addresses]
    if card.organization:
        made["org"] = {"company": card.organization}
    return {**made, "birthday": card.birthday} if card.birthday else made


def _link(reply: LinkReply, _: Texts) -> list[Body]:
    parameters = {"display_text": clip(reply.label, limits.CTA_LABEL), "url": reply.url}
    return _with_action(reply.text, "cta_url", {"name": "cta_url", "parameters": parameters})


def _location_request(reply: LocationRequestReply, _: Texts) -> list[Body]:
    return _with_action(reply.text, "location_request_message", {"name": "send_location"})


def _form(reply: FormReply, _: Texts) -> list[Body]:
    parameters = {
        "flow_message_version": "3",
        "flow_id": reply.flow_id,
        "flow_token": reply.token,
        "flow_cta": clip(reply.label, limits.CTA_LABEL),
        **reply.parameters,
    }
    return _with_action(reply.text, "flow", {"name": "flow", "parameters": parameters})


def _with_action(text: str, kind: str, action: Body) -> list[Body]:
    """A text with one button; what the body cannot carry goes ahead as plain text."""
    *before, last = split(to_whatsapp(text), limits.CTA_BODY) or ["…"]
    message = {"type": kind, "body": {"text": last}, "action": action}
    ahead = _texts("\n".join(before))
    return [*ahead, {"type": "interactive", "interactive": message}]


_PARTS: dict[type, Callable[[Any, Texts], list[Body]]] = {
    TextReply: _text,
    InteractiveReply: _interactive,
    AttachmentReply: _attachment,
    TemplateReply: _template,
    ReactionReply: _reaction,
    LocationReply: _location,
    ContactsReply: _contacts,
    LinkReply: _link,
    LocationRequestReply: _location_request,
    FormReply: _form,
}
