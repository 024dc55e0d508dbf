"""The voice-note card: the one text/plain message by which an agent meets a voice note. Pure.

    Voice note 0:32 - English - clear

    "i want a refund i was charged twice ..."

    Intent: refund
    Urgency: high
    Amount: 89.50 USD
    Next step: ...

    Transcript by machine (openai gpt-transcribe), fields by machine (gpt-5.4-mini).

Text/plain so that Contact Lens summaries include it; the transcript is never cut; at most five
fields; whatever a machine made is said to be machine-made; a failure has a card of its own.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_card_texts import CARD_TEXTS
from chalicelib.voice_note import BROKEN, Step, VoiceNote

#: More fields than this and nobody reads them (reference: peers, section 4).
MOST_FIELDS = 5
_SHOWN = (TranscriptStatus.OK, TranscriptStatus.DRAFT)
Words = Mapping[str, str]


def card(note: VoiceNote, *, language: str = "en") -> str:
    """The card of a note in any state, in the agent's `language` (en, es, pt; else English).

    The words stand in one card only: when the fields follow alone they are not repeated.
    """
    say = CARD_TEXTS.get(language, CARD_TEXTS["en"])
    transcript = note.transcript
    if transcript is None or transcript.status not in _SHOWN:
        return _join(_first_line(note, say), _what_happened(note, say))
    return _join(
        _first_line(note, say),
        "" if note.words_told else f'"{transcript.text.strip()}"',
        "\n".join(_fields(note.facts, transcript, say)) if note.facts else _no_fields(note, say),
        _machine_label(note, transcript, say),
    )


def placeholder(*, language: str = "en") -> str:
    """What the agent reads when the card takes more than a few seconds."""
    return CARD_TEXTS.get(language, CARD_TEXTS["en"])["placeholder"]


def length(seconds: float) -> str:
    """Minutes and seconds, e.g. 32.4 -> "0:32"; a sound shorter than a second counts as one."""
    whole = max(1, round(seconds)) if seconds > 0 else 0
    return f"{whole // 60}:{whole % 60:02d}"


def _join(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _first_line(note: VoiceNote, say: Words) -> str:
    parts = [say["title"]]
    transcript = note.transcript
    seconds = note.duration_s or (transcript.duration_s if transcript else 0.0)
    if seconds:
        parts[0] += f" {length(seconds)}"
    if note.runs > 1:
        parts.append(say["again"])
    if transcript is not None and transcript.status in _SHOWN:
        code = transcript.language or str((note.facts or {}).get("language") or "")
        parts.append(say.get(f"lang.{code}", code))
    parts.append(say[f"clarity.{_clarity(transcript)}"])
    return " - ".join(parts)


def _clarity(transcript: Transcript | None) -> str:
    if transcript is None or transcript.status not in _SHOWN:
        return "none"
    if transcript.status is TranscriptStatus.DRAFT:
        return "draft"
    return "good" if transcript.band == "good" else "unknown"


def _what_happened(note: VoiceNote, say: Words) -> str:
    if note.failure is not None and note.failure.step is Step.STORE:
        return say["audio.missing"]
    if note.failure is not None and note.failure.reason == BROKEN:
        return f"{say['why.broken']} {say['do.failed']}"
    status = TranscriptStatus.FAILED if note.transcript is None else note.transcript.status
    retry = say.get(f"retry.{status}") if note.may_be_retried else None
    return f"{say[f'why.{status}']} {retry or say[f'do.{status}']}"


def _no_fields(note: VoiceNote, say: Words) -> str:
    follow = note.failure is not None and note.may_be_retried and note.failure.reason != BROKEN
    return say["retry.facts" if follow else "no_facts"]


def _fields(facts: dict[str, Any], transcript: Transcript, say: Words) -> list[str]:
    entities = facts["entities"]
    values = {
        "intent": _intent(facts, say),
        "urgency": say[f"urgency.{facts['urgency']}"],
        "order_number": _number(entities["order_number"], transcript, say),
        "customer_number": _number(entities["customer_number"], transcript, say),
        "amounts": "; ".join(_amount(amount) for amount in entities["amounts"]),
        "phone": _number(entities["phone"], transcript, say),
        "dates": "; ".join(_date(date) for date in entities["dates"]),
        "address": entities["address"] or "",
        "email": entities["email"] or "",
    }
    lines = [f"{say[f'field.{name}']}: {value}" for name, value in values.items() if value]
    return [*lines[:MOST_FIELDS], f"{say['next_step']}: {facts['next_step']}"]


def _intent(facts: dict[str, Any], say: Words) -> str:
    intent = say.get(f"intent.{facts['intent']}", facts["intent"])
    asks = facts["wants_human"] and facts["intent"] != "talk_to_human"
    return f"{intent}, {say['wants_human']}" if asks else intent


def _number(value: str | None, transcript: Transcript, say: Words) -> str:
    """Digits are what engines mishear most; only a clear transcript shows them bare."""
    if not value:
        return ""
    sure = transcript.band == "good" and not transcript.is_offline
    return value if sure else f"{value} ({say['unverified']})"


def _amount(amount: dict[str, Any]) -> str:
    return f"{amount['value']} {amount['currency'] or ''}".strip()


def _date(date: dict[str, Any]) -> str:
    return f"{date['text']} ({date['iso']})" if date["iso"] else str(date["text"])


def _machine_label(note: VoiceNote, transcript: Transcript, say: Words) -> str:
    engine = " ".join(dict.fromkeys(filter(None, (transcript.engine, transcript.model))))
    key = "machine.facts" if note.facts else "machine.transcript"
    label = say[key].format(engine=engine or "?", facts_engine=note.facts_engine or "?")
    offline = transcript.is_offline or note.facts_engine.startswith("offline-")
    notes = [say["machine.draft"]] if transcript.status is TranscriptStatus.DRAFT else []
    return " ".join([label, *notes, *([say["machine.offline"]] if offline else [])])
