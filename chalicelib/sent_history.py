"""What the history keeps of a message that went out. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.connect_events import ChatEvent
from chalicelib.contact import ContactItem, record_key
from chalicelib.conversation import MessageRecord
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.words_in import words_in


def words_of(event: ChatEvent) -> str:
    """What somebody at the desk said, for a sentence about it: words, a template's, file names."""
    if event.attachments:
        return ", ".join(file.name for file in event.attachments)
    try:
        return words_in(fields.decode(event.content))
    except ValueError:
        return event.content


def sent_history(
    item: ContactItem, event: ChatEvent, fate: str, bodies: Sequence[dict[str, Any]], code: str
) -> list[MessageRecord]:
    """One history line a part; the text stands with the first, what was sent with each."""
    return [
        MessageRecord(
            id=record_key(event.id, index),
            conversation=item.conversation,
            customer=item.customer,
            direction="out",
            kind=event.kind,
            text=event.content if index == 0 else "",
            sent_at=int(event.at.timestamp()),
            fate=fate,
            contact=item.chat.contact,
            code=code,
            body=json.dumps(body, ensure_ascii=False) if body else "",
            role=event.participant_role,
        )
        for index, body in enumerate(bodies or [{}])
    ]
