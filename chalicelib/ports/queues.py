"""Our own queues, the dead letters among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chalicelib.conversation import Member

if TYPE_CHECKING:
    from chalicelib.routing import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A dead letter: why, and everything needed to send the messages again."""

    reason: str
    conversation: str
    members: Sequence[Member]
    bodies: Mapping[str, str]


class Outbox(Protocol):
    """Puts work into our own queues."""

    def send(self, entries: "Sequence[Entry]") -> None:
        """Queue every entry, or raise; repeating the call is harmless."""
        ...


class Queues(Protocol):
    """The queues we write to."""

    def park(self, parked: Parked) -> None:
        """Put a message into the dead-letter queue, where an operator sees it."""
        ...

    def hand_over(
        self, conversation: str, wamid: str, kind: str = "voice_note", run: int = 1
    ) -> None:
        """Give a slow "voice_note" or "file" to its own queue; twice the same is dropped there.

        "voice_note_words": one that may take an hour; only the like of it waits behind it.
        `run`: the how manieth time it is understood; a later one is not the same.
        """
        ...
