"""What everything is called in the installation that the settings name. Pure."""

from dataclasses import dataclass

from chalicelib.settings import Settings
from infra.names import CHAT_EVENTS, Names


@dataclass(frozen=True, kw_only=True)
class Installed(Names):
    """Names of what the settings name, and not of what a stage would call it."""

    tables: tuple[str, str]
    bucket: str

    @property
    def conversations(self) -> str:
        return self.tables[0]

    @property
    def messages(self) -> str:
        return self.tables[1]

    @property
    def media(self) -> str:
        return self.bucket


def names_of(settings: Settings) -> Installed:
    """Region, account and stage are those of the chats' topic."""
    _, _, _, region, account, topic = settings.chat_streaming_topic_arn.split(":")
    return Installed(
        prefix=topic.removesuffix(CHAT_EVENTS).rstrip("-"),
        account=account,
        region=region,
        tables=(settings.dynamodb_table_conversations, settings.dynamodb_table_messages),
        bucket=settings.s3_bucket_media,
    )
