"""A customer by phone number or user id: what is stored, and the wish to be forgotten (LA-37)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import erasure, wiring_erase
from chalicelib.customer import conversation_key, identify, normalize_phone
from chalicelib.erasure import DeadLetter, EraseCommand, Traces
from chalicelib.inbound_files import media_prefix
from chalicelib.wiring import App
from ops.letters import Letter, Letters
from ops.states import States

ALWAYS = 2**53  # later than anything


class NobodyNamed(Exception):
    """Neither a phone number nor a user id was given; the message says what is wanted."""


def identifiers(phone: str, user_id: str) -> list[str]:
    """What was typed, as WhatsApp writes it. Raises NobodyNamed."""
    digits = normalize_phone(phone).lstrip("+")
    if phone and not digits:
        raise NobodyNamed("a phone number has digits, with the country code: 15550100001")
    if user_id and not identify(user_id).user_id and not identify(user_id).parent_user_id:
        raise NobodyNamed("a user id looks like US.13491208655302741918")
    found = [one for one in (user_id, digits) if one]
    if not found:
        raise NobodyNamed("name the customer: --phone, --user-id, or better both")
    return found


class Customers:
    """Finds customers of every business number. `numbers`: Meta's ids of those."""

    def __init__(self, app: App, letters: Letters, numbers: Sequence[str]) -> None:
        self._app = app
        self._letters = letters
        self._numbers = tuple(numbers)
        self._states = States(app.db)

    def keys(self, named: Sequence[str]) -> list[str]:
        """The conversation keys of these identifiers, one for each business number."""
        return [conversation_key(number, one) for number in self._numbers for one in named]

    def forget(self, named: Sequence[str]) -> dict[str, int]:
        """Enter the wish into the customer's own queue groups.

        Returns the keys, and up to when each was forgotten before, for `forgotten`.
        """
        keys, at = self.keys(named), self._app.clock()
        known = {key: self._forgotten_until(key) for key in keys}
        commands = [EraseCommand(key=key, at=at, numbers=self._numbers) for key in keys]
        self._app.queues.send([erasure.command_entry(command) for command in commands])
        return known

    def forgotten(self, known: Mapping[str, int]) -> bool:
        """Whether the workers have taken the conversations away since `forget`."""
        return all(self._forgotten_until(key) > until for key, until in known.items())

    def _forgotten_until(self, key: str) -> int:
        return wiring_erase.personal(self._app).before(key)

    def export(self, named: Sequence[str]) -> dict[str, Any]:
        """Everything that is stored of a customer, secrets of chats aside."""
        keys = self.keys(named)
        customers = sorted({self._customer(key) for key in keys} - {""})
        stored = [self._states.everything(customer) for customer in customers]
        return {
            "conversations": [item for one in stored for item in one["conversations"]],
            "messages": [item for one in stored for item in one["messages"]],
            "files": [file for customer in customers for file in self._files(customer)],
            "dead_letters": self._parked(keys, customers),
        }

    def history(self, named: Sequence[str], limit: int, *, private: bool) -> list[dict[str, Any]]:
        """The customer's messages and ours, newest first."""
        ids = [
            one
            for customer in sorted({self._customer(key) for key in self.keys(named)} - {""})
            for one in self._states.messages(customer)
        ]
        return [self._states.message(one, private=private) for one in ids[:limit]]

    def _customer(self, key: str) -> str:
        return str(self._states.conversation(key, private=True).get("customer", ""))

    def _files(self, customer: str) -> list[dict[str, Any]]:
        listed = self._app.media.listed(media_prefix(customer))
        return [{**file, "link": self._app.media.link(file["key"])} for file in listed]

    def _parked(self, keys: Sequence[str], customers: Sequence[str]) -> list[dict[str, Any]]:
        traces = Traces(
            keys=tuple(keys),
            customers=tuple(customers),
            contacts=(),
            numbers=self._numbers,
            before=ALWAYS,
        )
        with self._letters.all() as letters:
            return [each.content for each in letters if _is_theirs(each, traces)]


def _is_theirs(letter: Letter, traces: Traces) -> bool:
    body = json.dumps(letter.content, ensure_ascii=False)
    return erasure.belongs(DeadLetter(body, int(letter.received.since)), traces, ())
