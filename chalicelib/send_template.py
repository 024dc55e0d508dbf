"""Sends a message template on behalf of an agent, a flow or an operator.

The template goes the way of everything that is said in the chat: as an entry of the contact's own
queue, where it is claimed, sent once and recorded, and where its statuses and failures come back.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.conversation import token
from chalicelib.errors import ContentError
from chalicelib.flow_call import FlowCall
from chalicelib.ports.conversations import Conversations
from chalicelib.ports.queues import Outbox
from chalicelib.routing import Entry, write
from chalicelib.texts import Texts
from chalicelib.whatsapp.templates import Catalogue, Template, reply_of, values_in_order

MAX_SHOWN = 10
"""Templates a guide can offer: Connect answers are flat, and an agent reads no longer list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A template to be sent into the conversation of a contact (its InitialContactId)."""

    contact: str
    name: str
    language: str
    values: Mapping[str, str]


class SendTemplate:
    """`catalogue` is loaded at first use; `clock` gives epoch seconds, `stamp` ISO time."""

    def __init__(
        self,
        *,
        catalogue: Callable[[], Catalogue],
        conversations: Conversations,
        outbox: Outbox,
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
        stamp: Callable[[int], str],
    ) -> None:
        self._catalogue = catalogue
        self._conversations = conversations
        self._outbox = outbox
        self._texts = texts
        self._clock = clock
        self._stamp = stamp

    def choices(self) -> dict[str, str]:
        """What a guide shows: `count`, and name, language, text and parameters of each."""
        every = self._catalogue().templates[:MAX_SHOWN]
        told = {"count": str(len(every))}
        for number, template in enumerate(every, start=1):
            told |= {
                f"name{number}": template.name,
                f"language{number}": template.language,
                f"text{number}": template.text,
                f"parameters{number}": ", ".join(template.parameters) or "none",
            }
        return told

    def for_flow(self, call: FlowCall) -> dict[str, str]:
        """Send what a flow's block asks for: parameters `template`, `language`, and the values.

        Values by their names or numbers. Answers `status` queued or refused, with `reason`.
        """
        order = Order(
            contact=self._contact(call),
            name=call.parameter("template"),
            language=call.parameters.get("language") or call.attributes.get("language", ""),
            values=call.parameters,
        )
        try:
            shown = self.send(order)
        except ContentError as refused:
            reason = self._texts("").get(refused.tell_agent, **refused.values)
            return {"status": "refused", "template": order.name, "reason": reason}
        return {"status": "queued", "template": order.name, "text": shown}

    def _contact(self, call: FlowCall) -> str:
        """The contact to write from: an agent's guide runs in a contact of its own, and knows the
        customer's conversation by its attribute."""
        key = call.attributes.get("conversation") or call.parameters.get("conversation") or ""
        found = self._conversations.load(key) if key else None
        return found.chat.contact if found and found.chat else call.initial_contact

    def send(self, order: Order) -> str:
        """Queue the template; returns how the customer will read it.

        Raises ContentError when it is unknown or lacks values.
        """
        template = self._catalogue().find(order.name, order.language)
        content = _content(template, order.values)
        now, name = self._clock(), token("template", order.contact, content)
        record = {
            "Type": "MESSAGE",
            "Id": token(name, now)[:36],
            "InitialContactId": order.contact,
            "ContactId": order.contact,
            "ParticipantRole": "SYSTEM",
            "ContentType": "application/json",
            "Content": content,
            "AbsoluteTime": self._stamp(now),
        }
        self._outbox.send(
            [
                Entry(
                    queue="outbound",
                    group=token(order.contact),
                    dedup=name,  # Connect repeats a failed call: SQS takes one in five minutes
                    body=write("chat", json.dumps(record, ensure_ascii=False)),
                )
            ]
        )
        return template.filled(values_in_order(template, order.values))


def _content(template: Template, values: Mapping[str, str]) -> str:
    reply = reply_of(template, values)
    form = {
        "type": "template",
        "name": reply.name,
        "language": reply.language,
        "components": list(reply.components),
    }
    return json.dumps(form, ensure_ascii=False, sort_keys=True)
