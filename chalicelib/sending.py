"""One message of an agent, a flow or a bot on its way to WhatsApp. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connect_events import ChatEvent
from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import MessageRecord
from chalicelib.sent_history import SENT, sent_history, unsent, words_of
from chalicelib.whatsapp.referred import sent_words


@dataclass(slots=True)
class Sending:
    """One claimed event on its way; `sent`: message ids by record key; `again`: a part is sent
    once more although the send before it may have arrived; `unsure`: the part at `pending.next`
    may have been sent; `bodies`: all parts, once they are rendered; `first`: the parts below it
    were sent before an operator sent the message again."""

    item: ContactItem
    event: ChatEvent
    pending: OutboundPending
    sent: dict[str, str] = field(default_factory=dict)
    again: bool = False
    unsure: bool = False
    bodies: list[dict[str, Any]] = field(default_factory=list)
    first: int = 0

    @property
    def unsent(self) -> tuple[str, bool]:
        """The words that did not go out, and whether others of the message did."""
        return unsent(self.event, self.bodies, self.pending.next)

    @property
    def words(self) -> str:
        """Of the part at `pending.next`; of all, where there is none, or none is rendered yet."""
        at = self.pending.next
        known = at < len(self.bodies)
        return sent_words(json.dumps(self.bodies[at])) if known else words_of(self.event)

    def history(self, fate: str, code: str) -> list[MessageRecord]:
        """What the history keeps of it: one line a part that went out now, and its fate."""
        sent = len(self.bodies) if fate == SENT else self.pending.next
        lines = sent_history(self.item, self.event, fate, self.bodies, sent=sent, code=code)
        return lines[self.first :]
