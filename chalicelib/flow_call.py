"""A contact flow's Lambda event -> FlowCall, and what we answer it. Pure.

Event shape: Amazon Connect admin guide "connect-lambda-functions" and a captured payload
(reference flow-language.md, section 3). Answers are flat objects of strings (STRING_MAP).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import UnreadableEvent

MAX_ANSWER_BYTES = 32_000  # under 32 KB of UTF-8, else the flow takes its error branch


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCall:
    """One call of a flow. `parameters` are the block's own, all strings."""

    contact: str
    initial_contact: str
    attributes: Mapping[str, str]
    parameters: Mapping[str, str]

    def parameter(self, name: str) -> str:
        """A parameter that must be there. Raises UnreadableEvent naming it."""
        value = self.parameters.get(name) or self.attributes.get(name) or ""
        if not value:
            raise UnreadableEvent(f"the flow's block passes no {name}", code="no_parameter")
        return value


def read(event: Mapping[str, Any]) -> FlowCall:
    """The call in a Lambda event. Raises UnreadableEvent when no flow sent it."""
    details = event.get("Details")
    if not isinstance(details, Mapping) or not isinstance(details.get("ContactData"), Mapping):
        raise UnreadableEvent("this function is called by contact flows", code="not_a_flow_event")
    contact = details["ContactData"]
    return FlowCall(
        contact=contact.get("ContactId") or "",
        initial_contact=contact.get("InitialContactId") or contact.get("ContactId") or "",
        attributes=contact.get("Attributes") or {},
        parameters=details.get("Parameters") or {},
    )


def answer(fields: Mapping[str, str]) -> dict[str, str]:
    """A flat answer within Connect's size; the longest field gives way first."""
    flat = {name: str(value) for name, value in fields.items()}
    while sum(len(f"{k}{v}".encode()) + 6 for k, v in flat.items()) > MAX_ANSWER_BYTES:
        longest = max(flat, key=lambda name: len(flat[name]))
        flat[longest] = flat[longest][: len(flat[longest]) // 2]
    return flat
