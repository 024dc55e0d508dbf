"""Chat streaming's wire form: one SNS message per item (flow language reference, section 4.2)."""

import json
from typing import Any

from sandbox.amazon_connect.records import Attachment, Chat, Item, Receipt, iso


def record(chat: Chat, item: Item) -> dict[str, Any]:
    """The JSON object in the SNS `Message`. Events of the chat itself name no participant."""
    body = {
        "AbsoluteTime": iso(item.at),
        "Content": item.content,
        "ContentType": item.content_type,
        "Id": item.id,
        "Type": item.type,
        **_sender(item),
        "InitialContactId": chat.id,
        "ContactId": item.contact_id,
        "Attachments": [attachment(one) for one in item.attachments] or None,
        "MessageMetadata": metadata(item),
    }
    return {key: value for key, value in body.items() if value is not None}


def _sender(item: Item) -> dict[str, str]:
    if item.participant is None:
        return {}
    return {
        "ParticipantId": item.participant.id,
        "DisplayName": item.participant.display_name,
        "ParticipantRole": item.participant.role,
    }


def attachment(one: Attachment) -> dict[str, str]:
    """An attachment as records and transcripts describe it (model, AttachmentItem)."""
    return {
        "AttachmentId": one.id,
        "AttachmentName": one.name,
        "ContentType": one.content_type,
        "Status": one.status,
    }


def metadata(item: Item) -> dict[str, Any] | None:
    """Receipts of a message, or None when there are none (model, MessageMetadata)."""
    receipts = [_receipt(who, one) for who, one in item.receipts.items()]
    return {"MessageId": item.about or item.id, "Receipts": receipts} if receipts else None


def _receipt(participant_id: str, receipt: Receipt) -> dict[str, str]:
    times = {
        "DeliveredTimestamp": receipt.delivered_at and iso(receipt.delivered_at),
        "ReadTimestamp": receipt.read_at and iso(receipt.read_at),
    }
    kept = {key: value for key, value in times.items() if value}
    return {**kept, "RecipientParticipantId": participant_id}


def message(chat: Chat, item: Item) -> str:
    """The SNS `Message` string."""
    return json.dumps(record(chat, item), ensure_ascii=False)


def attributes(chat: Chat, item: Item, *, instance_id: str, account_id: str) -> dict[str, str]:
    """The SNS message attributes, all of type String; filter policies match on them."""
    values = {
        "InitialContactId": chat.id,
        "ContactId": item.contact_id,
        "ParticipantRole": item.role or "",
        "InstanceId": instance_id,
        "AccountId": account_id,
        "Type": item.type,
        "ContentType": item.content_type,
        "MessageVisibility": item.visibility,
    }
    return {key: value for key, value in values.items() if value}
