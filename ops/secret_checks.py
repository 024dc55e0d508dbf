"""The doctor's checks of what opens everything: the key, and the secrets."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.errors import Rejected
from chalicelib.setting_values import Secret
from infra.names import KEY_USERS
from ops.findings import Finding, failed, first_of, ok, warning
from ops.look import Look

REMEDY = "Deploy the stack `data` again: its key policy was edited."
OURS = "arn:aws:secretsmanager:"
MISSING = "ResourceNotFoundException"
ROTATE_DAYS = 90  # docs/operations.md, Rotate
BY_HAND = ("openai_api_key", "whatsapp_access_token")  # secrets of others, that age


def key(look: Look) -> Finding:
    """Without it nothing passes: queues, topics, tables, files and logs are encrypted."""
    arn = look.queue(look.settings.inbound_queue_url).get("KmsMasterKeyId", "")
    if not arn:
        return warning(
            "Queues are encrypted with a key of Amazon's.", "Deploy the stack `messaging` again."
        )
    state = look.aws("kms", "describe_key", KeyId=arn)["KeyMetadata"]["KeyState"]
    id_ = arn.rpartition("/")[2]
    if state == "PendingDeletion":
        return failed(
            "The key will be deleted: everything it encrypts is unreadable then, and now.",
            f"aws kms cancel-key-deletion --key-id {id_}, then aws kms enable-key --key-id {id_}",
        )
    if state != "Enabled":
        return failed(f"The key is {state}: nothing passes.", f"aws kms enable-key --key-id {id_}")
    policy = json.loads(
        look.aws("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
    )
    allowed = str([s.get("Principal") for s in policy["Statement"] if s.get("Effect") == "Allow"])
    shut_out = [name for name in KEY_USERS if f"{name}.amazonaws.com" not in allowed]
    if shut_out:
        return failed(
            f"The key does not open for {', '.join(shut_out)}: what it sends is lost.", REMEDY
        )
    if not look.aws("kms", "get_key_rotation_status", KeyId=arn)["KeyRotationEnabled"]:
        return warning("The key is not renewed once a year.", REMEDY)
    return ok("The key is enabled, renews itself and opens for those who publish.")


def secrets(look: Look) -> Finding:
    named = dict(_named(look))
    return first_of(
        *(_secret(look, name, arn) for name, arn in named.items()),
        otherwise=f"{len(named)} secrets are in Secrets Manager, none too old."
        if named
        else "No setting names a secret of Secrets Manager.",
    )


def _named(look: Look) -> Iterator[tuple[str, str]]:
    """Settings whose value is a secret's ARN."""
    for one in dataclasses.fields(look.settings):
        value = getattr(look.settings, one.name)
        if isinstance(value, Secret) and value.get_secret_value().startswith(OURS):
            yield one.name, value.get_secret_value()


def _secret(look: Look, name: str, arn: str) -> Finding | None:
    put = f"python -m infra secret --stage STAGE --setting {name.upper()}"
    try:
        found = look.aws("secretsmanager", "describe_secret", SecretId=arn)
    except Rejected as problem:
        if problem.code != MISSING:
            raise
        return failed(f"The secret of {name.upper()} is not there.", put)
    if found.get("DeletedDate"):
        return failed(
            f"The secret of {name.upper()} will be deleted.",
            f"aws secretsmanager restore-secret --secret-id {arn}",
        )
    changed = found.get("LastChangedDate") or found.get("CreatedDate")
    if name not in BY_HAND or not changed:
        return None
    days = (datetime.fromtimestamp(look.now(), UTC) - changed).days
    if days > ROTATE_DAYS:
        return warning(f"{name.upper()} is {days} days old.", f"{put}; revoke the old one.")
    return None
