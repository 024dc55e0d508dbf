"""A transcript is only as good as its evidence; what cannot be trusted loses its text."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.transcript import Transcript, TranscriptStatus, band, from_plain, to_plain, vet
from chalicelib.words import contains_words, without_controls, words

S = TranscriptStatus
GOOD = Transcript(
    text="I want a refund for my order please",
    status=S.OK,
    language="en",
    language_source="detected",
    confidence=0.82,
    engine="openai",
    model="gpt-4o-transcribe",
    duration_s=3.2,
    speech_s=2.8,
    attempts=1,
    cost_usd=Decimal("0.0003"),
)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        (1.0, "good"),
        (0.70, "good"),
        (0.69, "draft"),
        (0.45, "draft"),
        (0.449, "withheld"),
        (0.0, "withheld"),
        (None, "unknown"),
    ],
)
def test_confidence_falls_into_a_band(confidence: float | None, expected: str) -> None:
    assert band(confidence) == expected


def test_a_clear_transcript_stays_as_it_is() -> None:
    assert vet(GOOD, ["en", "es"]) == GOOD


def test_a_transcript_without_confidence_can_be_ok() -> None:
    """gpt-transcribe tells none, and none is invented."""
    assert vet(replace(GOOD, confidence=None)).status is S.OK


def test_a_doubtful_transcript_is_a_draft() -> None:
    vetted = vet(replace(GOOD, confidence=0.6))
    assert (vetted.status, vetted.error, vetted.text) == (S.DRAFT, "unclear", GOOD.text)


def test_low_confidence_shows_no_text() -> None:
    vetted = vet(replace(GOOD, confidence=0.3))
    assert (vetted.status, vetted.error, vetted.text) == (
        S.UNSUPPORTED_LANGUAGE,
        "low_confidence",
        "",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "...",
        "Thanks for watching!",
        "¡Suscríbete al canal!",
        "Subtitles by the Amara.org community",
    ],
)
def test_silence_and_what_models_write_over_it_is_no_speech(text: str) -> None:
    vetted = vet(replace(GOOD, text=text, confidence=None))
    assert (vetted.status, vetted.text) == (S.NO_SPEECH, "")


def test_a_customer_may_really_say_thank_you() -> None:
    thanks = replace(GOOD, text="Thank you.", confidence=None, duration_s=1.5, speech_s=None)
    assert vet(thanks).text == "Thank you."
    assert vet(replace(thanks, duration_s=20.0)).status is S.NO_SPEECH


def test_one_word_is_believed_only_in_a_short_note() -> None:
    yes = replace(GOOD, text="Yes", duration_s=1.2, speech_s=0.6)
    assert vet(yes).status is S.OK
    assert vet(replace(yes, confidence=None)).error == "one_word"
    assert vet(replace(yes, duration_s=12.0)).status is S.NO_SPEECH


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"duration_s": 1.0, "speech_s": None}, "more_words_than_time"),
        ({"duration_s": 40.0, "speech_s": 38.0}, "words_missing"),
        ({"text": "i can see " * 6, "duration_s": 9.0, "speech_s": None}, "repeats_itself"),
        ({"language": "de"}, "unexpected_language"),
    ],
)
def test_a_doubt_makes_a_draft_and_names_itself(change: dict, reason: str) -> None:
    vetted = vet(replace(GOOD, **change), ["en", "es"])
    assert (vetted.status, vetted.error) == (S.DRAFT, reason)
    assert vetted.text


def test_repeated_digits_are_no_circle() -> None:
    digits = replace(GOOD, text="zero zero zero zero zero zero zero zero", duration_s=4.0)
    assert vet(digits).status is S.OK


def test_a_note_without_known_length_is_not_judged_by_its_pace() -> None:
    assert vet(replace(GOOD, duration_s=0.0, speech_s=None)).status is S.OK


@pytest.mark.parametrize("status", [s for s in S if s not in (S.OK, S.DRAFT)])
def test_a_verdict_never_carries_text(status: TranscriptStatus) -> None:
    vetted = vet(replace(GOOD, status=status))
    assert (vetted.status, vetted.text) == (status, "")


def test_only_a_failure_may_be_tried_again() -> None:
    assert {status for status in S if not replace(GOOD, status=status).is_final} == {S.FAILED}


def test_storing_and_reading_back_changes_nothing() -> None:
    plain = to_plain(GOOD)
    assert from_plain(plain) == GOOD
    assert not any(isinstance(value, float) for value in plain.values())


def test_absent_values_are_not_stored_and_unknown_ones_are_ignored() -> None:
    silent = Transcript(status=S.NO_SPEECH)
    assert to_plain(silent).keys() == {"status", "language_source", "duration_s", "attempts"}
    assert from_plain(to_plain(silent) | {"from_a_later_version": "x"}) == silent


def test_a_status_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="perfect"):
        from_plain({"status": "perfect"})


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words("I’d pay 5, SÍ!") == ["i'd", "pay", "5", "sí"]
    assert contains_words("My order, number 5, is late", "order number")
    assert not contains_words("my order number", "number order")
    assert not contains_words("anything", "...")


def test_control_and_direction_characters_are_removed() -> None:
    assert without_controls("a\x00b\u202ec\nd") == "abc\nd"
