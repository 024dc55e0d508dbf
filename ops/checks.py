"""The doctor's checks, each a question about the installation. They read through `Look` only.

Those of Amazon Connect are in `connect_checks.py`; the registries at the end name them all.
"""

import re
from collections.abc import Callable
from typing import Any

from chalicelib.errors import Denied, ServiceError
from infra.names import ALARMS, CHAT_EVENTS
from ops import connect_checks as connect
from ops import permission_checks, quota_checks
from ops.findings import Finding, failed, first_of, ok, unchecked, warning
from ops.look import Look, numbers_of

Check = Callable[[Look], Finding]
FUNCTION_SECONDS, VISIBILITY_TIMES = 20, 6  # design section 9
MANY_RECEIVES = 100  # protocol law 9: an outage must not spend maxReceiveCount
SKEW_WARNS, SKEW_FAILS = 60, 300  # SigV4 refuses a request that is five minutes off
INDEXES = {"conversations": {"of_customer"}, "messages": {"by_customer", "by_message_id"}}
PUBLISHERS = {"whatsapp-events": "social-messaging", "chat-events": "connect"}


def credentials(look: Look) -> Finding:
    who = look.aws("sts", "get_caller_identity")["Account"]
    topic_account = look.settings.chat_streaming_topic_arn.split(":")[4]
    if topic_account != who:
        return failed(
            f"The credentials are of account {who}, the settings name {topic_account}.",
            "Use the profile of the account that Puente runs in (AWS_PROFILE).",
        )
    return ok(f"Credentials of account {who}.")


def clock(look: Look) -> Finding:
    skew = abs(look.skew())
    says = f"This clock and AWS's are {skew:.0f} s apart."
    remedy = "Switch on time synchronisation (NTP); AWS refuses requests five minutes off."
    if skew >= SKEW_FAILS:
        return failed(says, remedy)
    return warning(says, remedy) if skew >= SKEW_WARNS else ok(says)


def event_destination(look: Look) -> Finding:
    accounts = look.accounts()
    if not accounts:
        return failed(
            "No WhatsApp account is linked to this AWS account.",
            "End User Messaging console > WhatsApp > Add WhatsApp phone number.",
        )
    wanted = whatsapp_topic(look)
    return first_of(
        *(_destination(one, wanted) for one in accounts),
        otherwise="Events of every WhatsApp account with a number of ours go to our topic.",
    )


def _destination(account: dict[str, Any], wanted: str) -> Finding | None:
    present = [one["eventDestinationArn"] for one in account.get("eventDestinations", [])]
    if present == [wanted]:
        return None
    where = ", ".join(present) or "nowhere"
    return failed(
        f"Events of {account['id']} go to {where}, not to {wanted.rpartition(':')[2]}.",
        "python -m infra link --stage STAGE",
    )


def number(look: Look) -> Finding:
    numbers = {one["phoneNumberId"]: one for each in look.accounts() for one in numbers_of(each)}
    wanted = sorted(look.numbers())
    if not wanted or set(wanted) - set(numbers):
        return failed(
            f"{', '.join(set(wanted) - set(numbers)) or 'No business number'}: not linked here.",
            f"Name in the settings one of: {', '.join(numbers) or 'none is linked'}.",
        )
    ratings = {name: numbers[name].get("qualityRating", "UNKNOWN") for name in wanted}
    poor = [f"{name} {rating}" for name, rating in ratings.items() if rating in ("RED", "YELLOW")]
    if poor:
        return warning(
            f"WhatsApp rates the quality of {', '.join(poor)}.",
            "Customers block or report it: send less that they did not ask for.",
        )
    return ok(f"{len(wanted)} business numbers are linked, none of poor quality.")


def topics(look: Look) -> Finding:
    arns = (whatsapp_topic(look), look.settings.chat_streaming_topic_arn)
    return first_of(*(_topic(look, arn) for arn in arns), otherwise="Both topics let AWS publish.")


def _topic(look: Look, arn: str) -> Finding | None:
    publisher = next((who for end, who in PUBLISHERS.items() if arn.endswith(end)), "connect")
    principal = f"{publisher}.amazonaws.com"
    allowed = [s for s in look.topic_policy(arn) if s.get("Effect") == "Allow"]
    if any(principal in str(one.get("Principal")) for one in allowed):
        return None
    return failed(
        f"{principal} may not publish into {arn.rpartition(':')[2]}.",
        "Deploy the stack `messaging` again: its topic policy is gone or was edited.",
    )


def alarms(look: Look) -> Finding:
    """An alarm that nobody hears is none."""
    heard = look.subscriptions(look.settings.chat_streaming_topic_arn.replace(CHAT_EVENTS, ALARMS))
    if any(arn.startswith("arn:") for arn in heard):
        return ok("Somebody hears the alarms.")
    if heard:
        return failed(
            "Nobody hears the alarms: AWS waits for the address to confirm.",
            "Follow the link in the mail from AWS Notifications.",
        )
    return failed(
        "Nobody hears the alarms: their topic has no subscription.",
        "Name alarm_email in infra/settings.yaml and deploy, or subscribe what your team uses.",
    )


def queues(look: Look) -> Finding:
    settings = look.settings
    urls = (settings.inbound_queue_url, settings.outbound_queue_url, settings.voice_notes_queue_url)
    return first_of(
        *(_queue(url, look.queue(url)) for url in urls),
        otherwise="Every queue gives up into a dead-letter queue, after enough tries.",
    )


def _queue(url: str, attributes: dict[str, Any]) -> Finding | None:
    name, remedy = url.rpartition("/")[2], "Deploy the stack `messaging` again."
    seconds = int(attributes.get("VisibilityTimeout", 0))
    if seconds < FUNCTION_SECONDS * VISIBILITY_TIMES:
        return failed(f"{name} shows a message again after {seconds} s already.", remedy)
    found = re.search(r'"maxReceiveCount"\s*:\s*"?(\d+)', attributes.get("RedrivePolicy", ""))
    if found is None:
        return failed(f"{name} has no dead-letter queue.", remedy)
    if int(found[1]) < MANY_RECEIVES:
        return failed(f"{name} gives a message up after {found[1]} tries: an outage.", remedy)
    return None


def dead_letters(look: Look) -> Finding:
    attributes = look.queue(look.settings.dead_letters_queue_url)
    waiting = int(attributes.get("ApproximateNumberOfMessages", 0))
    if waiting:
        return warning(f"{waiting} parked messages wait for an operator.", "python -m ops dlq list")
    return ok("No parked message waits.")


def tables(look: Look) -> Finding:
    settings = look.settings
    every = {
        "conversations": settings.dynamodb_table_conversations,
        "messages": settings.dynamodb_table_messages,
    }
    return first_of(
        *(_table(look, name, INDEXES[kind]) for kind, name in every.items()),
        otherwise="Both tables expire what is old, can be restored, and have their indexes.",
    )


def _table(look: Look, name: str, wanted: set[str]) -> Finding | None:
    remedy = "Deploy the stack `data` again."
    table = look.aws("dynamodb", "describe_table", TableName=name)["Table"]
    missing = wanted - {one["IndexName"] for one in table.get("GlobalSecondaryIndexes", [])}
    if missing:
        return failed(f"{name} lacks the index {', '.join(sorted(missing))}.", remedy)
    told = look.aws("dynamodb", "describe_time_to_live", TableName=name)
    expiry = told["TimeToLiveDescription"]
    if (expiry["TimeToLiveStatus"], expiry.get("AttributeName")) != ("ENABLED", "expires"):
        return failed(f"{name} never forgets: time to live on `expires` is off.", remedy)
    backups = look.aws("dynamodb", "describe_continuous_backups", TableName=name)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return warning(f"{name} cannot be restored to a point in time.", remedy)
    if table.get("SSEDescription", {}).get("Status") != "ENABLED":
        return warning(f"{name} is not encrypted with a key of yours.", remedy)
    return None


def bucket(look: Look) -> Finding:
    remedy = "Deploy the stack `data` again."
    if look.bucket("get_bucket_versioning").get("Status") != "Enabled":
        return failed("The media bucket keeps no versions.", remedy)
    blocked = look.bucket("get_public_access_block")["PublicAccessBlockConfiguration"]
    if not all(blocked.values()):
        return failed("The media bucket may be made public.", remedy)
    rules = look.bucket("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
    kinds = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    if "aws:kms" not in kinds:
        return warning("The media bucket is encrypted, with a key of Amazon's.", remedy)
    return ok("The media bucket is versioned, private and encrypted with a key of yours.")


def ai_models(look: Look) -> Finding:
    try:
        known = look.models()
    except Denied:
        return failed(
            "The AI service refuses the key.", "python -m infra secret --stage STAGE (rotate it)."
        )
    except ServiceError as problem:
        return failed(
            f"The AI service does not answer ({problem}).",
            "Compare OPENAI_BASE_URL with what the service gives; it must be reachable from here.",
        )
    if not known:
        return unchecked(
            "The AI service does not list its models.",
            "Send a voice note: its card tells whether transcription works.",
        )
    wanted = (*look.settings.transcription_models, *look.settings.llm_models)
    missing = [name for name in wanted if name not in known]
    if missing:
        return failed(
            f"The AI service has no model {', '.join(missing)}.",
            "Change TRANSCRIPTION_MODELS or LLM_MODELS, or ask the service for access.",
        )
    return ok("The AI service takes the key and has every model.")


def salt(look: Look) -> Finding:
    if not look.settings.erase_salt.get_secret_value():
        return warning(
            "Erased customers' keys are hashed with the instance id.",
            "Set ERASE_SALT to a secret of its own before the first erase.",
        )
    return ok("Erased customers' keys are hashed with a secret.")


def callback_data(look: Look) -> Finding:
    """Without it an unsure send cannot be proven and is made again (promise O2)."""
    told = look.called_back()
    if not told:
        return unchecked(
            "No delivery status is stored yet that could bring our callback data back.",
            "Answer a chat, wait for the ticks, then ask again.",
        )
    came = sum(told)
    says = f"{came} of {len(told)} delivery statuses brought our callback data back."
    if came == len(told):
        return ok(says)
    remedy = (
        "Statuses without it are matched by the message's id, but an answer of which nobody knows "
        "whether it was sent may reach the customer twice: ask AWS Support whether "
        "biz_opaque_callback_data is passed on for this account."
    )
    return warning(says, remedy) if came else failed(says, remedy)


def whatsapp_topic(look: Look) -> str:
    """infra and the sandbox give both topics one prefix."""
    return look.settings.chat_streaming_topic_arn.replace("chat-events", "whatsapp-events")


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        *(credentials, clock, event_destination, number, topics, queues, dead_letters, tables),
        *(
            bucket,
            connect.instance,
            connect.chat_storage,
            connect.attachments_open,
            connect.origins,
            connect.flow,
        ),
        *(connect.functions, connect.staffed, permission_checks.roles, ai_models, callback_data),
    )
} | quota_checks.CHECKS
PRODUCTION: dict[str, Check] = {"salt": salt, "alarms": alarms}
"""What only an installation with real customers needs."""
