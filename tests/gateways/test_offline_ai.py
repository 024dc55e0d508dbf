"""The sandbox's OpenAI endpoint: a real recogniser that says when it did not understand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openai
import pytest

from benchmarks.eval_voice import main
from benchmarks.word_errors import errors
from chalicelib.gateways import audio
from chalicelib.gateways.openai_ai import OpenAiGateway, build_client
from chalicelib.media_types import sniff
from chalicelib.prompt import StructuringContext
from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_note_facts import VoiceNoteFacts, strict_schema
from sandbox.offline_ai import multipart
from sandbox.offline_ai.recogniser import Heard, Word, _pieces, recogniser, speech_seconds
from sandbox.openai_endpoint import OpenAiEndpoint, serving
from sandbox.wire import HttpRequest
from tests.gateways import voice_samples as samples

SAID = (
    "hello my parcel arrived damaged this morning and the lamp is broken my order number is three "
    "eight one five two i want my money back forty nine dollars please call me back today"
)
SHARED = samples.ROOT.parent / "shared" / "data" / "voice_notes"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KEY = {"authorization": "Bearer test"}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(OpenAiEndpoint(lambda: NOW)) as url:
        yield url


@pytest.fixture
def client(base_url: str) -> openai.OpenAI:
    return build_client(api_key="test", base_url=base_url)


def gateway(base_url: str, model: str = "gpt-4o-transcribe") -> OpenAiGateway:
    return OpenAiGateway(
        build_client(api_key="test", base_url=base_url),
        transcription_models=(model,),
        structuring_models=("gpt-5-mini",),
    )


def transcribe(base_url: str, data: bytes, **options: Any) -> Transcript:
    model = options.pop("model", "gpt-4o-transcribe")
    return gateway(base_url, model).transcribe(data, sniff(data), budget_s=60, **options)


def post(path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest(
        method="POST", url=f"http://x{path}", headers=KEY | (headers or {}), body=content
    )
    answer = OpenAiEndpoint(lambda: NOW).handle(request)
    return answer.status, json.loads(answer.body)


def test_the_demos_claim_is_understood_from_its_sound(base_url: str) -> None:
    """Order number and wish come out of the audio; nothing else in the demo knows them."""
    heard = transcribe(base_url, samples.CLAIM_EN.read_bytes())
    wrong, total = errors(SAID, heard.text)
    assert wrong / total < 0.1
    assert (heard.status, heard.language) == (TranscriptStatus.OK, "en")
    assert heard.engine == heard.model == "offline-pocketsphinx-en-us"
    assert heard.confidence is not None
    assert heard.confidence >= 0.7
    assert heard.cost_usd == 0
    context = StructuringContext(received_at=NOW, language=heard.language)
    found = gateway(base_url).structure(heard, context, budget_s=10)
    assert found.facts.intent == "refund"
    assert found.facts.entities.order_number == "38152"
    assert found.facts.urgency == "high"
    assert found.engine == found.model == "offline-rules"


def test_a_note_sounds_the_same_whatever_was_heard_before(base_url: str) -> None:
    first = transcribe(base_url, samples.CLAIM_EN.read_bytes())
    transcribe(base_url, samples.CLAIM_ES.read_bytes())
    again = recogniser().hear(audio.to_pcm(samples.CLAIM_EN.read_bytes()))
    assert (again.text, round(again.confidence, 4)) == (first.text, first.confidence)


def test_gpt_transcribe_has_no_confidence_offline_either(base_url: str) -> None:
    heard = transcribe(base_url, samples.CLAIM_EN.read_bytes(), model="gpt-transcribe")
    assert (heard.confidence, heard.status) == (None, TranscriptStatus.OK)
    assert (heard.language, heard.language_source) == ("en", "assumed")


@pytest.mark.parametrize("hints", [(), ("es",), ("es", "pt")])
def test_spanish_never_becomes_invented_english(base_url: str, hints: tuple[str, ...]) -> None:
    heard = transcribe(
        base_url, samples.CLAIM_ES.read_bytes(), model="gpt-transcribe", language_hints=hints
    )
    assert (heard.status, heard.text) == (TranscriptStatus.UNSUPPORTED_LANGUAGE, "")


@pytest.mark.parametrize(
    "sound",
    [samples.silence(3), samples.noise(3, 30), samples.noise(3, 9000), samples.tone(3)],
    ids=["silence", "hiss", "loud noise", "a steady tone"],
)
def test_what_is_no_speech_gives_no_words(base_url: str, sound: bytes) -> None:
    heard = transcribe(base_url, sound)
    assert (heard.status, heard.text) == (TranscriptStatus.NO_SPEECH, "")


def test_a_silent_note_is_no_speech_even_from_a_spanish_customer(base_url: str) -> None:
    heard = transcribe(base_url, samples.silence(2), language_hints=("es",))
    assert heard.status is TranscriptStatus.NO_SPEECH


def test_a_quarter_of_an_hour_is_too_long_and_said_so_at_once(base_url: str) -> None:
    heard = transcribe(base_url, samples.quarter_of_an_hour())
    assert heard.status is TranscriptStatus.TOO_LONG


@pytest.mark.parametrize("data", [b"", b"OggS" + bytes(300), b"ID3" + bytes(300)])
def test_corrupt_and_empty_audio_is_an_unsupported_format(
    client: openai.OpenAI, data: bytes
) -> None:
    name = sniff(data).upload_name("voice") if data else "voice.ogg"
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="gpt-transcribe", file=(name, data))
    assert caught.value.code == "unsupported_format"


@pytest.mark.parametrize("name", ["PTT-1.opus", "voice.oga", "voice", "voice.mp3"])
def test_a_file_name_that_lies_is_refused_as_openai_does(client: openai.OpenAI, name: str) -> None:
    file = (name, samples.CLAIM_EN.read_bytes())
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="gpt-transcribe", file=file)
    assert caught.value.code == "unsupported_format"


@pytest.mark.parametrize(
    "options",
    [
        {"model": "whisper-1", "include": ["logprobs"]},
        {"model": "gpt-4o-transcribe", "languages": ["en"]},
        {"model": "whisper-1", "response_format": "verbose_json"},
        {"model": "gpt-transcribe", "stream": True},
        {"model": ""},
    ],
)
def test_parameters_a_model_does_not_have_are_refused(
    client: openai.OpenAI, options: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(file=("voice.wav", samples.silence(1)), **options)


def test_a_long_note_is_cut_where_it_is_quiet() -> None:
    """Pieces stay under a minute, and together they are the whole note."""
    loud = audio.to_pcm(samples.tone(50))
    pcm = loud + bytes(audio.WAV_RATE) + loud
    pieces = list(_pieces(pcm))
    assert b"".join(pieces) == pcm
    assert len(pieces) == 2
    assert 50 <= len(pieces[0]) / 2 / audio.WAV_RATE <= 50.5


def test_words_are_shown_only_with_enough_evidence() -> None:
    """Few or unsure words need a better acoustic fit; one word is none; low is never shown."""

    def heard(probability: float, count: int, gap: float) -> Heard:
        words = tuple(Word("word", probability) for _ in range(count))
        return Heard(words=words, duration_s=5, speech_s=5, phone_gap=gap)

    assert heard(0.8, 10, -0.5).is_understood
    assert heard(0.5, 10, -0.5).is_understood
    assert not heard(0.5, 10, -2.0).is_understood
    assert not heard(0.44, 10, 0.0).is_understood
    assert not heard(1.0, 1, 0.0).is_understood
    mixed = Heard(words=(Word("a", 0.0), Word("b", 1.0)), duration_s=1, speech_s=1, phone_gap=-1.4)
    assert mixed.surely_at_least == pytest.approx(0.5 - 0.5 / 2**0.5)
    assert not mixed.is_understood


def test_speech_is_measured_and_silence_has_none() -> None:
    pcm = audio.to_pcm(samples.CLAIM_EN.read_bytes())
    assert 8 < speech_seconds(pcm) < 12.2
    assert speech_seconds(bytes(32_000)) == 0


def messages(transcript: str = "where is my order number 38152") -> list[dict[str, Any]]:
    note = {
        "transcript": transcript,
        "language": "en",
        "received_at": "Friday 2026-11-20T09:00+0000",
    }
    return [{"role": "system", "content": "s"}, {"role": "user", "content": json.dumps(note)}]


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "f", "strict": True, "schema": schema}}


def test_the_responses_api_fills_the_same_schema(client: openai.OpenAI) -> None:
    answer = client.responses.parse(
        model="gpt-5-mini",
        input=messages(),
        text_format=VoiceNoteFacts,  # type: ignore[arg-type]
    )
    assert answer.output_parsed is not None
    assert answer.output_parsed.entities.order_number == "38152"
    assert (answer.model, answer.status) == ("offline-rules", "completed")


def test_the_chat_api_parses_with_the_sdks_own_helper(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(
        model="gpt-5-mini",
        messages=messages(),
        response_format=VoiceNoteFacts,  # type: ignore[arg-type]
    )
    assert answer.choices[0].message.parsed is not None
    assert answer.system_fingerprint == "offline-rules"


def test_a_smaller_schema_gets_only_what_it_asks_for() -> None:
    ours = strict_schema()
    small = {
        "type": "object",
        "properties": {"intent": ours["properties"]["intent"]},
        "$defs": {"Intent": ours["$defs"]["Intent"]},
    }
    body = {"messages": messages(), "response_format": schema_format(small)}
    status, answer = post("/v1/chat/completions", body)
    assert status == 200
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"intent": "order_status"}


REFUSED: dict[str, tuple[str, Any, int]] = {
    "no schema": ("/v1/chat/completions", {"messages": messages()}, 400),
    "a strange property": (
        "/v1/chat/completions",
        {
            "messages": messages(),
            "response_format": schema_format({"properties": {"horoscope": {"type": "string"}}}),
        },
        400,
    ),
    "a changed definition": (
        "/v1/chat/completions",
        {
            "messages": messages(),
            "response_format": schema_format(strict_schema() | {"$defs": {"Intent": {}}}),
        },
        400,
    ),
    "no messages": (
        "/v1/chat/completions",
        {"response_format": schema_format(strict_schema())},
        400,
    ),
    "no transcript": (
        "/v1/chat/completions",
        {
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Tell me a joke"}]}],
            "response_format": schema_format(strict_schema()),
        },
        400,
    ),
    "plain talk": ("/v1/responses", {"input": "Tell me a joke"}, 400),
    "tools": ("/v1/responses", {"input": "x", "tools": [{"type": "web_search"}]}, 400),
    "a stream": ("/v1/chat/completions", {"stream": True}, 400),
    "no JSON": ("/v1/responses", b"<html>", 400),
    "a JSON list": ("/v1/responses", [1], 400),
    "no form": ("/v1/audio/transcriptions", {"file": "x"}, 400),
    "another endpoint": ("/v1/embeddings", {}, 501),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_rules_cannot_do_is_refused_by_name(name: str) -> None:
    path, body, expected = REFUSED[name]
    status, answer = post(path, body)
    assert status == expected
    assert answer["error"]["message"]
    assert answer["error"]["code"]


def test_a_note_without_a_time_is_dated_by_the_sandbox_clock() -> None:
    note = {"transcript": "i need it tomorrow", "received_at": "some day"}
    body = {
        "messages": [{"role": "user", "content": json.dumps(note)}],
        "response_format": schema_format(strict_schema()),
    }
    _, answer = post("/v1/chat/completions", body)
    facts = json.loads(answer["choices"][0]["message"]["content"])
    assert facts["entities"]["dates"][0]["iso"] == "2026-11-21"


def test_the_models_are_named_for_what_they_are(client: openai.OpenAI) -> None:
    assert {model.id for model in client.models.list()} == {
        "offline-pocketsphinx-en-us",
        "offline-rules",
    }


def test_without_a_key_nothing_is_answered() -> None:
    request = HttpRequest(method="GET", url="http://x/v1/models")
    assert OpenAiEndpoint().handle(request).status == 401


def test_a_form_without_a_file_is_refused() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-transcribe\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    status, answer = post("/v1/audio/transcriptions", body, headers)
    assert (status, answer["error"]["param"]) == (400, "file")
    with pytest.raises(ValueError, match="no parts"):
        multipart.read("multipart/form-data; boundary=b", b"")


def test_the_evaluation_counts_words_facts_and_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(samples.CLAIM_ES), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    (note,) = printed["notes"]
    assert (note["file"], note["status"], note["text"]) == (
        "claim_es.ogg",
        "unsupported_language",
        "",
    )
    assert main([str(samples.ROOT / "no such folder")]) == 2


def test_word_errors_are_substitutions_gaps_and_additions() -> None:
    assert errors("one two three", "one two three") == (0, 3)
    assert errors("one two three", "one to three four") == (2, 3)
    assert errors("one two", "") == (2, 2)


SOME = ("en_refund_charged_twice.ogg", "human_en_librispeech_1272.ogg", "human_pt_commonvoice.ogg")


@pytest.mark.skipif(not SHARED.exists(), reason="the shared voice notes are not here")
def test_shared_notes_pass_every_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some of them here; `make eval-voice` takes all."""
    notes = json.loads((SHARED / "manifest.json").read_text())["notes"]
    chosen = [n for n in notes if n["file"] in SOME or n["kind"] == "no_speech"]
    manifest = {"notes": [n | {"file": str(SHARED / n["file"])} for n in chosen]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert len(chosen) == 4
    assert "MISS" not in printed


def test_a_request_that_is_no_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not multipart"):
        multipart.read("application/json; boundary=b", b"{}")
