"""The secrets of a stage: their names, and their values, which CloudFormation must not know."""

from collections.abc import Iterator

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from infra import link_keys
from infra.link import Clients
from infra.names import AI_KEY, LINK_KEY, Names
from infra.problem import Problem
from infra.settings import Stage

NOT_THERE = "ResourceNotFoundException"


class SecretProblem(Problem):
    """The value cannot be a secret of this stage; the message says why."""


def put(stage: Stage, clients: Clients, setting: str, value: str) -> bool:
    """Create or replace a secret; True when it is new. Needs the stack `data` (its KMS key).

    Raises SecretProblem for a link key that is no half of one of the settings'.
    """
    name, secrets = _name(stage, setting, value), clients("secretsmanager")
    try:
        secrets.put_secret_value(SecretId=name, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != NOT_THERE:
            raise
        secrets.create_secret(
            Name=name,
            Description=f"Setting {setting} of {stage.prefix}",
            KmsKeyId=_alias(stage),
            SecretString=value,
            Tags=[{"Key": key, "Value": value} for key, value in stage.tags.items()],
        )
        return True
    return False


def missing(stage: Stage, clients: Clients) -> list[str]:
    """Settings whose secret is needed and not there: the AI key, the key that signs links."""
    wanted = {AI_KEY: _at(stage).secret(AI_KEY), **_signing(stage)}
    return [setting for setting, name in wanted.items() if not _is_there(clients, name)]


def may_sign(stage: Stage, clients: Clients) -> bool:
    """Whether a deployment may choose who signs links: the key has to be in Secrets Manager first,
    or what agents are shown until then has no links. A new stage has no key to encrypt it with yet,
    and no messages either."""
    lacking = [name for name in _signing(stage).values() if not _is_there(clients, name)]
    return not lacking or not _can_encrypt(stage, clients)


def _can_encrypt(stage: Stage, clients: Clients) -> bool:
    try:
        clients("kms").describe_key(KeyId=_alias(stage))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return False
        raise
    return True


def _alias(stage: Stage) -> str:
    return f"alias/{stage.prefix}"


def _signing(stage: Stage) -> dict[str, str]:
    chosen = stage.cdn
    return (
        {LINK_KEY: _at(stage).link_secret(link_keys.mark(chosen.public_key))}
        if chosen.domain
        else {}
    )


def _at(stage: Stage) -> Names:
    return Names(prefix=stage.prefix, account=stage.account, region=stage.region)


def _name(stage: Stage, setting: str, value: str) -> str:
    """One secret a setting; of link keys one each, since two stand side by side for a while."""
    if setting != LINK_KEY:
        return _at(stage).secret(setting)
    found = link_keys.mark(_public_half(value))
    if found not in _marks(stage):
        raise SecretProblem(
            "this private key is no half of cdn.public_key or cdn.public_key_beside of stage "
            f"{stage.name}: write its public half into infra/settings.yaml first"
        )
    return _at(stage).link_secret(found)


def _marks(stage: Stage) -> Iterator[str]:
    return (link_keys.mark(key) for key in stage.cdn.keys)


def _public_half(private_key: str) -> str:
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        link_keys.mark(public.decode())
    except (ValueError, TypeError) as problem:  # TypeError: it has a password
        raise SecretProblem(
            "no RSA private key without a password: `openssl genrsa -out link-key.pem 2048`"
        ) from problem
    return public.decode()


def _is_there(clients: Clients, name: str) -> bool:
    try:
        found = clients("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == NOT_THERE:
            return False
        raise
    return "DeletedDate" not in found
