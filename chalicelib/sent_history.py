"""What the history keeps of a message that went out. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.connect_events import ChatEvent
from chalicelib.contact import ContactItem, record_key
from chalicelib.conversation import MessageRecord
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.referred import sent_words
from chalicelib.whatsapp.words_in import words_in

SENT = "sent"


def words_of(event: ChatEvent) -> str:
    """What somebody at the desk said, for a sentence about it: words, a template's, file names."""
    if event.attachments:
        return ", ".join(file.name for file in event.attachments)
    try:
        return words_in(fields.decode(event.content))
    except ValueError:
        return event.content


def unsent(event: ChatEvent, bodies: Sequence[dict[str, Any]], part: int) -> tuple[str, bool]:
    """The words that did not go out when the parts before `part` did, and whether any did."""
    if 0 < part < len(bodies):
        return sent_words(json.dumps(bodies[part])), True
    return words_of(event), False


def sent_history(
    item: ContactItem,
    event: ChatEvent,
    fate: str,
    bodies: Sequence[dict[str, Any]],
    *,
    sent: int,
    code: str = "",
) -> list[MessageRecord]:
    """One history line a part that was sent, with what was sent; the text stands with the first.

    `fate`, where it is another one than SENT, is that of the rest, which has one line.
    """
    fates = [(SENT, "")] * sent + ([(fate, code)] if fate != SENT else [])
    written = [json.dumps(body, ensure_ascii=False) for body in bodies[:sent]]
    return [
        MessageRecord(
            id=record_key(event.id, index),
            conversation=item.conversation,
            customer=item.customer,
            direction="out",
            kind=event.kind,
            text=event.content if index == 0 else "",
            sent_at=int(event.at.timestamp()),
            fate=what,
            contact=item.chat.contact,
            code=why,
            body=written[index] if index < len(written) else "",
            role=event.participant_role,
        )
        for index, (what, why) in enumerate(fates)
    ]
