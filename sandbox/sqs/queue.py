"""One queue: who may receive what, when, and what becomes of it. Time is passed in.

FIFO: while a message of a group is in flight, nothing of that group is given out; what becomes
visible again comes first, in its old place. Standard queues give messages out by age here; their
disorder and repeats are made by the topics in front of them.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sandbox.sqs import limits
from sandbox.sqs.message import Message, read_handle, receipt_handle
from sandbox.sqs.settings import QueueSettings
from sandbox.wire import AwsError

DeadLetter = Callable[["Queue", Message, datetime], bool]


class Queue:
    """A queue and its messages, oldest arrival first."""

    def __init__(self, name: str, arn: str, settings: QueueSettings, created_at: datetime) -> None:
        self.name = name
        self.arn = arn
        self.settings = settings
        self.created_at = created_at
        self.purged_at: datetime | None = None
        self.dead_letter: DeadLetter | None = None
        self.messages: dict[str, Message] = {}
        self._hidden: dict[str, Message] = {}
        self._dedup: dict[tuple[str | None, str], tuple[datetime, Message]] = {}
        self._sequence = itertools.count(18_850_000_000_000_000_000, 256)
        self._oldest: datetime | None = None

    @property
    def fifo(self) -> bool:
        return self.settings.fifo

    def duplicate_of(self, message: Message, now: datetime) -> Message | None:
        """The message this one repeats, deleted or not, when it was sent within 5 minutes."""
        key = self._dedup_key(message)
        first_sent, first = self._dedup.get(key, (None, None)) if key else (None, None)
        window = timedelta(seconds=limits.DEDUPLICATION_S)
        return first if first_sent is not None and now < first_sent + window else None

    def put(self, message: Message, now: datetime) -> Message:
        """Take a message, unless it is a repeat; returns the one that counts."""
        earlier = self.duplicate_of(message, now)
        if earlier is not None:
            return earlier
        key = self._dedup_key(message)
        if key:
            self._dedup[key] = (now, message)
        return self.append(message, now)

    def append(self, message: Message, now: datetime) -> Message:
        """Put a message at the end without asking whether it is a repeat."""
        if self.fifo:
            message.sequence = str(next(self._sequence))
        self.messages[message.message_id] = message
        self._oldest = min(self._oldest or message.sent_at, message.sent_at)
        if message.visible_at > now:
            self._hidden[message.message_id] = message
        return message

    def receive(
        self, now: datetime, count: int, visibility: int | None = None, max_bytes: int | None = None
    ) -> list[Message]:
        """Give out up to `count` messages and hide them for `visibility` seconds."""
        self._expire(now)
        hide = self.settings.number("VisibilityTimeout") if visibility is None else visibility
        until, room, taken = now + timedelta(seconds=hide), max_bytes, list[Message]()
        for message in self._candidates(now):
            if room is not None and taken and message.size() > room:
                break
            if self._moved_to_dead_letters(message, now):
                continue
            self._hand_out(message, now, until)
            taken.append(message)
            room = None if room is None else room - message.size()
            if len(taken) == count:
                break
        return taken

    def delete(self, handle: str, now: datetime) -> None:
        """Delete by receipt handle; deleting twice is no error. Raises AwsError.

        A FIFO message whose visibility ran out cannot be deleted; on a standard queue only the
        newest handle deletes, older ones are accepted without effect.
        """
        message, receipt = self._held(handle)
        if message is None:
            return
        current = message.receipt == receipt
        if self.fifo and (not current or message.visible_at <= now):
            raise _bad_handle("InvalidParameterValue", handle, "The receipt handle has expired.")
        if current:
            self._drop(message)

    def change_visibility(self, handle: str, seconds: int, now: datetime) -> None:
        """Hide a message in flight for `seconds` from now. Raises AwsError."""
        message, receipt = self._held(handle)
        if message is None or message.receipt != receipt or message.visible_at <= now:
            raise AwsError("MessageNotInflight", "The message is not in flight.")
        until = now + timedelta(seconds=seconds)
        received = message.received_at or now
        if until - received > timedelta(seconds=limits.VISIBILITY_S):
            raise AwsError(
                "InvalidParameterValue",
                f"Total VisibilityTimeout for the message is beyond the limit "
                f"[{limits.VISIBILITY_S} seconds]",
            )
        message.visible_at = until

    def handle_of(self, message: Message) -> str:
        """The receipt handle of the newest receive of a message."""
        return receipt_handle(self.name, message)

    def purge(self) -> None:
        """Throw every message away; the memory of repeats stays."""
        self.messages.clear()
        self._hidden.clear()

    def counts(self, now: datetime) -> tuple[int, int, int]:
        """How many messages are visible, in flight, delayed."""
        self._expire(now)
        hidden = list(self._still_hidden(now))
        delayed = sum(1 for message in hidden if not message.receipt)
        return len(self.messages) - len(hidden), len(hidden) - delayed, delayed

    def next_visible_at(self, now: datetime) -> datetime | None:
        """When the next hidden message comes into view."""
        return min((message.visible_at for message in self._still_hidden(now)), default=None)

    def has_receivable(self, now: datetime) -> bool:
        """Whether a receive would give something out."""
        self._expire(now)
        return next(self._candidates(now), None) is not None

    def _candidates(self, now: datetime) -> Iterator[Message]:
        hidden = self._still_hidden(now)
        held = {message.message_id for message in hidden}
        locked = {message.group for message in hidden} if self.fifo else set()
        for message in list(self.messages.values()):
            if message.message_id not in held and message.group not in locked:
                yield message

    def _still_hidden(self, now: datetime) -> list[Message]:
        for message in [m for m in self._hidden.values() if m.visible_at <= now]:
            del self._hidden[message.message_id]
        return list(self._hidden.values())

    def _hand_out(self, message: Message, now: datetime, until: datetime) -> None:
        message.receive_count += 1
        message.receipt += 1
        message.received_at = now
        message.first_received_at = message.first_received_at or now
        message.visible_at = until
        self._hidden[message.message_id] = message

    def _moved_to_dead_letters(self, message: Message, now: datetime) -> bool:
        redrive = self.settings.redrive
        if redrive is None or message.receive_count < redrive.max_receives:
            return False
        if self.dead_letter is None or not self.dead_letter(self, message, now):
            return False
        self._drop(message)
        return True

    def _held(self, handle: str) -> tuple[Message | None, int]:
        read = read_handle(handle)
        if read is None or read[0] != self.name:
            raise _bad_handle("ReceiptHandleIsInvalid", handle, "It is not one of this queue.")
        return self.messages.get(read[1]), read[2]

    def _drop(self, message: Message) -> None:
        self.messages.pop(message.message_id, None)
        self._hidden.pop(message.message_id, None)

    def _expire(self, now: datetime) -> None:
        """Retention: what is older than the period is gone, received or not."""
        keep = timedelta(seconds=self.settings.number("MessageRetentionPeriod"))
        if self._oldest is None or self._oldest + keep > now:
            return
        for message in [m for m in self.messages.values() if m.sent_at + keep <= now]:
            self._drop(message)
        self._oldest = min((m.sent_at for m in self.messages.values()), default=None)

    def _dedup_key(self, message: Message) -> tuple[str | None, str] | None:
        if message.dedup_id is None:
            return None
        return (message.group if self.settings.per_group_dedup else None, message.dedup_id)


def _bad_handle(code: str, handle: str, reason: str) -> AwsError:
    return AwsError(code, f"The receipt handle {handle[:16]}... is not valid. Reason: {reason}")
