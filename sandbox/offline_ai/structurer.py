"""Facts from a transcript by rules alone: no model, no guess, and labelled so. Pure.

A stand-in for a language model on a laptop. It knows the words it knows (on sentences it was not
written for, the intent rules are right less than half of the time, see docs/voice-notes.md) and
says so: `confidence` is always null, the summary quotes instead of pretending to understand.
"""

import re
from datetime import datetime

from chalicelib.voice_note_facts import (
    Entities,
    Evidence,
    Intent,
    Sentiment,
    Urgency,
    VoiceNoteFacts,
)
from chalicelib.words import words
from sandbox.offline_ai import dates, entities, lexicon
from sandbox.offline_ai.lexicon_intents import INTENTS
from sandbox.offline_ai.numbers import LANGUAGES, Reading, read

ENGINE = "offline-rules"
_WORDS_BEFORE, _WORDS_AFTER = 3, 9


def structure(
    transcript: str, *, received_at: datetime, language: str = "", agent_language: str = "en"
) -> VoiceNoteFacts:
    """What the rules find in `transcript`; `language` "" lets them guess it from common words."""
    known = language if language in LANGUAGES else guess_language(transcript)
    reading = read(transcript, known)
    intent, at = _intent(reading.text, known)
    wants_human = _has(lexicon.HUMAN, known, reading.text)
    found, evidence = _entities(reading, known, received_at)
    steps = lexicon.NEXT_STEPS.get(agent_language, lexicon.NEXT_STEPS["en"])
    return VoiceNoteFacts(
        intent=intent,
        summary=_summary(reading, at),
        language=language or known or None,
        urgency=_urgency(intent, known, reading.text),
        sentiment=_sentiment(known, reading.text),
        wants_human=wants_human,
        entities=found,
        next_step=steps[intent],
        confidence=None,
        evidence=evidence,
    )


def guess_language(text: str) -> str:
    """The language most common words belong to; "" when none stands out."""
    said = words(text)
    counts = {name: sum(w in common for w in said) for name, common in lexicon.COMMON.items()}
    best = max(counts, key=lambda name: counts[name])
    is_alone = list(counts.values()).count(counts[best]) == 1
    return best if counts[best] and is_alone else ""


def _intent(text: str, language: str) -> tuple[Intent, re.Match[str] | None]:
    for intent, pattern in INTENTS.get(language, ()):
        match = re.search(rf"\b(?:{pattern})", text)
        if match:
            return intent, match
    return Intent.OTHER, None


def _has(patterns: "lexicon.Patterns", language: str, text: str) -> bool:
    return language in patterns and re.search(patterns[language], text) is not None


def _urgency(intent: Intent, language: str, text: str) -> Urgency:
    if _has(lexicon.CALM, language, text):
        return Urgency.LOW
    if _has(lexicon.URGENT, language, text):
        return Urgency.HIGH
    return lexicon.USUAL_URGENCY[intent]


def _sentiment(language: str, text: str) -> Sentiment:
    if _has(lexicon.NEGATIVE, language, text):
        return Sentiment.NEGATIVE
    return Sentiment.POSITIVE if _has(lexicon.POSITIVE, language, text) else Sentiment.NEUTRAL


def _summary(reading: Reading, match: re.Match[str] | None) -> str:
    """The sentence of the matched phrase, quoted; of a text without stops, the words around it."""
    text = reading.original.strip()
    if re.search(r"[.!?]", text):
        sentences = re.findall(r"[^.!?]+(?:[.!?](?=\d)[^.!?]*)*[.!?]*", text)
        phrase = reading.words_at(*match.span()) if match else ""
        chosen = next((s for s in sentences if phrase in s), sentences[0])
        return f'"{chosen.strip()}"'
    said = text.split()
    start = len(text[: _position(reading, match)].split())
    first = max(0, start - _WORDS_BEFORE)
    last = start + _WORDS_AFTER
    quote = " ".join(said[first:last])
    return f'"{"… " if first else ""}{quote}{" …" if last < len(said) else ""}"'


def _position(reading: Reading, match: re.Match[str] | None) -> int:
    if match is None:
        return 0
    return next(
        item.start
        for item, at in zip(reading.items, reading.starts, strict=True)
        if at + len(item.text) > match.start()
    )


def _entities(
    reading: Reading, language: str, received_at: datetime
) -> tuple[Entities, list[Evidence]]:
    order, customer = entities.order_number(reading), entities.customer_number(reading)
    if order and customer and order.words == customer.words:
        order = None
    phone = entities.phone(reading, language)
    email, address = entities.email(reading), entities.address(reading, language)
    said = [order, customer, phone, email and email[1], address and address[1]]
    found = Entities(
        order_number=order and entities.value_of(reading, order),
        customer_number=customer and entities.value_of(reading, customer),
        dates=dates.found_in(reading, language, received_at),
        amounts=entities.amounts(reading),
        phone=phone and entities.value_of(reading, phone),
        email=email and email[0],
        address=address and address[0],
    )
    return found, [evidence for evidence in said if evidence]
