"""A voice note moves forward step by step, fails visibly, and can be tried again."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import ai_answers
from chalicelib.gateways import openai_ai
from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_note import (
    UNUSABLE,
    Failure,
    State,
    Step,
    VoiceNote,
    WrongStateError,
    from_plain,
    to_plain,
)

SPOKEN = Transcript(
    text="where is my order", status=TranscriptStatus.OK, duration_s=2.0, cost_usd=Decimal("0.001")
)
SILENT = Transcript(status=TranscriptStatus.NO_SPEECH)
NEW = VoiceNote(wamid="wamid.1", media_id="m1")
STORED = NEW.stored("media/1.ogg", duration_s=2.0, wav_key="media/1.wav")
TRANSCRIBED = STORED.transcribed(SPOKEN)
STRUCTURED = TRANSCRIBED.structured({"intent": "order_status"}, engine="gpt-5-mini", schema="1")
DELIVERED = STRUCTURED.delivered()
REACHED = (NEW, STORED, TRANSCRIBED, STRUCTURED, DELIVERED)


def test_a_note_goes_through_every_state() -> None:
    """VN-13."""
    assert [note.state for note in REACHED] == list(State)[:5]


def test_each_state_says_what_to_do_next() -> None:
    steps = [note.next_step for note in REACHED]
    assert steps == [Step.STORE, Step.TRANSCRIBE, Step.STRUCTURE, Step.DELIVER, None]


def test_a_note_without_words_is_delivered_without_structuring() -> None:
    silent = STORED.transcribed(SILENT)
    assert silent.next_step is Step.DELIVER
    assert silent.delivered().state is State.DELIVERED


def test_no_step_is_skipped_or_done_backwards() -> None:
    with pytest.raises(WrongStateError, match="transcribed cannot follow received"):
        NEW.transcribed(SPOKEN)
    with pytest.raises(WrongStateError):
        DELIVERED.delivered()
    with pytest.raises(WrongStateError):
        STRUCTURED.stored("elsewhere")


def test_a_failed_transcription_is_not_a_transcript() -> None:
    with pytest.raises(WrongStateError, match="failed"):
        STORED.transcribed(Transcript(status=TranscriptStatus.FAILED))


@pytest.mark.parametrize(
    ("note", "step", "back"),
    [
        (NEW, Step.STORE, State.RECEIVED),
        (STORED, Step.TRANSCRIBE, State.STORED),
        (TRANSCRIBED, Step.STRUCTURE, State.TRANSCRIBED),
        (TRANSCRIBED, Step.DELIVER, State.TRANSCRIBED),
        (STRUCTURED, Step.DELIVER, State.STRUCTURED),
    ],
)
def test_a_retry_resumes_where_the_step_started(note: VoiceNote, step: Step, back: State) -> None:
    failed = note.failed(step, "timeout", retryable=True)
    assert failed.failure == Failure(step=step, reason="timeout", retryable=True)
    assert failed.next_step is Step.DELIVER
    again = failed.retried()
    assert (again.state, again.failure) == (back, None)


def test_a_failure_for_good_is_told_and_not_retried() -> None:
    failed = STORED.failed(Step.TRANSCRIBE, "rejected", retryable=False)
    with pytest.raises(WrongStateError):
        failed.retried()
    assert failed.delivered().failure is not None
    with pytest.raises(WrongStateError):
        STORED.retried()


def test_any_delivered_note_can_be_understood_again_from_its_audio() -> None:
    again = DELIVERED.reprocessed()
    assert (again.state, again.transcript, again.facts, again.runs) == (State.STORED, None, None, 2)
    assert again.object_key == "media/1.ogg"


def test_a_note_without_audio_or_under_way_is_not_reprocessed() -> None:
    with pytest.raises(WrongStateError):
        NEW.failed(Step.STORE, "gone", retryable=False).reprocessed()
    with pytest.raises(WrongStateError):
        TRANSCRIBED.reprocessed()


def test_a_flow_is_told_whether_a_step_is_ready() -> None:
    """ready = any final transcript; failed = the step failed; else pending."""
    assert STORED.readiness(Step.TRANSCRIBE) == "pending"
    assert TRANSCRIBED.readiness(Step.TRANSCRIBE) == "ready"
    assert TRANSCRIBED.readiness(Step.STRUCTURE) == "pending"
    assert STRUCTURED.readiness(Step.STRUCTURE) == "ready"
    assert STORED.transcribed(SILENT).readiness(Step.STRUCTURE) == "ready"
    failed = TRANSCRIBED.failed(Step.STRUCTURE, "refusal", retryable=False)
    assert failed.readiness(Step.TRANSCRIBE) == "ready"
    assert failed.readiness(Step.STRUCTURE) == "failed"


@pytest.mark.parametrize(
    "note", [*REACHED, STORED.failed(Step.TRANSCRIBE, "timeout", retryable=True)]
)
def test_storing_and_reading_back_changes_nothing(note: VoiceNote) -> None:
    assert from_plain(to_plain(note) | {"from_a_later_version": 1}) == note


def test_nothing_stored_is_a_float() -> None:
    """DynamoDB refuses floats."""

    def values(item: object) -> list[object]:
        if isinstance(item, dict):
            return [leaf for value in item.values() for leaf in values(value)]
        return [item]

    assert not any(isinstance(value, float) for value in values(to_plain(DELIVERED)))


def test_fields_that_follow_alone_do_not_repeat_the_words_and_a_reprocessing_does() -> None:
    failed = STORED.transcribed(SPOKEN).failed(Step.STRUCTURE, "503", retryable=True)
    again = failed.tried_once_more()
    assert (again.state, again.runs, again.words_told) == (State.TRANSCRIBED, 2, True)
    assert from_plain(to_plain(again)) == again
    assert not STORED.failed(Step.TRANSCRIBE, "503", retryable=True).tried_once_more().words_told
    assert not again.structured({}, engine="e", schema="1").delivered().reprocessed().words_told


def test_every_unusable_answer_is_told_apart_from_an_outage() -> None:
    """Asking on for an hour is for services that are away; an answer of no use is paid for."""
    sources = (Path(ai_answers.__file__), Path(openai_ai.__file__))
    codes = {
        code for file in sources for code in re.findall(r'garbled\("(\w+)"\)', file.read_text())
    }
    assert codes == UNUSABLE | {"unreadable", "not_json"}
