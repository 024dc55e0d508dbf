"""History, delivery statuses and voice notes in DynamoDB, one item a message."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from chalicelib import voice_note
from chalicelib.conversation import MessageRecord
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.items import MessageItem
from chalicelib.gateways.updates import Update
from chalicelib.ports.messages import Earlier, SavedStatus, StatusUpdate, StoredFile, StoredNote
from chalicelib.voice_note import State, VoiceNote
from chalicelib.whatsapp import statuses

# `statuses.supersedes`, as conditions on the item: for a status that says that the customer has the
# message, and for any other.
ARRIVED = "attribute_not_exists(#status_rank) OR #status_rank < :rank"
ON_ITS_WAY = (
    "attribute_not_exists(#status_rank)"
    " OR (#status_rank < :rank AND #attempt = :attempt)"
    " OR (#status_rank < :arrived AND #attempt < :attempt)"
)
FILE_FIELDS = tuple(field.name for field in fields(StoredFile))
SHOWN = (State.TRANSCRIBED, State.STRUCTURED, State.FAILED)


def history_update(line: MessageRecord, expires: int, message_id: str = "") -> Update:
    """The record step's part: it leaves alone what a status or a voice note put there."""
    values: dict[str, Any] = {
        "conversation": line.conversation,
        "customer": line.customer or None,
        "direction": line.direction,
        "kind": line.kind,
        "text": line.text,
        "sent_at": line.sent_at,
        "fate": line.fate,
        "contact": line.contact,
        "expires": expires,
    }
    optional = {
        "media_key": line.media_key,
        "code": line.code,
        "message_id": message_id,
        "body": line.body,
        "role": line.role,
        "raw": line.raw,
    }
    values |= {name: value for name, value in optional.items() if value}
    return Update(model=MessageItem, key=line.id, set=values)


def status_update(update: StatusUpdate, expires: int) -> Update:
    """A status onto its message item; refused when it supersedes nothing."""
    values: dict[str, Any] = {
        "status": update.status,
        "status_rank": update.rank,
        "status_at": update.at,
        "attempt": update.attempt,
        "called_back": int(update.called_back),
        "error": update.error or None,
        "expires": expires,
    }
    # Statuses name the wamid, which the send did not: quotes and reactions name it, too.
    optional = {"pricing": update.pricing, "message_id": update.wamid}
    values |= {name: value for name, value in optional.items() if value}
    known: dict[str, tuple[str, Any]] = {"rank": ("status_rank", update.rank)}
    condition = ARRIVED
    if update.status not in statuses.REACHED:
        condition = ON_ITS_WAY
        known["attempt"] = ("attempt", update.attempt)
        known["arrived"] = ("status_rank", statuses.rank("delivered"))
    return Update(
        model=MessageItem, key=update.record, set=values, condition=condition, values=known
    )


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

    def save_status(self, update: StatusUpdate) -> SavedStatus:
        saved, item = self._db.update(status_update(update, self._expires()), returns="ALL_NEW")
        if item is None:
            return SavedStatus(saved)
        return SavedStatus(saved, item.role or "", item.contact or "", int(item.sends or 1))

    def sent_again(self, record: str, attempt: int) -> bool:
        marked, _ = self._db.update(
            Update(
                model=MessageItem,
                key=record,
                set={"sends": attempt, "expires": self._expires()},
                condition="attribute_not_exists(#status)",
            )
        )
        return marked

    def sends(self, record: str) -> int:
        item = self._db.get(MessageItem, record)
        return int(item.sends or 1) if item is not None else 1

    def contact_of(self, record: str) -> str:
        item = self._db.get(MessageItem, record)
        return (item.contact or "") if item is not None else ""

    def sent_body(self, record: str) -> str:
        item = self._db.get(MessageItem, record)
        return (item.body or "") if item is not None else ""

    def claim_resend(self, record: str, attempt: int) -> bool:
        claimed, _ = self._db.update(
            Update(
                model=MessageItem,
                key=record,
                set={"resent": attempt},
                condition=(
                    "attribute_exists(#customer)"  # not erased meanwhile
                    " AND (attribute_not_exists(#resent) OR #resent < :attempt)"
                ),
                values={"attempt": ("resent", attempt)},
            )
        )
        return claimed

    def free_resend(self, record: str, attempt: int) -> None:
        self._db.update(
            Update(
                model=MessageItem,
                key=record,
                set={"resent": attempt - 1},
                condition="attribute_exists(#customer)",
            )
        )

    def forget(self, record: str) -> None:
        self._db.update(Update(model=MessageItem, key=record, does="Delete"))

    def record_of(self, message_id: str) -> str:
        """The outbound part that the provider knows under `message_id`, "" when none."""
        found = self._db.find(MessageItem, "by_message_id", "message_id", message_id)
        return found[0] if found else ""

    def earlier(self, wamid: str) -> Earlier | None:
        """The message with this wamid: a customer's own, or one of ours that a status named."""
        item = self._db.get(MessageItem, wamid)
        if item is None or not item.kind:
            record = self.record_of(wamid)
            item = self._db.get(MessageItem, record) if record else None
        if item is None or not item.kind:
            return None
        return Earlier(item.kind, item.text or "", item.body or "", item.role or "")

    def first_time(self, key: str, conversation: str, customer: str) -> bool:
        values = {
            "conversation": conversation,
            "customer": customer,
            "sent_at": 0,
            "expires": self._expires(),
        }
        first, _ = self._db.update(
            Update(
                model=MessageItem,
                key=key,
                set=values,
                condition="attribute_not_exists(#expires)",
            )
        )
        return first

    def load_file(self, wamid: str) -> StoredFile | None:
        item = self._db.get(MessageItem, wamid)
        if item is None or not item.file:
            return None
        plain = json.loads(item.file)  # a later version may have written more
        return StoredFile(**{name: plain[name] for name in FILE_FIELDS if name in plain})

    def save_file(self, file: StoredFile) -> None:
        values = {
            "file": json.dumps(asdict(file)),
            "conversation": file.conversation,
            "customer": file.customer,
            "sent_at": file.sent_at,
            "expires": self._expires(),
        }
        self._db.update(Update(model=MessageItem, key=file.wamid, set=values, keep=["sent_at"]))

    def load_voice_note(self, wamid: str) -> StoredNote | None:
        item = self._db.get(MessageItem, wamid)
        if item is None or not item.voice_note:
            return None
        return StoredNote(
            # A note that was handed over is on record with its placeholder: the card is still owed.
            note=_with_fate(
                voice_note.from_plain(json.loads(item.voice_note)),
                "" if item.handed_over else item.fate or "",
            ),
            sent_at=int(item.sent_at or 0),
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
            "sent_at": stored.sent_at,
            "expires": self._expires(),
        }
        self._db.update(
            Update(model=MessageItem, key=stored.note.wamid, set=values, keep=["sent_at"])
        )


def _with_fate(note: VoiceNote, fate: str) -> VoiceNote:
    """The record step knows whether the agent has the card; the note is written before it."""
    return note.delivered() if fate == "delivered" and note.state in SHOWN else note
