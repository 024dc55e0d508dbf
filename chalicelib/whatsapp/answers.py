"""A customer's choice as the answer that Connect's interactive messages expect. Pure.

The form is ours: AWS publishes the content type, not the JSON (reference flow-language.md 4.8).
It names the template, the chosen title, and the id and value that our side had offered.
"""

import json

from chalicelib.whatsapp.content import Choice
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.option_ids import chosen

VERSION = "1.0"


def interactive_response(message: InboundMessage) -> str:
    """The answer as JSON; "" when the message is no choice out of what our side had offered."""
    content = message.content
    if not isinstance(content, Choice):
        return ""
    option = chosen(content.id)
    if option is None:
        return ""
    title = option.title or content.title
    is_slot = content.id.startswith("slot:")
    answer = {
        "templateType": "TimePicker" if is_slot else "ListPicker",
        "version": VERSION,
        "action": title,
        "data": {"id": content.id, "title": title, "value": option.value, "number": option.number},
    }
    return json.dumps(answer, ensure_ascii=False)
