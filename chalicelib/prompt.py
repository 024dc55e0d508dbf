"""Prompts: templates in `prompts/`, filled so that a customer's words stay data. Pure.

What comes from a customer enters a prompt in one place only: as a JSON string inside the user
message, so that no quote, heading or role marker in it can end it. Control and format characters
are removed and its length is bounded before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from chalicelib.voice_note_facts import SCHEMA_VERSION, Intent
from chalicelib.words import without_controls

#: Characters of transcript a prompt takes: about 15 minutes of fast speech.
LONGEST_TRANSCRIPT = 16_000
_TEMPLATES = ("structure_system.j2", "structure_user.j2", "structure_repair.j2")
_LANGUAGES = {"en": "English", "es": "Spanish", "pt": "Portuguese"}

INTENT_MEANINGS: dict[str, str] = {
    Intent.ORDER_STATUS: "where an order or delivery is, or when it comes",
    Intent.REFUND: "wants money back or a charge reversed",
    Intent.ADDRESS_CHANGE: "a delivery or postal address has to change",
    Intent.APPOINTMENT: "make, move or cancel an appointment or visit",
    Intent.CANCEL_SUBSCRIPTION: "end a subscription, contract, plan or order",
    Intent.OUTAGE: "a power, network or service failure that hits more than this customer",
    Intent.COMPLAINT: "unhappy about goods, service or people, without one of the above",
    Intent.TALK_TO_HUMAN: "wants a person and says nothing more specific",
    Intent.BILLING: "question about an invoice, charge or payment",
    Intent.TECHNICAL_PROBLEM: "the customer's internet, device, product or app does not work",
    Intent.OTHER: "anything else",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuringContext:
    """What the structurer may know besides the words. `received_at`: aware, business-local time;
    `language`: ISO 639-1 of the transcript or ""; `agent_language`: en, es or pt."""

    received_at: datetime
    language: str = ""
    transcript_status: str = "ok"
    agent_language: str = "en"
    business: str = "a company's customer service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The two messages of a structuring request."""

    system: str
    user: str


def structuring(transcript: str, context: StructuringContext) -> Prompt:
    """The prompt that asks for `VoiceNoteFacts` about `transcript`."""
    note = {
        "received_at": context.received_at.strftime("%A %Y-%m-%dT%H:%M%z"),
        "language": context.language or None,
        "agent_language": context.agent_language,
        "transcript_quality": context.transcript_status,
        "transcript": without_controls(transcript)[:LONGEST_TRANSCRIPT],
    }
    system = _environment().get_template("structure_system.j2")
    user = _environment().get_template("structure_user.j2")
    return Prompt(
        system=system.render(
            business=context.business,
            intents=INTENT_MEANINGS,
            agent_language=_LANGUAGES.get(context.agent_language, "English"),
        ),
        user=user.render(note=note),
    )


def repair(problems: Sequence[str]) -> str:
    """The message that asks for a corrected answer; `problems` never quote the customer."""
    return _environment().get_template("structure_repair.j2").render(problems=problems)


@cache
def version() -> str:
    """Twelve hexadecimal digits that change with any template or the schema; stored with facts."""
    digest = hashlib.sha256(SCHEMA_VERSION.encode())
    for name in _TEMPLATES:
        source, _, _ = _loader().get_source(_environment(), name)
        digest.update(source.encode())
    return digest.hexdigest()[:12]


@cache
def _loader() -> PackageLoader:
    return PackageLoader("chalicelib", "prompts")


@cache
def _environment() -> Environment:
    # Output is plain text for a model, not HTML: escaping would change the customer's words.
    environment = Environment(
        loader=_loader(),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment
