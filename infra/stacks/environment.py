"""The environment of the functions: the settings of chalicelib/settings.py."""

from collections.abc import Mapping

from infra import names
from infra.functions import Function
from infra.names import Names
from infra.settings import Stage
from infra.stacks.instance import InstanceStack

QUEUES = {
    "INBOUND_QUEUE_URL": names.INBOUND,
    "OUTBOUND_QUEUE_URL": names.OUTBOUND,
    "VOICE_NOTES_QUEUE_URL": names.VOICE_NOTES,
    "DEAD_LETTERS_QUEUE_URL": names.DEAD_LETTERS,
}
NO_AI = "this-function-has-no-key"
MODES = ("local", "test", "dev", "prod")


def environment(
    function: Function, stage: Stage, at: Names, instance: InstanceStack, urls: Mapping[str, str]
) -> dict[str, str]:
    """Every setting a function needs. `urls`: of queues, by our names."""
    return {
        "APP_ENV": stage.name if stage.name in MODES else "prod",
        "LOG_LEVEL": stage.log_level,
        "POWERTOOLS_LOG_LEVEL": stage.log_level,
        "CONNECT_INSTANCE_ID": instance.instance_id,
        "CONNECT_CONTACT_FLOW_ID": instance.flow_id,
        "CHAT_STREAMING_TOPIC_ARN": at.topic_arn(names.CHAT_EVENTS),
        "WHATSAPP_PHONE_NUMBER_ID": next(iter(stage.whatsapp.numbers), ""),
        "DYNAMODB_TABLE_CONVERSATIONS": at.conversations,
        "DYNAMODB_TABLE_MESSAGES": at.messages,
        "S3_BUCKET_MEDIA": at.media,
        "OPENAI_API_KEY": _ai_key(function, at),
        **{name: urls[queue] for name, queue in QUEUES.items()},
        **{name: str(value) for name, value in stage.product.items()},
    }


def _ai_key(function: Function, at: Names) -> str:
    """CloudFormation puts the secret's value in at deployment; the template never holds it.

    The product reads OPENAI_API_KEY from its environment. Rotating needs a deployment.
    """
    return f"{{{{resolve:secretsmanager:{at.ai_key}}}}}" if function.ai else NO_AI
