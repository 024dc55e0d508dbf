"""End User Messaging's event envelope (reference section 1.1), as pure functions."""

import json
from datetime import UTC, datetime
from typing import Any

from sandbox.whatsapp.account import BusinessNumber, WhatsAppAccount


def entry(account: WhatsAppAccount, field: str, value: dict[str, Any]) -> dict[str, Any]:
    """One Meta entry with one change."""
    return {"id": account.waba_id, "changes": [{"value": value, "field": field}]}


def message_value(number: BusinessNumber, **parts: Any) -> dict[str, Any]:
    """The value of a `messages` change: `contacts`, `messages`, `statuses`; None is left out."""
    metadata = {"display_phone_number": number.number, "phone_number_id": number.meta_id}
    kept = {name: part for name, part in parts.items() if part is not None}
    return {"messaging_product": "whatsapp", "metadata": metadata, **kept}


def envelope(
    account: WhatsAppAccount, meta_entry: dict[str, Any], *, at: datetime, message_id: str
) -> str:
    """The SNS `Message` string; the entry is encoded a second time inside it."""
    numbers = [
        {"metaPhoneNumberId": one.meta_id, "arn": account.number_arn(one)}
        for one in account.numbers
    ]
    body = {
        "context": {
            "MetaWabaIds": [{"wabaId": account.waba_id, "arn": account.arn}],
            "MetaPhoneNumberIds": numbers,
        },
        "whatsAppWebhookEntry": json.dumps(meta_entry, ensure_ascii=False),
        "aws_account_id": account.account_id,
        "message_timestamp": nine_digits(at),
        "messageId": message_id,
    }
    return json.dumps(body, ensure_ascii=False)


def nine_digits(moment: datetime) -> str:
    """ISO time with nine fractional digits and Z, as EUM writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
