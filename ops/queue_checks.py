"""The doctor's checks of the way of events: topics, their subscriptions, queues, dead letters."""

import json
import re
from typing import Any

from infra.functions import FILTERS, MAX_RECEIVES, reader_of
from infra.names import CHAT_EVENTS, LETTERS, TOPICS, WHATSAPP_EVENTS, WORK_QUEUES
from ops.findings import Finding, failed, first_of, ok, warning
from ops.look import Facts, Look

REMEDY = "Deploy the stack `messaging` again."
PUBLISHERS = {WHATSAPP_EVENTS: "social-messaging", CHAT_EVENTS: "connect"}
# What it holds back would never be looked at again.
WHOLE = "What it does not let through is lost."


def topics(look: Look) -> Finding:
    return first_of(
        *(_topic(look, name) for name in TOPICS), otherwise="Both topics let AWS publish."
    )


def _topic(look: Look, name: str) -> Finding | None:
    principal = f"{PUBLISHERS[name]}.amazonaws.com"
    if _allows(look.topic_policy(look.names.topic_arn(name)), principal):
        return None
    return failed(
        f"{principal} may not publish into {look.names.topic(name)}.",
        "Deploy the stack `messaging` again: its topic policy is gone or was edited.",
    )


def subscriptions(look: Look) -> Finding:
    return first_of(
        *(_subscribed(look, name) for name in TOPICS),
        otherwise="Each topic feeds its queue, and nobody else.",
    )


def _subscribed(look: Look, name: str) -> Finding | None:
    found = look.subscribers(look.names.topic_arn(name))
    queue = look.names.queue_arn(name)
    ours = [one for one in found if one["Endpoint"] == queue]
    if not ours:
        return failed(f"The topic {name} feeds no queue: its events are lost.", REMEDY)
    strange = [one["Endpoint"] for one in found if one["Endpoint"] != queue]
    filtered = _filtered(look, name, ours[0]["SubscriptionArn"])
    if filtered or not strange:
        return filtered
    return warning(
        f"Somebody else reads what passes {name}: {strange[0]}.",
        "SNS console > the topic > Subscriptions: delete it, unless it is yours.",
    )


def _filtered(look: Look, name: str, arn: str) -> Finding | None:
    told = look.aws("sns", "get_subscription_attributes", SubscriptionArn=arn)["Attributes"]
    has = json.loads(told.get("FilterPolicy") or "{}")
    if has and has != FILTERS.get(name):
        return failed(f"The topic {name} holds back other events than deployed. {WHOLE}", REMEDY)
    if has != FILTERS.get(name, {}):
        return warning(f"The topic {name} filters nothing: each echo wakes a function.", REMEDY)
    if not told.get("RedrivePolicy"):
        return warning(f"What {name} cannot deliver into its queue is kept nowhere.", REMEDY)
    return None


def queues(look: Look) -> Finding:
    return first_of(
        *(_queue(name, look.queue_named(name)) for name in WORK_QUEUES),
        *(_fed(look, name) for name in TOPICS),
        otherwise="Every queue gives up into a dead-letter queue, after enough tries.",
    )


def _queue(name: str, attributes: dict[str, Any]) -> Finding | None:
    seconds = int(attributes.get("VisibilityTimeout", 0))
    if seconds < reader_of(name).visibility_s:
        return failed(f"{name} shows a message again after {seconds} s already.", REMEDY)
    found = re.search(r'"maxReceiveCount"\s*:\s*"?(\d+)', attributes.get("RedrivePolicy", ""))
    if found is None:
        return failed(f"{name} has no dead-letter queue.", REMEDY)
    if int(found[1]) < MAX_RECEIVES:
        return failed(f"{name} gives a message up after {found[1]} tries: an outage.", REMEDY)
    return None


def _fed(look: Look, name: str) -> Finding | None:
    policy = json.loads(look.queue_named(name).get("Policy") or "{}")
    if _allows(policy.get("Statement", []), "sns.amazonaws.com"):
        return None
    return failed(f"SNS may not send into {name}: its events are lost.", REMEDY)


def dead_letters(look: Look) -> Finding:
    waiting = {name: count for name in LETTERS if (count := _waiting(look, name))}
    if not waiting:
        return ok("No parked message waits.")
    where = ", ".join(f"{count} in {name}" for name, count in waiting.items())
    return warning(
        f"{sum(waiting.values())} parked messages wait for an operator: {where}.",
        "python -m ops dlq list",
    )


def _waiting(look: Look, name: str) -> int:
    return int(look.queue_named(name).get("ApproximateNumberOfMessages", 0))


def _allows(statements: list[Facts], principal: str) -> bool:
    """Whether some statement allows this service what the policy is about."""
    allowed = [one for one in statements if one.get("Effect") == "Allow"]
    return any(principal in str(one.get("Principal")) for one in allowed)
