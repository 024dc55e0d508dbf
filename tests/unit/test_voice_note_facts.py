"""Facts fit the schema, and nothing is shown that the customer did not say."""

import json

import pytest
from openai.lib._pydantic import to_strict_json_schema
from pydantic import ValidationError

from chalicelib.voice_note_facts import (
    Intent,
    VoiceNoteFacts,
    from_plain,
    strict_schema,
    to_plain,
    vetted,
)

SAID = "My order number is three eight one five two, I paid 49 dollars on Monday."
ANSWER = {
    "intent": "refund",
    "summary": "Wants\nmoney\x00 back.",
    "language": "en",
    "urgency": "high",
    "sentiment": "negative",
    "wants_human": False,
    "entities": {
        "order_number": "38152",
        "customer_number": "777",
        "dates": [{"text": "on Monday", "iso": "2026-11-16"}, {"text": "on Friday", "iso": None}],
        "amounts": [
            {"value": "49", "currency": "USD", "text": "49 dollars"},
            {"value": "1000", "currency": "USD", "text": "a thousand"},
        ],
        "phone": None,
        "email": "boss@example.com",
        "address": None,
    },
    "next_step": "Check. " * 60,
    "confidence": 0.8,
    "evidence": [
        {"field": "order_number", "words": "three eight one five two"},
        {"field": "email", "words": "boss at example dot com"},
        {"field": "phone", "words": "order number"},
    ],
}


def facts(**changes: object) -> VoiceNoteFacts:
    return VoiceNoteFacts.model_validate(ANSWER | changes)


def test_the_schema_is_what_openais_strict_mode_demands() -> None:
    assert strict_schema() == to_strict_json_schema(VoiceNoteFacts)
    assert "default" not in json.dumps(strict_schema())


def test_every_field_has_to_be_there() -> None:
    for name in ANSWER:
        with pytest.raises(ValidationError):
            VoiceNoteFacts.model_validate({k: v for k, v in ANSWER.items() if k != name})


@pytest.mark.parametrize(
    "changes",
    [
        {"intent": "sue"},
        {"confidence": 1.2},
        {"surprise": 1},
        {"entities": ANSWER["entities"] | {"dates": [{"text": "x", "iso": "next week"}]}},
        {
            "entities": ANSWER["entities"]
            | {"amounts": [{"value": "much", "currency": None, "text": "x"}]}
        },
        {
            "entities": ANSWER["entities"]
            | {"amounts": [{"value": "NaN", "currency": None, "text": "x"}]}
        },
    ],
)
def test_a_misfit_answer_is_refused(changes: dict) -> None:
    with pytest.raises(ValidationError):
        facts(**changes)


def test_what_the_transcript_does_not_prove_is_removed() -> None:
    """An invented e-mail, date, amount or number never reaches an agent."""
    sure = vetted(facts(), SAID)
    assert sure.entities.order_number == "38152"
    assert sure.entities.customer_number is None
    assert sure.entities.email is None
    assert [date.text for date in sure.entities.dates] == ["on Monday"]
    assert [amount.value for amount in sure.entities.amounts] == ["49"]
    assert [item.field for item in sure.evidence] == ["order_number"]


def test_free_text_is_one_bounded_line() -> None:
    sure = vetted(facts(), SAID)
    assert sure.summary == "Wants money back."
    assert len(sure.next_step) <= 200
    assert sure.next_step.endswith("…")


@pytest.mark.parametrize("confidence", [0.8125, None])
def test_storing_and_reading_back_changes_nothing(confidence: float | None) -> None:
    plain = to_plain(facts(confidence=confidence))
    assert not isinstance(plain["confidence"], float)
    assert from_plain(plain) == facts(confidence=confidence)


def test_flows_know_these_intents() -> None:
    """Contact flows route by these words: renaming one is a change of contract."""
    assert {intent.value for intent in Intent} == {
        "order_status", "refund", "address_change", "appointment", "cancel_subscription",
        "outage", "complaint", "talk_to_human", "billing", "technical_problem", "other",
    }  # fmt: skip
