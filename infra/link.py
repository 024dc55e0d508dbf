"""What CloudFormation cannot do: secrets' values, and the WhatsApp account's event destination.

There is no CloudFormation type for End User Messaging Social. Linking the account to Meta is a
person's work in the console; sending its events to our topic is one call, made and checked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra import names
from infra.names import Names
from infra.settings import Stage

Clients = Callable[[str], Any]
"""A boto3 client by service name."""


class LinkProblem(Exception):
    """The account is not ready; the message says what to do where."""


@dataclass(frozen=True)
class Linked:
    """What the account looks like now. `changed`: whether this call set the destination."""

    waba: str
    destination: str
    numbers: tuple[str, ...]
    changed: bool


def link(stage: Stage, clients: Clients) -> Linked:
    """Send the account's events to our topic and check its numbers. Raises LinkProblem."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    messaging = clients("socialmessaging")
    account = _account(stage, messaging)
    wanted = at.topic_arn(names.WHATSAPP_EVENTS)
    present = [one["eventDestinationArn"] for one in account.get("eventDestinations", [])]
    if present and present != [wanted] and _is_connect(present[0]):
        raise LinkProblem(
            f"events of {account['id']} go to Amazon Connect ({present[0]}): take that away in the "
            "End User Messaging console first; an account has one destination"
        )
    if present != [wanted]:
        messaging.put_whatsapp_business_account_event_destinations(
            id=account["id"], eventDestinations=[{"eventDestinationArn": wanted}]
        )
    return Linked(
        waba=account["id"],
        destination=wanted,
        numbers=_numbers(stage, messaging, account["id"]),
        changed=present != [wanted],
    )


def _account(stage: Stage, messaging: Any) -> dict[str, Any]:
    """The linked account of the settings, or the only one there is."""
    linked = messaging.list_linked_whatsapp_business_accounts()["linkedAccounts"]
    if not linked:
        raise LinkProblem(
            "no WhatsApp account is linked: End User Messaging console > WhatsApp > Add WhatsApp "
            "phone number (Meta demands that a person does this)"
        )
    if not stage.whatsapp.waba_id and len(linked) > 1:
        raise LinkProblem(
            "several WhatsApp accounts are linked: name one as whatsapp.waba_id in "
            f"infra/settings.yaml ({', '.join(one['id'] for one in linked)})"
        )
    found = next((o for o in linked if stage.whatsapp.waba_id in ("", o["id"], o["arn"])), None)
    if found is None:
        raise LinkProblem(f"{stage.whatsapp.waba_id} is not linked to this AWS account")
    return dict(found)


def _numbers(stage: Stage, messaging: Any, waba: str) -> tuple[str, ...]:
    details = messaging.get_linked_whatsapp_business_account(id=waba)["account"]
    present = tuple(one["phoneNumberId"] for one in details.get("phoneNumbers", []))
    missing = [number for number in stage.whatsapp.numbers if number not in present]
    if missing:
        raise LinkProblem(
            f"{', '.join(missing)} do not belong to {waba}; it has {', '.join(present) or 'none'}"
        )
    if not present:
        raise LinkProblem(f"{waba} has no phone number yet: add one in the console")
    return present


def _is_connect(arn: str) -> bool:
    return ":connect:" in arn


def put_secret(stage: Stage, clients: Clients, setting: str, value: str) -> bool:
    """Create or replace a secret; True when it is new. Needs the stack `data` (its KMS key)."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    secrets = clients("secretsmanager")
    try:
        secrets.put_secret_value(SecretId=at.secret(setting), SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        secrets.create_secret(
            Name=at.secret(setting),
            Description=f"Setting {setting} of {stage.prefix}",
            KmsKeyId=f"alias/{stage.prefix}",
            SecretString=value,
            Tags=[{"Key": name, "Value": value} for name, value in stage.tags.items()],
        )
        return True
    return False


def has_secret(stage: Stage, clients: Clients, setting: str) -> bool:
    """Whether the secret is there."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    try:
        clients("secretsmanager").describe_secret(SecretId=at.secret(setting))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True
