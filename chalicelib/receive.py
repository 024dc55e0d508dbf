"""An entry of the inbound queue -> the message, ready to be bundled; or a change of identity.

A message that quotes, reacts to, edits or deletes another one costs one more read, so that the
agent sees which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib import redrive
from chalicelib.arrivals import arrive, moved_to
from chalicelib.bundles import Queued
from chalicelib.errors import ServiceError, UnreadableEvent
from chalicelib.identities import Identities
from chalicelib.log import count
from chalicelib.ports.messages import Earlier, Messages
from chalicelib.redrive import Opened
from chalicelib.texts import Texts
from chalicelib.whatsapp.answers import interactive_response
from chalicelib.whatsapp.messages import AccountEvent, InboundMessage
from chalicelib.whatsapp.parsing import parse
from chalicelib.whatsapp.referred import beginning, refers_to

MACHINES = ("SYSTEM", "CUSTOM_BOT")
"""Roles that read ids and values; whoever else offered a choice is a person and reads its title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """`origination_id` answers for events that do not name End User Messaging's id of the number;
    with `by_meta_id` (Cloud API) Meta's own id of the number is the one to send from. `languages`:
    what some numbers speak to customers whose own language nothing tells.
    """

    history: Messages
    identities: Identities
    texts: Texts
    origination_id: str
    by_meta_id: bool
    languages: Mapping[str, str]

    def entry(self, receipt: str, body: str, queued_at: int) -> Queued | None:
        """The message in an entry; None for a change of identity, which is made.

        `receipt` is the queue's id, `queued_at` when it was put there, epoch seconds: by then it
        had been received. Raises UnreadableEvent when it is neither.
        """
        entry = redrive.opened(body)
        said = parse(entry.payload)
        if isinstance(said, InboundMessage):
            if not (said.received_at or entry.again):
                said = replace(said, received_at=queued_at)
            return self._message(said, receipt, entry)
        if isinstance(said, AccountEvent) and said.identity_change:
            number = self._number(said.phone_number_id)
            self.identities.move(moved_to(said.identity_change, said.phone_number_id, number))
            return None
        raise UnreadableEvent("the inbound queue takes messages only", code="not_a_message")

    def _message(self, message: InboundMessage, receipt: str, entry: Opened) -> Queued:
        return arrive(
            message,
            receipt=receipt,
            body=entry.body,
            redrive=entry.again,
            texts=self.texts,
            default_origination_id=self._number(message.phone_number_id),
            about=self._about(message),
            response=self._response(message),
            languages=self.languages,
        )

    def _number(self, meta_id: str) -> str:
        return meta_id if self.by_meta_id and meta_id else self.origination_id

    def _about(self, message: InboundMessage) -> str:
        found = self._earlier(refers_to(message))
        return beginning(found.kind, found.text, found.body, self.texts) if found else ""

    def _response(self, message: InboundMessage) -> str:
        """The choice for a bot or flow that offered it; an agent reads its title."""
        response = interactive_response(message)
        if not response or not message.quoted:
            return ""
        found = self._earlier(message.quoted.wamid)
        return response if found and found.role in MACHINES else ""

    def _earlier(self, wamid: str) -> Earlier | None:
        try:
            return self.history.earlier(wamid) if wamid else None
        except ServiceError:
            # "an earlier message" is better than no message.
            count("QuotesNotFound")
            return None
