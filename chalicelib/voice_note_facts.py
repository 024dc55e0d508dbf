"""What a structurer (an LLM, or the offline rules) has to say about a voice note.

This is the file a supervisor's wishes change: add a field with a description, raise
`SCHEMA_VERSION`, and the prompt, the model and the stored record follow. Every field is required
and may be null, nothing has a default: that is what strict structured output demands.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.words import contains_words

SCHEMA_VERSION = "1"


class Intent(StrEnum):
    """What the customer wants most; contact flows route by these words."""

    ORDER_STATUS = "order_status"
    REFUND = "refund"
    ADDRESS_CHANGE = "address_change"
    APPOINTMENT = "appointment"
    CANCEL_SUBSCRIPTION = "cancel_subscription"
    OUTAGE = "outage"
    COMPLAINT = "complaint"
    TALK_TO_HUMAN = "talk_to_human"
    BILLING = "billing"
    TECHNICAL_PROBLEM = "technical_problem"
    OTHER = "other"


class Urgency(StrEnum):
    """How soon somebody has to act."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Sentiment(StrEnum):
    """How the customer feels, as far as the words show."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EntityName(StrEnum):
    """The single-valued entities, as `Evidence` names them."""

    ORDER_NUMBER = "order_number"
    CUSTOMER_NUMBER = "customer_number"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DateMention(_Strict):
    """A date or time the customer mentioned."""

    text: str = Field(description="The customer's own words, e.g. 'before Friday'.")
    iso: str | None = Field(
        description="ISO 8601 date or local date-time it means, or null when it is not certain."
    )

    @field_validator("iso")
    @classmethod
    def _is_iso(cls, value: str | None) -> str | None:
        if value is not None:
            datetime.fromisoformat(value)
        return value


class Amount(_Strict):
    """A sum of money the customer mentioned."""

    value: str = Field(description="Decimal number with a point, e.g. '89.50'.")
    currency: str | None = Field(description="ISO 4217 code, or null when not said.")
    text: str = Field(description="The customer's own words.")

    @field_validator("value")
    @classmethod
    def _is_decimal(cls, value: str) -> str:
        try:
            finite = Decimal(value).is_finite()
        except InvalidOperation as error:
            raise ValueError("not a decimal number") from error
        if not finite:
            raise ValueError("not a finite number")
        return value


class Evidence(_Strict):
    """The words of the transcript an entity was taken from."""

    field: EntityName
    words: str = Field(description="Exact consecutive words of the transcript.")


class Entities(_Strict):
    """Identifiers, dates and amounts; null or empty when the customer did not say them."""

    order_number: str | None = Field(description="Digits and letters only, no spaces.")
    customer_number: str | None = Field(description="Digits and letters only, no spaces.")
    dates: list[DateMention]
    amounts: list[Amount]
    phone: str | None = Field(description="Digits, with a leading + only if it was said.")
    email: str | None
    address: str | None = Field(description="Postal address, numbers as digits.")


class VoiceNoteFacts(_Strict):
    """Structured reading of one voice note. Machine-made: always shown to agents as such."""

    intent: Intent
    summary: str = Field(description="One plain sentence in the customer's language.")
    language: str | None = Field(description="ISO 639-1 code of the transcript, or null.")
    urgency: Urgency
    sentiment: Sentiment
    wants_human: bool = Field(description="True when the customer asks for a person.")
    entities: Entities
    next_step: str = Field(description="Best next action for the agent, one short sentence.")
    confidence: float | None = Field(description="0 to 1 for the intent; null if unknown.")
    evidence: list[Evidence] = Field(description="One entry for every entity that is not null.")

    @field_validator("confidence")
    @classmethod
    def _is_share(cls, value: float | None) -> float | None:
        if value is not None and not 0 <= value <= 1:
            raise ValueError("confidence lies between 0 and 1")
        return value


_SUMMARY_LIMIT = 300
_NEXT_STEP_LIMIT = 200


def vetted(facts: VoiceNoteFacts, transcript: str) -> VoiceNoteFacts:
    """`facts` without anything whose words are not in `transcript`, free text cut to one line.

    A model may invent an order number, or be talked into one by the recording; what nobody can
    point at in the transcript is not shown to an agent.
    """
    evidence = [item for item in facts.evidence if contains_words(transcript, item.words)]
    proven = {item.field for item in evidence}
    entities = facts.entities.model_copy(
        update={name.value: None for name in EntityName if name not in proven}
        | {
            "dates": [d for d in facts.entities.dates if contains_words(transcript, d.text)],
            "amounts": [a for a in facts.entities.amounts if contains_words(transcript, a.text)],
        }
    )
    return facts.model_copy(
        update={
            "entities": entities,
            "evidence": [e for e in evidence if getattr(entities, e.field.value) is not None],
            "summary": _one_line(facts.summary, _SUMMARY_LIMIT),
            "next_step": _one_line(facts.next_step, _NEXT_STEP_LIMIT),
        }
    )


def strict_schema() -> dict[str, Any]:
    """The JSON schema sent as `json_schema.schema` with `strict: true`.

    OpenAI's strict mode wants every property required, no additional properties, no defaults and
    no `$ref` beside other keys (developers.openai.com, structured outputs, supported schemas).
    """
    return VoiceNoteFacts.model_json_schema()


def to_plain(facts: VoiceNoteFacts) -> dict[str, Any]:
    """A dict of JSON types without floats, as DynamoDB accepts it."""
    plain = facts.model_dump(mode="json")
    if facts.confidence is not None:
        plain["confidence"] = f"{facts.confidence:.4f}"
    return plain


def from_plain(plain: dict[str, Any]) -> VoiceNoteFacts:
    """The inverse of `to_plain`.

    Raises:
        pydantic.ValidationError: it was stored under another schema version.
    """
    return VoiceNoteFacts.model_validate(plain)


def _one_line(text: str, limit: int) -> str:
    line = " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
