"""Forgetting a customer (protocol 4.8): detach, delete, look again, leave a hashed tombstone.

The command waits in the customer's own group, so it comes after what they wrote before it. One
transaction takes the conversation away and puts the tombstone in its place; from then on nothing of
before is shown again, and what the customer writes anew finds a clean start. The rest is found by
the customer's id and deleted, at once and once more after a quarter of an hour, when whoever had
something in hand has written it. The second look is queued before anything is deleted: a crash at
any call leaves at most that wait.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from chalicelib import erasure
from chalicelib.conversation import Conversation
from chalicelib.erasure import DeadLetter, EraseCommand, Traces
from chalicelib.errors import Rejected, Throttled
from chalicelib.inbound_files import media_prefix
from chalicelib.log import count
from chalicelib.ports.chat import Chat
from chalicelib.ports.conversations import Conversations
from chalicelib.ports.queues import Outbox
from chalicelib.to_agent import ToAgent


class Personal(Protocol):
    """What the tables hold of a customer."""

    def detach(self, keys: Sequence[str], conversation: Conversation | None, before: int) -> bool:
        """Replace the conversation by a tombstone under every key; False when it has changed."""
        ...

    def before(self, key: str) -> int:
        """Up to when the customer of this key is forgotten, 0 when nobody asked."""
        ...

    def contacts(self, customer: str) -> list[str]:
        """The chats of a customer, by InitialContactId."""
        ...

    def forget(self, customer: str) -> None:
        """Delete every item that carries this customer's id."""
        ...


class StoredFiles(Protocol):
    """The media bucket."""

    def forget(self, prefix: str) -> None:
        """Delete every version of every object below `prefix`."""
        ...


class DeadLetters(Protocol):
    """What was parked, by us or by SQS."""

    def forget(self, theirs: Callable[[DeadLetter], bool]) -> None:
        """Delete the letters of which this is true."""
        ...


class Erase:
    """Runs erase commands. `files`: the bucket and its copies."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        personal: Personal,
        to_agent: ToAgent,
        chat: Chat,
        files: Sequence[StoredFiles],
        letters: DeadLetters,
        outbox: Outbox,
        clock: Callable[[], int],
    ) -> None:
        self._conversations = conversations
        self._personal = personal
        self._to_agent = to_agent
        self._chat = chat
        self._files = files
        self._letters = letters
        self._outbox = outbox
        self._clock = clock

    def handle(self, body: str, queued_at: int, remaining_s: Callable[[], float]) -> bool:
        """Run the command in an entry of the inbound queue; False when it is none.

        `queued_at`: when SQS took the entry, epoch seconds: what came later is no part of the wish,
        however far the operator's clock is ahead. Raises a retryable ServiceError when it must
        come again.
        """
        if not erasure.is_command(body):
            return False
        command = erasure.read(body)
        if isinstance(command, Traces):
            self._sweep(command)
        else:
            at = min(command.at, queued_at or command.at)
            self._erase(replace(command, at=at), remaining_s)
        return True

    def _erase(self, command: EraseCommand, remaining_s: Callable[[], float]) -> None:
        found = self._found(command, remaining_s)
        traces = self._traces(command, found)
        self._outbox.send([erasure.sweep_entry(traces)])
        if not self._personal.detach(traces.keys, found, command.at):
            raise Throttled("a message of this customer came between", service="erase")
        self._delete(traces)
        count("CustomersErased")

    def _found(
        self, command: EraseCommand, remaining_s: Callable[[], float]
    ) -> Conversation | None:
        """The conversation to forget, with no open claim; None when there is none (any more)."""
        found = self._conversations.load(command.key)
        if found is None or found.erased_before >= command.at:
            return None
        if found.pending is not None:
            # A chat that nobody recorded cannot be stopped, and a message from after the wish
            # must not be lost: whatever was begun is finished first.
            self._to_agent.finish(found, remaining_s)
            found = self._conversations.load(command.key)
        return found

    def _traces(self, command: EraseCommand, found: Conversation | None) -> Traces:
        keys = (command.key, found.key, *found.aliases) if found else (command.key,)
        return Traces(
            keys=tuple(dict.fromkeys(keys)),
            customers=(found.customer,) if found else (),
            contacts=(found.chat.contact,) if found and found.chat and found.live else (),
            numbers=command.numbers,
            before=command.at,
            due=self._clock() + erasure.SWEEP_AFTER_SECONDS,
        )

    def _sweep(self, traces: Traces) -> None:
        if self._clock() < traces.due:
            raise Throttled("waiting before the second look", service="erase")
        if self._personal.before(traces.keys[0]) < traces.before:
            raise Throttled("the erase itself has not run yet", service="erase")
        self._delete(traces)

    def _delete(self, traces: Traces) -> None:
        """Items go last: by them a repeat finds the rest."""
        for contact in traces.contacts:
            self._stop(contact)
        chats = [
            each for customer in traces.customers for each in self._personal.contacts(customer)
        ]
        self._letters.forget(
            lambda letter: erasure.belongs(letter, traces, (*traces.contacts, *chats))
        )
        for customer in traces.customers:
            for files in self._files:
                files.forget(media_prefix(customer))
        # What was noted of a conversation before it had a customer carries its key.
        for customer in (*traces.customers, *traces.keys):
            self._personal.forget(customer)

    def _stop(self, contact: str) -> None:
        try:
            self._chat.stop(contact)
        except Rejected:
            count("ChatsOverBefore")
