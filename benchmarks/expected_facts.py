"""How many of the facts a note's manifest expects were found. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.voice_note_facts import VoiceNoteFacts
from chalicelib.words import words
from sandbox.offline_ai.numbers import read

#: Intents the manifest names otherwise, or which the schema has no name for.
_SAME_INTENT = {"cancel": "cancel_subscription", "purchase": "other"}


def check(
    expected: Mapping[str, Any], facts: VoiceNoteFacts | None, transcript: str
) -> dict[str, bool]:
    """Every expected field this can judge, and whether it was found."""
    found: dict[str, bool] = {}
    for name, value in expected.items():
        if name == "no_speech":
            found[name] = not transcript
        elif name == "digits":
            found[name] = value in re.sub(r"\D", "", read(transcript, "en").text)
        elif name in _CHECKS:
            found[name] = facts is not None and _CHECKS[name](facts, value)
    return found


def _intent(facts: VoiceNoteFacts, value: Any) -> bool:
    return facts.intent.value == str(_SAME_INTENT.get(value, value))


def _amount(facts: VoiceNoteFacts, value: Any) -> bool:
    return any(float(amount.value) == float(value) for amount in facts.entities.amounts)


def _currency(facts: VoiceNoteFacts, value: Any) -> bool:
    return any(amount.currency == value for amount in facts.entities.amounts)


def _date(facts: VoiceNoteFacts, value: Any) -> bool:
    """The same words, but for small ones at either end ("on", "el")."""
    wanted = " ".join(words(value))
    texts = [" ".join(words(date.text)) for date in facts.entities.dates]
    return any(wanted in text or (text in wanted and len(text) > 5) for text in texts)


def _address(facts: VoiceNoteFacts, value: Any) -> bool:
    return facts.entities.address is not None and words(facts.entities.address) == words(value)


_CHECKS: dict[str, Callable[[VoiceNoteFacts, Any], bool]] = {
    "intent": _intent,
    "urgency": lambda facts, value: facts.urgency == value,
    "sentiment": lambda facts, value: facts.sentiment == value,
    "wants_human": lambda facts, value: facts.wants_human is value,
    "order_number": lambda facts, value: facts.entities.order_number == value,
    "customer_number": lambda facts, value: facts.entities.customer_number == value,
    "phone": lambda facts, value: facts.entities.phone == value,
    "email": lambda facts, value: facts.entities.email == value,
    "amount": _amount,
    "currency": _currency,
    "date_text": _date,
    "address": _address,
}
