"""What somebody who deploys Puente is told about settings, and what they may rely on."""

from dataclasses import FrozenInstanceError, fields

import pytest

from chalicelib.errors import SettingsError
from chalicelib.setting_values import is_required
from chalicelib.settings import Settings

REQUIRED = {
    "CONNECT_INSTANCE_ID": "11111111-2222-4333-8444-555555555555",
    "CONNECT_CONTACT_FLOW_ID": "66666666-7777-4888-8999-000000000000",
    "CHAT_STREAMING_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:chat-events",
    "DYNAMODB_TABLE_CONVERSATIONS": "conversations",
    "DYNAMODB_TABLE_MESSAGES": "messages",
    "S3_BUCKET_MEDIA": "media",
    "INBOUND_QUEUE_URL": "https://sqs.example/inbound.fifo",
    "OUTBOUND_QUEUE_URL": "https://sqs.example/outbound.fifo",
    "VOICE_NOTES_QUEUE_URL": "https://sqs.example/voice-notes.fifo",
    "DEAD_LETTERS_QUEUE_URL": "https://sqs.example/dead-letters.fifo",
    "OPENAI_API_KEY": "a-secret-key",
}


def problems(**changes: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**REQUIRED, **changes})
    return str(caught.value)


def test_the_required_settings_are_enough() -> None:
    settings = Settings.from_environment(REQUIRED)
    assert settings.connect_instance_id == REQUIRED["CONNECT_INSTANCE_ID"]
    assert settings.aws_region == "us-east-1"
    assert settings.read_receipts == "on_delivery"
    assert settings.transcription_models == ("gpt-transcribe",)


def test_the_required_settings_are_exactly_those_without_a_default() -> None:
    required = {one.name.upper() for one in fields(Settings) if is_required(one)}
    assert required == set(REQUIRED)


def test_one_message_names_everything_that_is_missing() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({})
    told = str(caught.value)
    assert all(f"{name}: is missing" in told for name in REQUIRED)
    assert ".env.example" in told


def test_one_message_names_all_that_is_wrong_and_how_to_put_it_right() -> None:
    told = problems(
        CHAT_DURATION_MINUTES="20000",
        READ_RECEIPTS="sometimes",
        OPENAI_BASE_URL="ftp://nowhere",
        S3_BUCKET_MEDIA="",
        TYPING_INDICATOR="perhaps",
    )
    lines = told.splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        "CHAT_DURATION_MINUTES",
        "READ_RECEIPTS",
        "TYPING_INDICATOR",
        "S3_BUCKET_MEDIA",
        "OPENAI_BASE_URL",
    ]
    assert "10080" in lines[0]
    assert "'on_delivery', 'on_agent' or 'never'" in lines[1]
    told = {one.name.upper(): one.metadata["description"] for one in fields(Settings)}
    for line in lines:
        assert told[line.split(":")[0].strip()] in line


def test_an_empty_value_is_a_missing_one() -> None:
    assert "OPENAI_API_KEY: is missing" in problems(OPENAI_API_KEY="")


def test_a_complaint_never_shows_the_secret() -> None:
    assert REQUIRED["OPENAI_API_KEY"] not in problems(LOG_LEVEL="LOUD")
    assert REQUIRED["OPENAI_API_KEY"] not in repr(Settings.from_environment(REQUIRED))


def test_lists_are_written_with_commas() -> None:
    settings = Settings.from_environment(
        {**REQUIRED, "LLM_MODELS": "first-model, second-model,", "TRANSCRIPTION_MODELS": "one"}
    )
    assert settings.llm_models == ("first-model", "second-model")
    assert settings.transcription_models == ("one",)
    assert "LLM_MODELS" in problems(LLM_MODELS=" , ")


@pytest.mark.parametrize("number", ["sixty", "1e9", "nan", "-1"])
def test_a_number_is_a_number_within_its_bounds(number: str) -> None:
    told = problems(UNSURE_WAIT_SECONDS=number, WHATSAPP_PAIR_SECONDS="nan")
    assert "UNSURE_WAIT_SECONDS: should be" in told
    assert "WHATSAPP_PAIR_SECONDS: should be at least 0" in told


def test_what_differs_by_number_is_written_in_pairs() -> None:
    settings = Settings.from_environment(
        {**REQUIRED, "LANGUAGES_BY_NUMBER": "1555=es, 1556 = pt,", "TYPING_INDICATOR": "False"}
    )
    assert settings.languages_by_number == (("1555", "es"), ("1556", "pt"))
    assert settings.typing_indicator is False
    assert "write number=value" in problems(LANGUAGES_BY_NUMBER="1555")
    assert "'en', 'es' or 'pt'" in problems(LANGUAGES_BY_NUMBER="1555=fr")


def test_settings_never_change_while_the_process_runs() -> None:
    settings = Settings.from_environment(REQUIRED)
    with pytest.raises(FrozenInstanceError):
        settings.aws_region = "eu-west-1"  # type: ignore[misc]


def test_the_process_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in fields(Settings):
        monkeypatch.delenv(one.name.upper(), raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert Settings.from_environment().aws_region == "eu-central-1"


def test_variables_of_others_are_ignored() -> None:
    Settings.from_environment({**REQUIRED, "PATH": "/bin", "SHELL": "/bin/sh"})
