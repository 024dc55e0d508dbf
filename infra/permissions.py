"""Whether IAM policies allow a call: a small evaluator, and which action each operation needs.

It knows what our policies use: Allow and Deny, `*` in actions and resources, and the conditions of
`_GIVEN` under two operators. A statement with any other condition is refused.
Actions per operation: service authorization reference.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]
SERVICES = {"socialmessaging": "social-messaging", "service-quotas": "servicequotas"}
# Operations whose action has another name. TransactWriteItems is recorded part by part.
ACTIONS = {
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("sqs", "DeleteMessageBatch"): "sqs:DeleteMessage",
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
    """One permission. `via`: the service that uses a key on the caller's behalf; `region`: where
    the call goes; `code_of`: the function whose own code makes it, as an ARN, if not Lambda."""

    action: str
    resource: str
    via: str = ""
    region: str = ""
    code_of: str = ""


class UnknownCondition(Exception):
    """A policy has a condition this evaluator cannot judge."""


def action_of(service: str, operation: str) -> str:
    """("connect", "StopContact") -> "connect:StopContact"."""
    named = ACTIONS.get((service, operation))
    return named or f"{SERVICES.get(service, service)}:{operation}"


def allowed(statements: Iterable[Statement], need: Need) -> bool:
    """Whether some statement allows it and none denies it. Raises UnknownCondition."""
    effects = {one["Effect"] for one in statements if _applies(one, need)}
    return effects == {"Allow"}


def allows(statement: Statement, need: Need) -> bool:
    """Whether this statement allows it. Raises UnknownCondition."""
    return statement["Effect"] == "Allow" and _applies(statement, need)


def _applies(statement: Statement, need: Need) -> bool:
    return (
        any(matches(pattern, need.action) for pattern in listed(statement["Action"]))
        and any(matches(pattern, need.resource) for pattern in listed(statement["Resource"]))
        and _holds(statement.get("Condition", {}), need)
    )


_GIVEN: dict[str, Callable[[Need], str]] = {
    "kms:ViaService": lambda need: need.via,
    "aws:RequestedRegion": lambda need: need.region,
    "lambda:SourceFunctionArn": lambda need: need.code_of,
}
_OPERATORS = {"StringEquals", "ArnEquals"}  # no value of ours has a wildcard


def _holds(condition: Mapping[str, Any], need: Need) -> bool:
    tests = [pair for keys in condition.values() for pair in keys.items()]
    if not (set(condition) <= _OPERATORS and {key for key, _ in tests} <= set(_GIVEN)):
        raise UnknownCondition(str(condition))
    return all(_GIVEN[key](need) in listed(wanted) for key, wanted in tests)


def matches(pattern: str, value: str) -> bool:
    """IAM's wildcards: * any characters, ? one; actions do not mind case, resources here do."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value) is not None


def listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
