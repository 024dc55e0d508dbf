"""What the entry point of late voice notes and files does with its queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib import log, redrive, routing
from chalicelib.batches import Record
from chalicelib.bundles import Owed
from chalicelib.conversation import MAX_ATTEMPTS
from chalicelib.errors import OutageOutlasted, PuenteError, UnreadableEvent
from chalicelib.outbound_entries import kept, may_pass
from chalicelib.whatsapp import fields

Remaining = Callable[[], float]


class Late(Protocol):
    """Something that was promised to the agent."""

    def deliver(self, late: Owed, remaining_s: Remaining) -> None:
        """Show it. Raises a retryable ServiceError to be asked again later."""
        ...

    def give_up(self, late: Owed, remaining_s: Remaining) -> None:
        """Tell the agent that it does not come by itself."""
        ...


@dataclass(frozen=True, slots=True)
class LateWork:
    """Voice notes that take long or very long, and files that could not be had at once."""

    cards: Late
    words: Late
    files: Late
    park: Callable[[str, str, str], None]

    def __call__(self, group: list[Record], left: Remaining) -> list[Record]:
        failed: list[Record] = []
        for record in group:
            if failed or not self._done(record, left):
                failed.append(record)
        return failed

    def _done(self, record: Record, left: Remaining) -> bool:
        try:
            late, owed = self._opened(record)
        except UnreadableEvent as problem:
            log.failure("a late voice note or file is unreadable and is parked", problem)
            return kept(self.park, str(problem), record)
        except Exception as problem:  # noqa: BLE001  (entry point: keep the entry, go on)
            log.failure("a late voice note or file broke the parser and is parked", problem)
            return kept(self.park, type(problem).__name__, record)
        try:
            late.deliver(owed, left)
        except OutageOutlasted as problem:
            log.failure("a voice note was tried in vain for long and is parked", problem)
            return kept(self.park, str(problem), record)
        except PuenteError as problem:
            if not problem.retryable:
                return self._broke(late, owed, record, left, problem)
            log.failure("a late voice note or file waits for its next try", problem)
            return False
        except Exception as problem:  # noqa: BLE001  (entry point: its third time parks it)
            return self._broke(late, owed, record, left, problem)
        return True

    def _opened(self, record: Record) -> tuple[Late, Owed]:
        kind, payload = routing.read(record.body)
        wamid = fields.text(payload, "wamid")
        if not wamid:
            raise UnreadableEvent("a late entry names no message", code=kind)
        owed = Owed(wamid, record.message_id, fields.integer(payload, redrive.AGAIN))
        kinds = {redrive.FILE: self.files, redrive.WORDS: self.words}
        return kinds.get(kind, self.cards), owed

    def _broke(
        self, late: Late, owed: Owed, record: Record, left: Remaining, problem: Exception
    ) -> bool:
        """The agent hears of it before it is parked: a crash between the two tells it again."""
        log.failure("a late voice note or file broke its worker", problem)
        if record.received < MAX_ATTEMPTS:
            return False
        try:
            late.give_up(owed, left)
        except Exception as another:  # noqa: BLE001  (entry point: what is broken may break this)
            log.failure("the agent could not be told of it", another)
            if may_pass(another):
                return False
        return kept(self.park, type(problem).__name__, record)
