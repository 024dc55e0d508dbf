"""Conversations and their aliases, as the use cases need them kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.conversation import Conversation, MessageRecord, Pending, Reply


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim succeeded; the item as it is now, our pending included."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Refused:
    """The claim was refused; what stands there: a conversation, a pointer to one, or nothing."""

    conversation: Conversation | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Existing:
    """Not created: the conversation `key` of this customer is there already."""

    key: str
    customer: str


@dataclass(frozen=True, slots=True)
class Erased:
    """Not created: the customer asked to be forgotten; `before`: up to then, epoch seconds."""

    before: int


class Conversations(Protocol):
    """Conversations and their aliases (protocol sections 3 and 4)."""

    def claim(self, key: str, pending: Pending) -> Claimed | Refused:
        """Set `pending` unless another is there, or a member is done or from before an erase.

        Returns the item.
        """
        ...

    def create(self, new: Conversation) -> Existing | Erased | None:
        """Create the conversation and a pointer for each of its aliases, or nothing.

        Returns why not: there is one already, or one of its keys was erased later than
        `new.erased_before` says.
        """
        ...

    def point(self, alias: str, key: str, customer: str) -> None:
        """Make `alias` a pointer to the conversation `key`, unless it is taken."""
        ...

    def move(self, alias: str, key: str, customer: str) -> None:
        """As `point`, also when it points elsewhere; a conversation of its own stays one."""
        ...

    def readdress(self, conversation: Conversation, reply: Reply) -> None:
        """Answers of this conversation and of its chat go to `reply` from now on."""
        ...

    def load(self, key: str) -> Conversation | None: ...

    def take_over(self, key: str, found: Pending, mine: Pending) -> bool:
        """Replace the pending `found` by `mine`; False when somebody else was faster."""
        ...

    def release(self, key: str, pending: Pending) -> None:
        """Give the claim back after a refusal: free to take over, the attempt not counted."""
        ...

    def drop_claim(self, key: str, pending: Pending) -> None:
        """Remove a claim whose members turned out to be done."""
        ...

    def opened_again(self, key: str, pending: Pending, opened: int) -> None:
        """Count one more opening, so that the next StartChatContact has a new token.

        Stores `pending.repeat` as well: the chat before may have shown the bundle.
        """
        ...

    def record(
        self,
        before: Conversation,
        pending: Pending,
        after: Conversation,
        history: Sequence[MessageRecord],
    ) -> bool:
        """End the claim: ring, chat, last item and history in one transaction.

        Returns False when the claim is no longer ours (somebody took it over).
        """
        ...

    def end(self, key: str, contact: str, at: int) -> None:
        """Mark the chat `contact` as ended, if it is still the conversation's chat (law 3)."""
        ...
