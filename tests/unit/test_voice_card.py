"""What an agent reads about a voice note: how sure, what was said, what to do."""

from dataclasses import replace
from string import Formatter

import pytest

from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_card import card, length, placeholder
from chalicelib.voice_card_texts import CARD_TEXTS
from chalicelib.voice_note import Step, VoiceNote
from chalicelib.voice_note_facts import Intent, Urgency

SAID = "I was charged twice, 89.50 dollars, on March third. Please call 5550149823."
SPOKEN = Transcript(
    text=SAID,
    status=TranscriptStatus.OK,
    language="en",
    confidence=0.91,
    engine="openai",
    model="gpt-4o-transcribe",
    duration_s=32.4,
)
FACTS = {
    "intent": "refund",
    "summary": "Charged twice.",
    "language": "en",
    "urgency": "high",
    "sentiment": "negative",
    "wants_human": True,
    "entities": {
        "order_number": None,
        "customer_number": None,
        "dates": [{"text": "on March third", "iso": "2027-03-03"}, {"text": "soon", "iso": None}],
        "amounts": [{"value": "89.50", "currency": "USD", "text": "89.50 dollars"}],
        "phone": "5550149823",
        "email": None,
        "address": None,
    },
    "next_step": "Check the charge.",
    "confidence": "0.9000",
    "evidence": [],
}
STORED = VoiceNote(wamid="w").stored("a.ogg", duration_s=32.4)
NOTE = STORED.transcribed(SPOKEN).structured(FACTS, engine="gpt-5-mini", schema="1")


def test_a_clear_note_reads_as_a_whole() -> None:
    assert card(NOTE) == (
        "Voice note 0:32 - English - clear\n\n"
        f'"{SAID}"\n\n'
        "Intent: refund, asks for a person\n"
        "Urgency: high\n"
        "Amount: 89.50 USD\n"
        "Callback: 5550149823\n"
        "Date: on March third (2027-03-03); soon\n"
        "Next step: Check the charge.\n\n"
        "Transcript by machine (openai gpt-4o-transcribe), fields by machine (gpt-5-mini)."
    )


def test_never_more_than_five_fields_stand_between_transcript_and_next_step() -> None:
    entities = FACTS["entities"] | {
        "order_number": "38152",
        "customer_number": "9001",
        "email": "a@b.example",
        "address": "5 Main Street",
    }
    lines = card(replace(NOTE, facts=FACTS | {"entities": entities})).split("\n\n")[2].split("\n")
    assert len(lines) == 6
    assert [line.split(":")[0] for line in lines][-1] == "Next step"


def test_a_doubtful_note_asks_the_agent_to_listen() -> None:
    draft = replace(SPOKEN, status=TranscriptStatus.DRAFT, confidence=0.5)
    text = card(replace(NOTE, transcript=draft))
    assert text.startswith("Voice note 0:32 - English - hard to hear, please listen")
    assert "Callback: 5550149823 (as heard, please check)" in text
    assert "The transcript may be wrong." in text


def test_a_note_without_a_confidence_is_not_called_clear() -> None:
    text = card(replace(NOTE, transcript=replace(SPOKEN, confidence=None)))
    assert text.startswith("Voice note 0:32 - English - machine transcript")


def test_offline_engines_are_named_and_their_numbers_unverified() -> None:
    offline = replace(
        SPOKEN, engine="offline-pocketsphinx-en-us", model="offline-pocketsphinx-en-us"
    )
    text = card(replace(NOTE, transcript=offline, facts_engine="offline-rules"))
    assert "5550149823 (as heard, please check)" in text
    assert "(offline-pocketsphinx-en-us), fields by machine (offline-rules)" in text
    assert text.endswith("Offline engines: rough. Trust the audio.")


def test_a_transcript_is_never_cut() -> None:
    long = "word " * 2000
    assert long.strip() in card(replace(NOTE, transcript=replace(SPOKEN, text=long)))


def test_a_transcript_without_facts_says_so() -> None:
    note = STORED.transcribed(SPOKEN).failed(Step.STRUCTURE, "refusal", retryable=False)
    text = card(note)
    assert f'"{SAID}"' in text
    assert "Fields could not be read from it." in text
    assert "Transcript by machine (openai gpt-4o-transcribe)." in text


def test_the_language_may_come_from_the_facts() -> None:
    note = replace(NOTE, transcript=replace(SPOKEN, language=""), facts=FACTS | {"language": "pt"})
    assert " - Portuguese - " in card(note)
    unknown = replace(note, facts=FACTS | {"language": None})
    assert " - language not known - " in card(unknown)
    other = replace(NOTE, transcript=replace(SPOKEN, language="de"))
    assert " - de - " in card(other)


@pytest.mark.parametrize("language", CARD_TEXTS)
@pytest.mark.parametrize(
    "status", [s for s in TranscriptStatus if s not in ("ok", "draft", "failed")]
)
def test_every_status_without_words_says_what_happened_and_what_to_do(
    status: TranscriptStatus, language: str
) -> None:
    say = CARD_TEXTS[language]
    note = STORED.transcribed(Transcript(status=status, duration_s=32.4))
    told = f"{say[f'why.{status}']} {say[f'do.{status}']}"
    assert card(note, language=language) == (
        f"{say['title']} 0:32 - {say['clarity.none']}\n\n{told}"
    )


def test_a_failure_tells_whether_it_will_be_tried_again() -> None:
    failing = STORED.failed(Step.TRANSCRIBE, "timeout", retryable=True)
    final = STORED.failed(Step.TRANSCRIBE, "rejected", retryable=False)
    assert "its words follow here" in card(failing)
    assert "can be transcribed again later" in card(final)


def test_audio_that_could_not_be_fetched_is_asked_for_again() -> None:
    note = VoiceNote(wamid="w").failed(Step.STORE, "gone", retryable=False)
    assert card(note) == (
        "Voice note - no transcript, please listen\n\n"
        "The audio itself could not be fetched. Please ask the customer to resend it."
    )


@pytest.mark.parametrize("language", CARD_TEXTS)
def test_every_agent_language_has_every_text_with_the_same_gaps(language: str) -> None:
    def gaps(texts: dict[str, str]) -> dict[str, set[str | None]]:
        return {key: {gap for _, gap, _, _ in Formatter().parse(t)} for key, t in texts.items()}

    assert gaps(CARD_TEXTS[language]) == gaps(CARD_TEXTS["en"])
    wanted = {f"intent.{intent}" for intent in Intent} | {
        f"urgency.{urgency}" for urgency in Urgency
    }
    assert wanted <= CARD_TEXTS[language].keys()


def test_agents_read_cards_in_their_language_else_in_english() -> None:
    assert card(NOTE, language="es").startswith("Nota de voz 0:32 - inglés - clara")
    assert card(NOTE, language="fi") == card(NOTE)
    assert placeholder(language="pt") == "Nota de voz recebida, transcrevendo."


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (0.2, "0:01"), (32.4, "0:32"), (60, "1:00"), (754, "12:34")]
)
def test_lengths_are_shown_as_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert length(seconds) == shown
