"""History, delivery statuses and voice notes in DynamoDB, one item a message."""

import json
from collections.abc import Callable
from typing import Any

from chalicelib import voice_note
from chalicelib.conversation import MessageRecord
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import MessageItem
from chalicelib.gateways.updates import Update
from chalicelib.ports import StatusUpdate, StoredNote
from chalicelib.voice_note import State, VoiceNote

FORWARD = "attribute_not_exists(#status_rank) OR #status_rank < :rank"
SHOWN = (State.TRANSCRIBED, State.STRUCTURED, State.FAILED)


def history_update(line: MessageRecord, expires: int, message_id: str = "") -> Update:
    """The record step's part: it leaves alone what a status or a voice note put there."""
    values: dict[str, Any] = {
        "conversation": line.conversation,
        "customer": line.customer,
        "direction": line.direction,
        "kind": line.kind,
        "text": line.text,
        "sent_at": line.sent_at,
        "fate": line.fate,
        "contact": line.contact,
        "expires": expires,
    }
    optional = {"media_key": line.media_key, "code": line.code, "message_id": message_id}
    values |= {name: value for name, value in optional.items() if value}
    return Update(model=MessageItem, key=line.id, set=values)


class MessageTable:
    """`expires` gives the TTL (epoch seconds) for items written now."""

    def __init__(self, db: DynamoDb, *, expires: Callable[[], int]) -> None:
        self._db = db
        self._expires = expires

    def fate(self, message: str) -> str:
        item = self._db.get(MessageItem, message)
        return (item.fate or "") if item else ""

    def status_of(self, record: str) -> tuple[str, int]:
        item = self._db.get(MessageItem, record)
        return (item.status, int(item.attempt or 0)) if item and item.status else ("", 0)

    def save_status(self, update: StatusUpdate) -> bool:
        values = {
            "status": update.status,
            "status_rank": update.rank,
            "status_at": update.at,
            "attempt": update.attempt,
            "expires": self._expires(),
        }
        optional = {"error": update.error, "pricing": update.pricing}
        values |= {name: value for name, value in optional.items() if value}
        saved, _ = self._db.update(
            Update(
                model=MessageItem,
                key=update.record,
                set=values,
                condition=FORWARD,
                values={"rank": ("status_rank", update.rank)},
            )
        )
        return saved

    def record_of(self, message_id: str) -> str:
        """The outbound part that the provider knows under `message_id`, "" when none."""
        found = self._db.find(MessageItem, "by_message_id", "message_id", message_id)
        return found[0] if found else ""

    def load_voice_note(self, wamid: str) -> StoredNote | None:
        item = self._db.get(MessageItem, wamid)
        if item is None or not item.voice_note:
            return None
        return StoredNote(
            note=_with_fate(voice_note.from_plain(json.loads(item.voice_note)), item.fate or ""),
            conversation=item.conversation or "",
            customer=item.customer or "",
            origination_id=item.origination_id or "",
            languages=tuple(item.languages or ()),
            working_since=int(item.working_since or 0),
            handed_over=bool(item.handed_over),
            tries=int(item.tries or 0),
        )

    def save_voice_note(self, stored: StoredNote) -> None:
        values = {
            "voice_note": json.dumps(voice_note.to_plain(stored.note)),
            "conversation": stored.conversation,
            "customer": stored.customer,
            "origination_id": stored.origination_id or None,
            "languages": list(stored.languages),
            "working_since": stored.working_since,
            "handed_over": int(stored.handed_over),
            "tries": stored.tries,
            "expires": self._expires(),
        }
        self._db.update(Update(model=MessageItem, key=stored.note.wamid, set=values))


def _with_fate(note: VoiceNote, fate: str) -> VoiceNote:
    """The record step knows whether the agent has the card; the note is written before it."""
    return note.delivered() if fate == "delivered" and note.state in SHOWN else note
