"""What CloudFormation cannot do: the WhatsApp account's event destination.

There is no CloudFormation type for End User Messaging Social. Linking the account to Meta is a
person's work in the console; sending its events to our topic is one call, made and checked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra import names
from infra.names import Names
from infra.problem import Problem
from infra.settings import Stage

Clients = Callable[[str], Any]
"""A boto3 client by service name."""


class LinkProblem(Problem):
    """The account is not ready; the message says what to do where."""


@dataclass(frozen=True)
class Linked:
    """What the account looks like now. `changed`: whether this call set the destination."""

    waba: str
    destination: str
    numbers: tuple[str, ...]
    changed: bool


def link(stage: Stage, clients: Clients) -> list[Linked]:
    """Send the accounts' events to our topic and check our numbers. Raises LinkProblem."""
    messaging = clients("socialmessaging")
    made = [_linked(stage, messaging, account) for account in _accounts(stage, messaging)]
    _check_numbers(stage, made)
    return made


def _linked(stage: Stage, messaging: Any, account: dict[str, Any]) -> Linked:
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
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
        numbers=_numbers(messaging, account["id"]),
        changed=present != [wanted],
    )


def _accounts(stage: Stage, messaging: Any) -> list[dict[str, Any]]:
    """The linked accounts of the settings, or the only one there is."""
    pages = messaging.get_paginator("list_linked_whatsapp_business_accounts").paginate()
    linked = [one for page in pages for one in page["linkedAccounts"]]
    if not linked:
        raise LinkProblem(
            "no WhatsApp account is linked: End User Messaging console > WhatsApp > Add WhatsApp "
            "phone number (Meta demands that a person does this)"
        )
    wanted = stage.whatsapp.waba_ids
    if not wanted and len(linked) > 1:
        raise LinkProblem(
            "several WhatsApp accounts are linked: name ours as whatsapp.waba_ids in "
            f"infra/settings.yaml ({', '.join(one['id'] for one in linked)})"
        )
    strange = [name for name in wanted if not any(name in (o["id"], o["arn"]) for o in linked)]
    if strange:
        raise LinkProblem(f"{', '.join(strange)}: not linked to this AWS account")
    return [dict(one) for one in linked if not wanted or {one["id"], one["arn"]} & {*wanted}]


def _numbers(messaging: Any, waba: str) -> tuple[str, ...]:
    details = messaging.get_linked_whatsapp_business_account(id=waba)["account"]
    present = tuple(one["phoneNumberId"] for one in details.get("phoneNumbers", []))
    if not present:
        raise LinkProblem(f"{waba} has no phone number yet: add one in the console")
    return present


def _check_numbers(stage: Stage, made: list[Linked]) -> None:
    present = [number for one in made for number in one.numbers]
    missing = [number for number in stage.whatsapp.numbers if number not in present]
    if missing:
        wabas = " or ".join(one.waba for one in made)
        raise LinkProblem(
            f"{', '.join(missing)} do not belong to {wabas}; there are {', '.join(present)}"
        )


def _is_connect(arn: str) -> bool:
    return ":connect:" in arn
