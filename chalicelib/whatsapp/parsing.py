"""A piece's payload -> what it says. Total: any JSON yields a value, nothing raises.

A payload holds one thing: {"waba_id", "origination_id", "received", "field", "value": {"metadata",
"contacts", and one of "messages": [m] | "statuses": [s] | anything else}}.
"""

from datetime import datetime
from typing import Any, Literal

from chalicelib.customer import Identifiers, identify
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.account_events import account_event_of
from chalicelib.whatsapp.content import Content, Edit, Json, MediaRef
from chalicelib.whatsapp.errors_list import errors_of
from chalicelib.whatsapp.kinds import content_of, kind_of
from chalicelib.whatsapp.messages import (
    AccountEvent,
    DeliveryStatus,
    InboundMessage,
    Product,
    Quoted,
    Referral,
)
from chalicelib.whatsapp.senders import sender_of

NOT_FROM_CUSTOMERS = frozenset({"history", "smb_message_echoes", "smb_app_state_sync"})
"""Fields whose messages the business wrote itself, or that are old: never a customer speaking."""

FIRST_YEAR, LAST_YEAR = 2009, 2100
"""WhatsApp began in 2009; a message of the next century has a broken clock."""


def parse(payload: Any) -> InboundMessage | DeliveryStatus | AccountEvent:
    """What a piece's payload says; an account event when it is neither message nor status."""
    whole = fields.as_object(payload)
    value = fields.child(whole, "value")
    for message in customer_messages(whole, value):
        return _message(whole, value, message)
    for status in fields.objects(value, "statuses"):
        return _status(whole, value, status)
    return account_event_of(whole)


def customer_messages(change: Any, value: Json) -> list[Json]:
    """The messages that customers wrote, by the keys of `value`: the field may be missing.

    What stands among them and is no message is one of a kind nobody knows.
    """
    if fields.text(change, "field") in NOT_FROM_CUSTOMERS:
        return []
    listed = value.get("messages")
    if not isinstance(listed, list) or all(isinstance(each, dict) for each in listed):
        return fields.objects(value, "messages")
    told = (each for each in listed if each or isinstance(each, dict))
    return [each if isinstance(each, dict) else {"content": each} for each in told]


def _message(payload: Json, value: Json, message: Json) -> InboundMessage:
    number = fields.text(fields.child(value, "metadata"), "phone_number_id")
    kind = kind_of(message)
    content = content_of(message, kind)
    return InboundMessage(
        wamid=fields.text(message, "id") or fields.fingerprint(number, message),
        phone_number_id=number,
        kind=kind,
        content=content,
        sender=sender_of(message, value),
        origination_id=fields.text(payload, "origination_id"),
        waba_id=fields.text(payload, "waba_id"),
        sent_at=_sent_at(message),
        received_at=fields.integer(payload, "received"),
        media=_media(content),
        quoted=_quoted(message, content),
        forwarded=_forwarded(message),
        referral=_referral(message),
        errors=errors_of(message),
        group_id=fields.text(message, "group_id"),
        cut=payload.get("cut") is True,
        raw=message,
    )


def _sent_at(message: Json) -> datetime | None:
    """When it was sent; None for a time at which nobody can have written on WhatsApp.

    A sample's "1" would otherwise end the customer service window before it began.
    """
    told = fields.moment(message, "timestamp")
    return told if told and FIRST_YEAR <= told.year < LAST_YEAR else None


def _media(content: Content) -> MediaRef | None:
    """The file to fetch, also the new one of an edited message; None without an id."""
    inside = content.content if isinstance(content, Edit) else content
    return inside if isinstance(inside, MediaRef) and inside.media_id else None


def _quoted(message: Json, content: Content) -> Quoted | None:
    context = fields.child(message, "context")
    if not context and isinstance(content, Edit):
        context = fields.child(fields.child(fields.child(message, "edit"), "message"), "context")
    if not context:
        return None
    item = fields.child(context, "referred_product")
    product = Product(
        catalog_id=fields.text(item, "catalog_id"),
        product_id=fields.text(item, "product_retailer_id"),
    )
    found = Quoted(
        wamid=fields.text(context, "id"),
        author=fields.text(context, "from"),
        product=product if item else None,
    )
    return found if found.wamid or found.product else None


def _forwarded(message: Json) -> Literal["", "forwarded", "often"]:
    context = fields.child(message, "context")
    if context.get("frequently_forwarded") is True:
        return "often"
    return "forwarded" if context.get("forwarded") is True else ""


def _referral(message: Json) -> Referral | None:
    told = fields.child(message, "referral")
    if not told:
        return None
    return Referral(
        source_type=fields.text(told, "source_type"),
        source_id=fields.text(told, "source_id"),
        source_url=fields.text(told, "source_url"),
        headline=fields.text(told, "headline"),
        body=fields.text(told, "body"),
        media_type=fields.text(told, "media_type"),
        media_url=fields.text(told, "image_url", "video_url", "thumbnail_url"),
        click_id=fields.text(told, "ctwa_clid"),
        welcome_text=fields.text(fields.child(told, "welcome_message"), "text"),
    )


def _status(payload: Json, value: Json, status: Json) -> DeliveryStatus:
    return DeliveryStatus(
        wamid=fields.text(status, "id"),
        status=fields.text(status, "status").lower() or "unknown",
        phone_number_id=fields.text(fields.child(value, "metadata"), "phone_number_id"),
        waba_id=fields.text(payload, "waba_id"),
        at=fields.moment(status, "timestamp"),
        callback_data=fields.text_or_none(status, "biz_opaque_callback_data"),
        errors=errors_of(status),
        pricing=fields.child(status, "pricing") or None,
        recipient=_recipient(status),
        type=fields.text(status, "type") or "message",
        raw=status,
    )


def _recipient(status: Json) -> Identifiers:
    """Whom our message was for. The parent id has two names in the wild: both are read."""
    if fields.text(status, "recipient_type") == "group":
        return Identifiers(group_id=fields.text_or_none(status, "recipient_id"))
    return identify(
        fields.text(status, "recipient_user_id"),
        fields.text(status, "parent_recipient_user_id", "recipient_parent_user_id"),
        fields.text(status, "recipient_id"),
    )
