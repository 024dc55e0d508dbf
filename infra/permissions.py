"""Whether IAM policies allow a call: a small evaluator, and which action each operation needs.

It knows what our policies use: Allow statements, `*` in actions and resources, and the condition
kms:ViaService. There is no Deny in them, and a statement with any other condition is refused.
Actions per operation: service authorization reference.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]
SERVICES = {"socialmessaging": "social-messaging", "service-quotas": "servicequotas"}
# Operations whose action has another name. TransactWriteItems is recorded part by part.
ACTIONS = {
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "GetBucketCors"): "s3:GetBucketCORS",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "DeleteObjects"): "s3:DeleteObjectVersion",  # each names its version
}
TOKENS = "connectparticipant"  # its calls carry tokens, not signatures
SENDS = ("sqs:SendMessage",)


@dataclass(frozen=True, order=True)
class Need:
    """One permission. `via`: the service that uses a key on the caller's behalf."""

    action: str
    resource: str
    via: str = ""


class UnknownCondition(Exception):
    """A policy has a condition this evaluator cannot judge."""


def action_of(service: str, operation: str) -> str:
    """("connect", "StopContact") -> "connect:StopContact"."""
    named = ACTIONS.get((service, operation))
    return named or f"{SERVICES.get(service, service)}:{operation}"


def allowed(statements: Iterable[Statement], need: Need) -> bool:
    """Whether some statement allows it. Raises UnknownCondition."""
    return any(allows(statement, need) for statement in statements)


def allows(statement: Statement, need: Need) -> bool:
    """Whether this statement allows it. Raises UnknownCondition."""
    return (
        statement["Effect"] == "Allow"
        and any(matches(pattern, need.action) for pattern in listed(statement["Action"]))
        and any(matches(pattern, need.resource) for pattern in listed(statement["Resource"]))
        and _holds(statement.get("Condition", {}), need)
    )


def _holds(condition: Mapping[str, Any], need: Need) -> bool:
    if not condition:
        return True
    if set(condition) != {"StringEquals"} or set(condition["StringEquals"]) != {"kms:ViaService"}:
        raise UnknownCondition(str(condition))
    return need.via in listed(condition["StringEquals"]["kms:ViaService"])


def matches(pattern: str, value: str) -> bool:
    """IAM's wildcards: * any characters, ? one; actions do not mind case, resources here do."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value) is not None


def listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
