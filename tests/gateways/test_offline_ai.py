"""The sandbox's OpenAI endpoint: a real recogniser that says when it did not understand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openai
import pytest
from typer.testing import CliRunner

from benchmarks.eval_voice import evaluate, gates, main
from benchmarks.word_errors import errors
from chalicelib.gateways import audio
from chalicelib.gateways.openai_ai import OpenAiGateway, build_client
from chalicelib.media_types import sniff
from chalicelib.prompt import StructuringContext
from chalicelib.transcript import Transcript, TranscriptStatus
from chalicelib.voice_note_facts import VoiceNoteFacts, strict_schema
from sandbox.__main__ import app
from sandbox.offline_ai import engines, multipart, whisper_engine
from sandbox.offline_ai.heard import Heard, Word
from sandbox.offline_ai.pocketsphinx_engine import _pieces, is_understood, speech_seconds
from sandbox.openai_endpoint import OpenAiEndpoint, serving
from sandbox.wire import HttpRequest
from tests.gateways import voice_samples as samples

SAID = (
    "hello my parcel arrived damaged this morning and the lamp is broken my order number is three "
    "eight one five two i want my money back forty nine dollars please call me back today"
)
SHARED = samples.ROOT.parent / "shared" / "data" / "voice_notes"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
BUSY_MACHINE_S = 180.0
KEY = {"authorization": "Bearer test"}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(OpenAiEndpoint(lambda: NOW)) as url:
        yield url


@pytest.fixture(scope="module")
def whisper_url() -> Iterator[str]:
    """The endpoint of a sandbox whose owner chose the large engine."""
    if not whisper_engine.is_installed():
        pytest.skip("Whisper is installed by choice: make whisper")
    with serving(OpenAiEndpoint(lambda: NOW, engine="whisper")) as url:
        yield url


@pytest.fixture
def client(base_url: str) -> openai.OpenAI:
    return build_client(api_key="test", base_url=base_url)


def gateway(base_url: str, model: str = "gpt-4o-transcribe") -> OpenAiGateway:
    return OpenAiGateway(
        build_client(api_key="test", base_url=base_url),
        transcription_models=(model,),
        structuring_models=("gpt-5-mini",),
        attempt_timeout_s=BUSY_MACHINE_S,
    )


def transcribe(base_url: str, data: bytes, **options: Any) -> Transcript:
    model = options.pop("model", "gpt-4o-transcribe")
    return gateway(base_url, model).transcribe(
        data, sniff(data), budget_s=BUSY_MACHINE_S, **options
    )


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


@pytest.mark.deep
def test_a_note_sounds_the_same_whatever_was_heard_before(base_url: str) -> None:
    first = transcribe(base_url, samples.CLAIM_EN.read_bytes())
    transcribe(base_url, samples.CLAIM_ES.read_bytes())
    again = engines.loaded("pocketsphinx").hear(audio.to_pcm(samples.CLAIM_EN.read_bytes()))
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


def test_whisper_writes_english_down(whisper_url: str) -> None:
    heard = transcribe(whisper_url, samples.CLAIM_EN.read_bytes(), model="gpt-transcribe")
    wrong, total = errors(SAID, heard.text)
    assert wrong / total < 0.1
    assert heard.engine == "offline-whisper-base"
    assert (heard.language, heard.language_source) == ("en", "detected")


def test_whisper_writes_spanish_down_whatever_was_expected(whisper_url: str) -> None:
    """A robot voice from an American number: a draft in Spanish, and its wish is found."""
    heard = transcribe(whisper_url, samples.CLAIM_ES.read_bytes(), language_hints=("en",))
    assert (heard.status, heard.language) == (TranscriptStatus.DRAFT, "es")
    assert "dinero" in heard.text
    context = StructuringContext(received_at=NOW, language=heard.language)
    assert gateway(whisper_url).structure(heard, context, budget_s=10).facts.intent == "refund"


@pytest.mark.parametrize(
    "sound",
    [samples.silence(3), samples.noise(3, 30), samples.noise(3, 9000), samples.tone(3)],
    ids=["silence", "hiss", "loud noise", "a steady tone"],
)
@pytest.mark.parametrize("engine", ["base_url", "whisper_url"])
def test_what_is_no_speech_gives_no_words(
    request: pytest.FixtureRequest, engine: str, sound: bytes
) -> None:
    heard = transcribe(request.getfixturevalue(engine), sound)
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
    """Few or unsure words need a better acoustic fit; low is never shown."""
    assert is_understood([0.8] * 10, -0.5)
    assert is_understood([0.5] * 10, -0.5)
    assert not is_understood([0.5] * 10, -2.0)
    assert not is_understood([0.44] * 10, 0.0)
    assert not is_understood([0.0, 1.0], -1.4)


@dataclass
class Piece:
    """A word as faster-whisper gives it: with its leading space."""

    word: str
    probability: float


@dataclass
class Segment:
    words: list[Piece]
    compression_ratio: float = 1.0
    no_speech_prob: float = 0.0


def test_pieces_between_spaces_are_one_word_as_sure_as_the_least_sure() -> None:
    said = [Segment([Piece(" Eighty", 0.9), Piece("-nine", 0.4), Piece(" dollars.", 0.8)])]
    assert list(whisper_engine.words_of(said)) == [Word("Eighty-nine", 0.4), Word("dollars.", 0.8)]


def test_fluent_nonsense_is_not_believed() -> None:
    """Whisper's inventions: a circle over a melody, a guess over a voice it cannot follow."""
    sure, unsure = (Word("sorry", 0.95),) * 20, (Word("What?", 0.3),)
    assert whisper_engine.is_believable(sure, [Segment([])])
    assert not whisper_engine.is_believable(sure, [Segment([], compression_ratio=23.6)])
    assert not whisper_engine.is_believable(unsure, [Segment([])])
    assert whisper_engine.is_no_speech([Segment([], no_speech_prob=0.7)])
    assert not whisper_engine.is_no_speech([Segment([], no_speech_prob=0.44)])


def test_a_language_is_ours_when_ours_are_likely_together() -> None:
    """Spanish is taken for Galician at times, French is not taken for English."""
    assert whisper_engine.language_of({"gl": 0.4, "es": 0.35, "pt": 0.2}) == "es"
    assert whisper_engine.language_of({"fr": 0.7, "en": 0.3}) == ""
    assert whisper_engine.language_of({}) == ""


@pytest.mark.skipif(not whisper_engine.is_installed(), reason="installed by choice: make whisper")
def test_another_model_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_engine, "MODEL_SHA256", "0" * 64)
    with pytest.raises(whisper_engine.WrongModelError):
        whisper_engine.WhisperEngine()


def test_whisper_hears_only_where_somebody_chose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed is not chosen."""
    monkeypatch.delenv(engines.VARIABLE, raising=False)
    monkeypatch.setattr(whisper_engine, "is_installed", lambda: True)
    assert engines.chosen() == "pocketsphinx"
    monkeypatch.setenv(engines.VARIABLE, "whisper")
    assert engines.chosen() == "whisper"


@pytest.mark.parametrize(
    ("name", "told"), [("whisper", "make whisper"), ("kaldi", "pocketsphinx, whisper")]
)
def test_an_engine_that_is_not_there_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setattr(whisper_engine, "is_installed", lambda: False)
    done = CliRunner().invoke(app, ["demo"], env={engines.VARIABLE: name})
    assert done.exit_code == 2
    assert told in done.stderr


def test_speech_of_no_known_language_is_not_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = Heard(duration_s=4, speech_s=4, is_understood=False)
    monkeypatch.setattr("sandbox.offline_ai.speech_api._heard", lambda _pcm, _engine: unknown)
    with serving(OpenAiEndpoint()) as url:
        heard = transcribe(url, samples.tone(4))
    assert (heard.status, heard.text) == (TranscriptStatus.UNSUPPORTED_LANGUAGE, "")


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
    """Beside them names of OpenAI's own that are taken here: `ops doctor` looks for them."""
    assert {model.id for model in client.models.list()} == {
        *("offline-pocketsphinx-en-us", "offline-rules"),
        *("gpt-transcribe", "gpt-4o-transcribe", "gpt-5-mini"),
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


@pytest.mark.deep
@pytest.mark.skipif(not SHARED.exists(), reason="the shared voice notes are not here")
def test_shared_notes_pass_every_gate(tmp_path: Path) -> None:
    """Some of them here; `make eval-voice` takes all."""
    notes = json.loads((SHARED / "manifest.json").read_text())["notes"]
    chosen = [n for n in notes if n["file"] in SOME or n["kind"] == "no_speech"]
    manifest = {"notes": [n | {"file": str(SHARED / n["file"])} for n in chosen]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    held = gates(evaluate(tmp_path))
    assert len(chosen) == 4
    assert [name for name, ok in held.items() if not ok] == []


def test_a_request_that_is_no_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not multipart"):
        multipart.read("application/json; boundary=b", b"{}")
