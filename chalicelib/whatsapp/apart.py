"""An event that breaks our code, taken apart: each thing in it becomes an event of its own. Pure.

For the one case in which `webhook.split` cannot do it, because something in the event breaks it.
So nothing here looks into a message further than to whom it names; what comes out is routed, or
parked and sent again, like what WhatsApp delivers.
"""

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.content import Json
from chalicelib.whatsapp.parsing import customer_messages
from chalicelib.whatsapp.webhook import (
    RECEIVED,
    Envelope,
    changes_of,
    read_envelopes,
    told_apart,
)

THINGS = ("messages", "statuses", "user_id_update")
WRITER = ("from", "from_user_id", "from_parent_user_id")
NAMED = ("wa_id", "user_id", "parent_user_id")


def apart(body: str) -> tuple[list[str], bool]:
    """The bodies of the events, one for each thing `webhook.split` would find; and whether there
    is more in `body` that nobody can read.

    Raises UnreadableEvent when it has no known outer shape.
    """
    envelopes = read_envelopes(body)
    bodies = [each for envelope in envelopes for each in _events(envelope)]
    return bodies, any(envelope.odd for envelope in envelopes)


def _events(envelope: Envelope) -> Iterator[str]:
    numbers = [
        {"metaPhoneNumberId": number, "arn": name}
        for number, name in envelope.origination_ids.items()
    ]
    known: dict[str, Json] = {}
    for entry in envelope.entries:
        for change in changes_of(entry):
            for value in _values(change):
                only = {**change, "value": told_apart(value, known)}
                event = {
                    "context": {"MetaPhoneNumberIds": numbers},
                    "whatsAppWebhookEntry": {"entry": [{**entry, "changes": [only]}]},
                    RECEIVED: envelope.received_at,
                }
                yield json.dumps(event, ensure_ascii=False)


def _values(change: Json) -> Iterator[Json]:
    value = fields.child(change, "value")
    common = fields.narrowed(value, *THINGS, "contacts", "errors")
    messages = customer_messages(change, value)
    for message in messages:
        yield {**common, "contacts": _contacts(message, value), "messages": [message]}
    others = [(key, each) for key in THINGS[1:] for each in fields.objects(value, key)]
    for key, each in others:
        yield {**common, key: [each]}
    if value.get("errors") or not (messages or others):
        yield fields.narrowed(value, *(THINGS if messages or others else ()))


def _contacts(message: Json, value: Json) -> list[Json]:
    """Those that may speak of the message's sender. A lone one beside several writers stands
    twice: so it goes on to count for nobody whom it does not name (`senders`)."""
    contacts = fields.objects(value, "contacts")
    named = [each for each in contacts if _ids(each, NAMED) & _ids(message, WRITER)]
    writers = {frozenset(_ids(each, WRITER)) for each in fields.objects(value, "messages")}
    return named or (contacts * 2 if len(contacts) == 1 and len(writers) > 1 else contacts)


def _ids(holder: Any, keys: tuple[str, ...]) -> set[str]:
    return {fields.text(holder, key) for key in keys} - {""}
