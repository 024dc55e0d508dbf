"""The environment of the functions: the settings of chalicelib/settings.py."""

from collections.abc import Mapping

from infra import names
from infra.link_keys import mark
from infra.names import Names
from infra.settings import ENTRY_FLOW, Stage
from infra.stacks.instance import InstanceStack

QUEUES = {
    "INBOUND_QUEUE_URL": names.INBOUND,
    "OUTBOUND_QUEUE_URL": names.OUTBOUND,
    "VOICE_NOTES_QUEUE_URL": names.VOICE_NOTES,
    "DEAD_LETTERS_QUEUE_URL": names.DEAD_LETTERS,
}
MODES = ("local", "test", "dev", "prod")


def environment(
    stage: Stage, at: Names, instance: InstanceStack, urls: Mapping[str, str]
) -> dict[str, str]:
    """Every setting of the product, the same for all functions. `urls`: of queues, by our names.

    A secret is named, never given: who may read it says its role.
    """
    return {
        "APP_ENV": stage.name if stage.name in MODES else "prod",
        "LOG_LEVEL": stage.log_level,
        "POWERTOOLS_LOG_LEVEL": stage.log_level,
        "CONNECT_INSTANCE_ID": instance.instance_id,
        "CONNECT_CONTACT_FLOW_ID": instance.flow_id(ENTRY_FLOW),
        **_by_number(stage, instance),
        "CHAT_STREAMING_TOPIC_ARN": at.topic_arn(names.CHAT_EVENTS),
        "WHATSAPP_PHONE_NUMBER_ID": next(iter(stage.whatsapp.numbers), ""),
        "DYNAMODB_TABLE_CONVERSATIONS": at.conversations,
        "DYNAMODB_TABLE_MESSAGES": at.messages,
        "S3_BUCKET_MEDIA": at.media,
        "S3_BUCKET_COPIES": f"{stage.backup.copy_region}/{at.copies(stage.backup.copy_region)}",
        names.AI_KEY: at.secret_arn(names.AI_KEY),
        **{name: urls[queue] for name, queue in QUEUES.items()},
        **{name: str(value) for name, value in stage.product.items()},
    }


def _by_number(stage: Stage, instance: InstanceStack) -> dict[str, str]:
    """Numbers that have a flow or a language of their own."""
    numbers = stage.whatsapp.numbers.items()
    own = [f"{n}={instance.flow_id(one.flow)}" for n, one in numbers if one.flow != ENTRY_FLOW]
    speaking = [f"{n}={one.language}" for n, one in numbers if one.language]
    every = {"CONNECT_FLOWS_BY_NUMBER": own, "LANGUAGES_BY_NUMBER": speaking}
    return {name: ",".join(pairs) for name, pairs in every.items() if pairs}


def media_links(stage: Stage, at: Names, key_id: str) -> dict[str, str]:
    """Links through CloudFront. `key_id` and the secret are of the same key, and change at once."""
    return {
        "MEDIA_LINK_DOMAIN": stage.cdn.domain,
        "MEDIA_LINK_KEY_ID": key_id,
        names.LINK_KEY: at.link_secret_arn(mark(stage.cdn.public_key)),
    }
