"""Speech and facts through the OpenAI protocol: what comes back, and every way it can fail."""

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.errors import ContentError, Denied, Garbled, Rejected, Throttled, Unsure
from chalicelib.gateways.openai_ai import OpenAiGateway, build_client
from chalicelib.media_types import AMR, JPEG, OGG_OPUS
from chalicelib.prompt import StructuringContext
from chalicelib.transcript import Transcript, TranscriptStatus
from tests.gateways.stub_server import Answer, Stub, chat, error, stub

AUDIO = b"OggS-not-looked-at-by-the-stub"
HTML = Answer("<html><body>502 Bad Gateway</body></html>")
HEARD = {"text": "I want a refund for my broken lamp", "usage": {"type": "duration", "seconds": 3}}
SPOKEN = Transcript(
    text="my order number is three eight one five two", status=TranscriptStatus.OK, language="en"
)
CONTEXT = StructuringContext(received_at=datetime(2026, 11, 20, 9, tzinfo=UTC), language="en")
FACTS = {
    "intent": "order_status",
    "summary": "Asks for the order.",
    "language": "en",
    "urgency": "medium",
    "sentiment": "neutral",
    "wants_human": False,
    "entities": {
        "order_number": "38152",
        "customer_number": None,
        "dates": [],
        "amounts": [],
        "phone": "5550149823",
        "email": None,
        "address": None,
    },
    "next_step": "Look up the order.",
    "confidence": 0.9,
    "evidence": [{"field": "order_number", "words": "three eight one five two"}],
}


def gateway(server: Stub, *models: str, attempt_timeout_s: float = 5.0) -> OpenAiGateway:
    names = models or ("gpt-4o-transcribe",)
    client = build_client(api_key="test", base_url=server.base_url)
    return OpenAiGateway(
        client,
        transcription_models=names,
        structuring_models=names,
        attempt_timeout_s=attempt_timeout_s,
    )


def transcribe(server: Stub, *models: str, budget_s: float = 5.0, **options: object) -> Transcript:
    timeout = options.pop("attempt_timeout_s", 5.0)
    speech = gateway(server, *models, attempt_timeout_s=timeout)
    return speech.transcribe(AUDIO, OGG_OPUS, budget_s=budget_s, **options)


def form_fields(body: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for part in body.split(b"\r\nContent-Disposition: form-data; ")[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name
        text = value.split(b"\r\n--")[0].decode(errors="replace")
        fields.setdefault(name[1].decode(), []).append(text)
    return fields


def test_a_voice_note_is_always_sent_as_voice_ogg() -> None:
    """VN-09. OpenAI decides by the file name: the same bytes named .opus or .oga are refused."""
    with stub(Answer(HEARD)) as server:
        transcribe(server)
    assert b'filename="voice.ogg"' in server.bodies[0]
    assert b"Content-Type: audio/ogg\r\n" in server.bodies[0]


def test_the_answer_becomes_a_transcript_with_its_price() -> None:
    """VN-04."""
    logprobs = [{"token": "I", "logprob": -0.1, "bytes": [73]}]
    with stub(Answer(HEARD | {"logprobs": logprobs})) as server:
        heard = transcribe(server)
    assert heard == Transcript(
        text=HEARD["text"],
        status=TranscriptStatus.OK,
        confidence=0.9048,
        engine="openai",
        model="gpt-4o-transcribe",
        duration_s=3.0,
        attempts=1,
        cost_usd=Decimal("0.0003"),
    )


def test_gpt_transcribe_gets_languages_and_keywords_and_invents_no_confidence() -> None:
    with stub(Answer(HEARD | {"languages": [{"code": "en"}]})) as server:
        heard = transcribe(
            server, "gpt-transcribe", language_hints=("en", "es"), keywords=("Puente",)
        )
        fields = form_fields(server.bodies[0])
    assert fields["languages[]"] == ["en", "es"]
    assert fields["keywords[]"] == ["Puente"]
    assert "include[]" not in fields
    assert (heard.confidence, heard.language, heard.language_source) == (None, "en", "detected")


def test_other_models_get_a_single_hint_or_none() -> None:
    """A wrong language that is forced is worse than none."""
    with stub(Answer(HEARD)) as server:
        transcribe(server, language_hints=("es",))
        transcribe(server, language_hints=("es", "pt"), keywords=("x",))
        one, two = (form_fields(body) for body in server.bodies)
    assert one["language"] == ["es"]
    assert one["include[]"] == ["logprobs"]
    assert not {"language", "languages[]", "keywords[]"} & two.keys()


def test_only_audio_the_service_takes_is_sent() -> None:
    with stub(Answer(HEARD)) as server:
        for media in (AMR, JPEG):
            with pytest.raises(ContentError, match="converted"):
                gateway(server).transcribe(AUDIO, media, budget_s=5)
    assert server.asked == 0


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (error(400, "unsupported_language"), TranscriptStatus.UNSUPPORTED_LANGUAGE),
        (error(400, "", "Unsupported file format opus"), TranscriptStatus.UNSUPPORTED_FORMAT),
        (error(400, "audio_too_long"), TranscriptStatus.TOO_LONG),
        (error(413), TranscriptStatus.TOO_LONG),
        (error(400, "audio_too_short"), TranscriptStatus.NO_SPEECH),
    ],
)
def test_a_refused_recording_is_a_final_status_not_an_error(
    answer: Answer, status: TranscriptStatus
) -> None:
    with stub(answer) as server:
        heard = transcribe(server, duration_s=7.0)
    assert (heard.status, heard.text, heard.duration_s) == (status, "", 7.0)
    assert server.asked == 1


FAILURES = {
    "quota used up": (error(429, "insufficient_quota"), Throttled, "insufficient_quota"),
    "too many requests": (error(429, "rate_limit_exceeded"), Throttled, "rate_limit_exceeded"),
    "server error": (error(500), Unsure, "500"),
    "overloaded": (error(503), Unsure, "503"),
    "request timeout": (error(408), Unsure, "408"),
    "bad key": (error(401, "invalid_api_key"), Denied, "invalid_api_key"),
    "forbidden": (error(403), Denied, "403"),
    "unknown model": (error(404, "model_not_found"), Rejected, "model_not_found"),
    "bad request": (error(400), Rejected, "400"),
    "HTML with status 200": (HTML, Garbled, "not_json"),
    "broken JSON": (Answer("{", content_type="application/json"), Garbled, "unreadable"),
    "JSON without text": (Answer({"words": []}), Garbled, "not_a_transcript"),
    "text that is none": (Answer({"text": 5}), Garbled, "not_a_transcript"),
    "hung up": (Answer(hang_up=True), Unsure, "connection"),
    "slow": (Answer(HEARD, delay_s=3), Unsure, "timeout"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_one_of_ours_and_in_time(name: str) -> None:
    answer, kind, code = FAILURES[name]
    with stub(answer) as server:
        started = time.monotonic()
        with pytest.raises(kind) as caught:
            transcribe(server, budget_s=1.2, attempt_timeout_s=0.6)
        took = time.monotonic() - started
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert took < 1.6
    assert AUDIO.decode() not in str(caught.value)


def test_a_server_that_is_down_is_unsure() -> None:
    with stub(Answer(HEARD)) as server:
        pass
    with pytest.raises(Unsure):
        transcribe(server, budget_s=1.0)


@pytest.mark.parametrize(
    ("name", "requests"),
    [("quota used up", 1), ("bad key", 1), ("bad request", 1), ("too many requests", 1)],
)
def test_what_cannot_help_is_not_repeated(name: str, requests: int) -> None:
    with stub(FAILURES[name][0]) as server, pytest.raises((Throttled, Denied, Rejected)):
        transcribe(server)
    assert server.asked == requests


def test_a_doubtful_failure_gets_one_more_try() -> None:
    with stub(error(500), Answer(HEARD)) as server:
        heard = transcribe(server)
    assert (heard.status, heard.attempts, server.asked) == (TranscriptStatus.OK, 2, 2)


@pytest.mark.parametrize(
    "first", [error(500), HTML, error(429), error(404, "model_not_found"), error(400)]
)
def test_the_next_model_answers_when_the_first_cannot(first: Answer) -> None:
    """SA-05."""
    with stub(first, Answer(HEARD)) as server:
        heard = transcribe(server, "gpt-transcribe", "whisper-1")
    assert (heard.model, heard.attempts) == ("whisper-1", 2)


def test_a_passing_fault_of_one_model_outweighs_the_refusal_of_another() -> None:
    """Else a note would be given up that the first model understands tomorrow."""
    with stub(error(500), error(404), error(500)) as server, pytest.raises(Unsure):
        transcribe(server, "gpt-transcribe", "no-such-model")
    assert server.asked == 3


def test_nothing_is_asked_without_time_for_an_answer() -> None:
    with stub(Answer(HEARD)) as server, pytest.raises(Unsure, match="no time"):
        transcribe(server, budget_s=0.1)
    assert server.asked == 0


def test_hallucinated_subtitles_are_no_speech() -> None:
    with stub(Answer({"text": "Thanks for watching!"})) as server:
        assert transcribe(server, duration_s=4.0).status is TranscriptStatus.NO_SPEECH


def test_facts_come_with_tokens_and_price_and_only_with_evidence() -> None:
    """VN-05."""
    with stub(chat(json.dumps(FACTS))) as server:
        found = gateway(server, "gpt-5-mini").structure(SPOKEN, CONTEXT, budget_s=5)
        asked = server.json(0)
    assert found.facts.entities.order_number == "38152"
    assert found.facts.entities.phone is None  # not in the transcript
    assert (found.engine, found.model) == ("openai", "gpt-5-mini-2025-08-07")
    assert (found.tokens_in, found.tokens_out, found.cost_usd) == (400, 100, Decimal("0.0003"))
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert json.loads(asked["messages"][1]["content"])["transcript"] == SPOKEN.text


def test_a_misfit_answer_is_mended_once() -> None:
    """VN-10."""
    with stub(chat('{"intent": "sue them"}'), chat(json.dumps(FACTS))) as server:
        found = gateway(server, "gpt-5-mini").structure(SPOKEN, CONTEXT, budget_s=5)
        repair = server.json(1)["messages"]
    assert found.facts.intent == "order_status"
    assert (found.tokens_in, found.attempts) == (800, 1)
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert "intent: enum" in repair[-1]["content"]


STRUCTURING_FAILURES = {
    "refusing": (chat(None, refusal="I cannot"), Rejected, "refusal"),
    "filtered": (chat("", finish_reason="content_filter"), Rejected, "refusal"),
    "truncating": (chat('{"intent": "ord', finish_reason="length"), Garbled, "truncated"),
    "silent": (chat(None), Garbled, "no_content"),
    "prose": (chat("Sure! Here is the JSON."), Garbled, "misfit"),
    "no choices": (Answer({"id": "c", "choices": []}), Garbled, "no_content"),
    "HTML with status 200": (HTML, Garbled, "not_json"),
    "quota used up": (error(429, "insufficient_quota"), Throttled, "insufficient_quota"),
    "server error": (error(500), Unsure, "500"),
    "bad request": (error(400, "invalid_request"), Rejected, "invalid_request"),
}


@pytest.mark.parametrize("name", STRUCTURING_FAILURES)
def test_every_failure_of_structuring_is_one_of_ours(name: str) -> None:
    """SA-50."""
    answer, kind, code = STRUCTURING_FAILURES[name]
    with stub(answer) as server, pytest.raises(kind) as caught:
        gateway(server, "gpt-5-mini").structure(SPOKEN, CONTEXT, budget_s=3)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert SPOKEN.text not in str(caught.value)


def test_a_misfit_answer_near_the_end_of_the_budget_is_not_mended() -> None:
    slow = chat("prose")
    slow.delay_s = 0.7
    with stub(slow) as server, pytest.raises(Garbled, match="misfit"):
        gateway(server, "gpt-5-mini").structure(SPOKEN, CONTEXT, budget_s=1.1)
    assert server.asked == 1


def test_the_text_path_never_pays_for_the_sdk() -> None:
    """Importing the gateway does not import openai: that is 0.35 s of a cold start."""
    code = "import sys, chalicelib.gateways.openai_ai; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
