"""Every setting of the product: one frozen object, read once. The only reader of the environment.

The names are those of `.env.example`; `tests/unit/test_settings.py` keeps both and the docs equal.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from chalicelib.errors import SettingsError

Required = Field(min_length=1)


def _list(value: object) -> object:
    """ "a, b" -> ("a", "b"): lists in the environment are comma-separated."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _pairs(value: object) -> object:
    """ "a=b, c=d" -> (("a", "b"), ("c", "d"))."""
    if not isinstance(value, str):
        return value
    pairs = [tuple(half.strip() for half in pair.split("=")) for pair in value.split(",") if pair]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):  # noqa: PLR2004  (a pair)
        raise ValueError("write number=value, number=value")
    return tuple(pairs)


Names = Annotated[tuple[str, ...], BeforeValidator(_list)]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]
Languages = Annotated[tuple[tuple[str, Literal["en", "es", "pt"]], ...], BeforeValidator(_pairs)]


class Settings(BaseModel):
    """One value per line of `.env.example`. Durations in the unit of the name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    app_env: Literal["local", "test", "dev", "prod"] = Field(
        "prod", description="Name of the stage, for logs and metrics."
    )
    run_mode: Literal["queued", "inline"] = Field(
        "queued",
        description="inline: one service works on an event before it answers, without FIFO queues"
        " while all goes well.",
    )
    aws_region: str = Field(
        "us-east-1", description="Region of Connect, WhatsApp account, tables and bucket."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged; message text never is."
    )

    connect_instance_id: str = Field(
        min_length=1, description="Id (the UUID) of the Amazon Connect instance."
    )
    connect_contact_flow_id: str = Field(
        min_length=1, description="Id of the published whatsapp_inbound flow."
    )
    connect_flows_by_number: Pairs = Field(
        (),
        description="Other flows for some business numbers: number=flow id, separated by commas.",
    )
    chat_streaming_topic_arn: str = Field(
        min_length=1, description="SNS topic that receives what agents and flows write."
    )
    chat_duration_minutes: int = Field(
        1500,
        ge=60,
        le=10080,
        description="Life of a chat contact: 60 to 10080 minutes; Connect's own default is 25 h.",
    )
    start_chat_in_one_call: bool = Field(
        True,
        description="StartChatContact also connects and streams; false: three calls.",
    )

    connect_messages_per_second: float = Field(
        10,
        ge=0,
        description="Quota of SendMessage and SendEvent of the instance; 0: not paced.",
    )
    connect_chats_per_second: float = Field(
        5, ge=0, description="Quota of StartChatContact of the instance; 0: not paced."
    )
    connect_uploads_per_second: float = Field(
        2, ge=0, description="Quota of attachment uploads of the instance; 0: not paced."
    )

    whatsapp_messages_per_second: float = Field(
        80, ge=0, description="What Meta takes from one number; 0: not paced."
    )
    whatsapp_pair_seconds: float = Field(
        6,
        ge=0,
        description="Seconds between messages to one customer, 45 on credit; 0: not paced.",
    )
    whatsapp_phone_number_id: str = Field(
        "", description="End User Messaging id of the number, used when an event does not name one."
    )
    whatsapp_provider: Literal["eum", "cloud_api"] = Field(
        "eum",
        description="How messages are sent: End User Messaging, or Meta's Cloud API directly.",
    )
    whatsapp_access_token: SecretStr = Field(
        SecretStr(""),
        description="Cloud API only: system user token of the Meta app, or its secret's ARN.",
    )
    whatsapp_app_secret: SecretStr = Field(
        SecretStr(""),
        description="Direct webhook only: app secret that signs Meta's calls, or its secret's ARN;"
        " none are taken without it.",
    )
    whatsapp_webhook_verify_token: SecretStr = Field(
        SecretStr(""),
        description="Direct webhook only: the token typed into Meta's app, or its secret's ARN.",
    )
    meta_api_base_url: str = Field(
        "https://graph.facebook.com",
        pattern=r"^https?://",
        description="Cloud API only: address of Meta's Graph API.",
    )
    whatsapp_business_account_id: str = Field(
        "",
        description="Id of the account (waba-...): then only approved templates are offered.",
    )
    chat_receipts: Literal["all", "read", "never"] = Field(
        "all", description="Which ticks of the customer's phone the agent's chat shows."
    )
    late_notice_seconds: int = Field(
        180,
        ge=60,
        description="A message that took longer than this says when it was sent and received.",
    )
    meta_api_version: str = Field(
        "v23.0",
        pattern=r"^v\d+\.\d+$",
        description="WhatsApp Cloud API version sent with each message.",
    )
    default_language: Literal["en", "es", "pt"] = Field(
        "en", description="Language of texts when nothing tells the customer's."
    )
    languages_by_number: Languages = Field(
        (),
        description="The same for some business numbers: number=language, separated by commas.",
    )
    agent_language: Literal["en", "es", "pt"] = Field(
        "en", description="Language of cards, notices and placeholders that agents read."
    )
    read_receipts: Literal["on_delivery", "on_agent", "never"] = Field(
        "on_delivery", description="When the customer sees blue ticks."
    )
    typing_indicator: bool = Field(
        True, description="Show the customer that a voice note is being worked on."
    )
    unsure_wait_seconds: int = Field(
        60,
        ge=30,
        le=600,
        description="How long an unsure send waits for a status before it is sent once more.",
    )

    dynamodb_table_conversations: str = Field(
        min_length=1, description="Table of conversations, pointers and contacts."
    )
    dynamodb_table_messages: str = Field(
        min_length=1, description="Table of history, statuses and voice notes."
    )
    s3_bucket_media: str = Field(
        min_length=1, description="Private bucket of the customers' files."
    )
    inbound_queue_url: str = Field(min_length=1, description="FIFO queue, one group per customer.")
    outbound_queue_url: str = Field(min_length=1, description="FIFO queue, one group per contact.")
    voice_notes_queue_url: str = Field(
        min_length=1, description="FIFO queue of voice notes that take long."
    )
    whatsapp_events_queue_url: str = Field(
        "", description="Container only: queue of WhatsApp's events, where no function reads it."
    )
    chat_events_queue_url: str = Field(
        "", description="Container only: queue of chat records, where no function reads it."
    )
    dead_letters_queue_url: str = Field(
        min_length=1, description="FIFO queue of parked messages, for an operator."
    )
    conversation_retention_days: int = Field(
        90, ge=1, description="Conversations expire this long after the last message."
    )
    message_retention_days: int = Field(
        90, ge=30, description="History expires after this many days, at least 30."
    )

    openai_api_key: SecretStr = Field(
        min_length=1,
        description="Key of the speech and language service, or its secret's ARN.",
    )
    openai_base_url: str = Field(
        "https://api.openai.com/v1",
        pattern=r"^https?://",
        description="Any OpenAI-compatible endpoint.",
    )
    ai_calls_per_minute: float = Field(
        100, ge=0, description="What the AI service takes from one process; 0: not paced."
    )
    transcription_models: Names = Field(
        ("gpt-transcribe",), min_length=1, description="Speech models in the order they are tried."
    )
    llm_models: Names = Field(
        ("gpt-5-mini",), min_length=1, description="Language models in the order they are tried."
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read and check everything at once.

        Raises SettingsError with one line for each setting that is missing or wrong.
        """
        source = os.environ if environment is None else environment
        known = {
            name: source[name.upper()] for name in cls.model_fields if source.get(name.upper())
        }
        try:
            return cls(**known)
        except ValidationError as error:
            raise SettingsError(_all_problems(error)) from None


def _all_problems(error: ValidationError) -> str:
    lines = [_problem(problem) for problem in error.errors(include_input=False, include_url=False)]
    return "\n".join(["Settings are missing or wrong (.env.example explains each):", *lines])


def _problem(problem: Any) -> str:
    name = str(problem["loc"][0])
    field = Settings.model_fields[name]
    what = "is missing" if problem["type"] == "missing" else problem["msg"].lower()
    return f"  {name.upper()}: {what}. {field.description}"
