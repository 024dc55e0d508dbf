"""Every setting of the product: one frozen object, read once. The only reader of the environment.

The names are those of `.env.example`; `tests/unit/test_settings.py` keeps both and the docs equal.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from chalicelib.errors import SettingsError
from chalicelib.setting_values import Secret, read, setting

Language = Literal["en", "es", "pt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One value per line of `.env.example`. Durations in the unit of the name."""

    app_env: Literal["local", "test", "dev", "prod"] = setting(
        "prod", description="Name of the stage, for logs and metrics."
    )
    run_mode: Literal["queued", "inline"] = setting(
        "queued",
        description="inline: one service works on an event before it answers, without FIFO queues"
        " while all goes well.",
    )
    aws_region: str = setting(
        "us-east-1", description="Region of Connect, WhatsApp account, tables and bucket."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", description="How much is logged; message text never is."
    )
    check_parameters: bool = setting(
        False, description="Check each call's parameters before AWS does it again; for tests."
    )

    connect_instance_id: str = setting(
        min_length=1, description="Id (the UUID) of the Amazon Connect instance."
    )
    connect_contact_flow_id: str = setting(
        min_length=1, description="Id of the published whatsapp_inbound flow."
    )
    connect_flows_by_number: tuple[tuple[str, str], ...] = setting(
        (),
        description="Other flows for some business numbers: number=flow id, separated by commas.",
    )
    chat_streaming_topic_arn: str = setting(
        min_length=1, description="SNS topic that receives what agents and flows write."
    )
    chat_duration_minutes: int = setting(
        1500,
        ge=60,
        le=10080,
        description="Life of a chat contact: 60 to 10080 minutes; Connect's own default is 25 h.",
    )
    start_chat_in_one_call: bool = setting(
        True,
        description="StartChatContact also connects and streams; false: three calls.",
    )

    connect_messages_per_second: float = setting(
        10,
        ge=0,
        description="Quota of SendMessage and SendEvent of the instance; 0: not paced.",
    )
    connect_chats_per_second: float = setting(
        5, ge=0, description="Quota of StartChatContact of the instance; 0: not paced."
    )
    connect_uploads_per_second: float = setting(
        2, ge=0, description="Quota of attachment uploads of the instance; 0: not paced."
    )

    expected_chats: int = setting(
        0, ge=0, description="For `ops doctor`: chats open at your busiest moment; 0: not said."
    )
    expected_messages_per_second: float = setting(
        0, ge=0, description="For `ops doctor`: customers' messages at your busiest moment."
    )
    expected_new_chats_per_second: float = setting(
        0, ge=0, description="For `ops doctor`: chats that begin then; 0: a tenth of the messages."
    )

    whatsapp_messages_per_second: float = setting(
        80, ge=0, description="What Meta takes from one number; 0: not paced."
    )
    whatsapp_pair_seconds: float = setting(
        6,
        ge=0,
        description="Seconds between messages to one customer, 45 on credit; 0: not paced.",
    )
    whatsapp_phone_number_id: str = setting(
        "", description="End User Messaging id of the number, used when an event does not name one."
    )
    whatsapp_provider: Literal["eum", "cloud_api"] = setting(
        "eum",
        description="How messages are sent: End User Messaging, or Meta's Cloud API directly.",
    )
    whatsapp_access_token: Secret = setting(
        Secret(""),
        description="Cloud API only: system user token of the Meta app, or its secret's ARN.",
    )
    whatsapp_app_secret: Secret = setting(
        Secret(""),
        description="Direct webhook only: app secret that signs Meta's calls, or its secret's ARN;"
        " none are taken without it.",
    )
    whatsapp_webhook_verify_token: Secret = setting(
        Secret(""),
        description="Direct webhook only: the token typed into Meta's app, or its secret's ARN.",
    )
    meta_api_base_url: str = setting(
        "https://graph.facebook.com",
        pattern=r"^https?://",
        description="Cloud API only: address of Meta's Graph API.",
    )
    whatsapp_business_account_id: str = setting(
        "",
        description="Id of the account (waba-...): then only approved templates are offered.",
    )
    chat_receipts: Literal["all", "read", "never"] = setting(
        "all", description="Which ticks of the customer's phone the agent's chat shows."
    )
    late_notice_seconds: int = setting(
        180,
        ge=60,
        description="A message that took longer than this says when it was sent and received.",
    )
    meta_api_version: str = setting(
        "v23.0",
        pattern=r"^v\d+\.\d+$",
        description="WhatsApp Cloud API version sent with each message.",
    )
    default_language: Language = setting(
        "en", description="Language of texts when nothing tells the customer's."
    )
    languages_by_number: tuple[tuple[str, Language], ...] = setting(
        (),
        description="The same for some business numbers: number=language, separated by commas.",
    )
    agent_language: Language = setting(
        "en", description="Language of cards, notices and placeholders that agents read."
    )
    read_receipts: Literal["on_delivery", "on_agent", "never"] = setting(
        "on_delivery", description="When the customer sees blue ticks."
    )
    typing_indicator: bool = setting(
        True, description="Show the customer that a voice note is being worked on."
    )
    unsure_wait_seconds: int = setting(
        60,
        ge=30,
        le=600,
        description="How long an unsure send waits for a status before it is sent once more.",
    )

    dynamodb_table_conversations: str = setting(
        min_length=1, description="Table of conversations, pointers and contacts."
    )
    dynamodb_table_messages: str = setting(
        min_length=1, description="Table of history, statuses and voice notes."
    )
    s3_bucket_media: str = setting(
        min_length=1, description="Private bucket of the customers' files."
    )
    s3_bucket_copies: tuple[str, ...] = setting(
        (),
        description="Buckets that hold copies of the files, as region/bucket; erased there, too.",
    )
    media_link_domain: str = setting(
        "", description="CloudFront's name for the media bucket; links are signed by S3 without it."
    )
    media_link_key_id: str = setting(
        "", description="CloudFront's id of the public key that checks links."
    )
    media_link_key: Secret = setting(
        Secret(""), description="Private key (PEM) that signs links, or its secret's ARN."
    )
    inbound_queue_url: str = setting(
        min_length=1, description="FIFO queue, one group per customer."
    )
    outbound_queue_url: str = setting(
        min_length=1, description="FIFO queue, one group per contact."
    )
    voice_notes_queue_url: str = setting(
        min_length=1, description="FIFO queue of voice notes that take long."
    )
    whatsapp_events_queue_url: str = setting(
        "", description="Container only: queue of WhatsApp's events, where no function reads it."
    )
    chat_events_queue_url: str = setting(
        "", description="Container only: queue of chat records, where no function reads it."
    )
    dead_letters_queue_url: str = setting(
        min_length=1, description="FIFO queue of parked messages, for an operator."
    )
    conversation_retention_days: int = setting(
        90, ge=1, description="Conversations expire this long after the last message."
    )
    message_retention_days: int = setting(
        90, ge=30, description="History expires after this many days, at least 30."
    )

    erase_salt: Secret = setting(
        Secret(""),
        description="Salt of erased customers' keys, or its secret's ARN; empty: the instance id.",
    )

    openai_api_key: Secret = setting(
        min_length=1,
        description="Key of the speech and language service, or its secret's ARN.",
    )
    openai_base_url: str = setting(
        "https://api.openai.com/v1",
        pattern=r"^https?://",
        description="Any OpenAI-compatible endpoint.",
    )
    ai_calls_per_minute: float = setting(
        100, ge=0, description="What the AI service takes from one process; 0: not paced."
    )
    transcription_models: tuple[str, ...] = setting(
        ("gpt-transcribe",), min_length=1, description="Speech models in the order they are tried."
    )
    llm_models: tuple[str, ...] = setting(
        ("gpt-5-mini",), min_length=1, description="Language models in the order they are tried."
    )

    @property
    def queue_urls(self) -> dict[str, str]:
        """Addresses of the queues we write to, by our names of them."""
        return {
            "inbound": self.inbound_queue_url,
            "outbound": self.outbound_queue_url,
            "voice_notes": self.voice_notes_queue_url,
            "dead_letters": self.dead_letters_queue_url,
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read and check everything at once.

        Raises SettingsError with one line for each setting that is missing or wrong.
        """
        source = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        problems: list[str] = []
        for one in dataclasses.fields(cls):
            try:
                values[one.name] = read(one, source.get(one.name.upper(), ""))
            except ValueError as wrong:
                problems.append(f"  {one.name.upper()}: {wrong}. {one.metadata['description']}")
        if problems:
            head = "Settings are missing or wrong (.env.example explains each):"
            raise SettingsError("\n".join([head, *problems]))
        return cls(**values)
