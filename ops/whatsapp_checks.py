"""The doctor's checks of WhatsApp: account, numbers, templates, and what statuses bring back."""

from infra.names import WHATSAPP_EVENTS
from ops.findings import Finding, failed, first_of, ok, some, unchecked, warning
from ops.look import Facts, Look, numbers_of

COMPLETE = "COMPLETE"  # model, RegistrationStatus
APPROVED, STOPPED = "APPROVED", ("PAUSED", "DISABLED", "REJECTED")  # Meta, template status


def event_destination(look: Look) -> Finding:
    accounts = look.accounts()
    if not accounts:
        return failed(
            "No WhatsApp account is linked to this AWS account.",
            "End User Messaging console > WhatsApp > Add WhatsApp phone number.",
        )
    wanted = look.names.topic_arn(WHATSAPP_EVENTS)
    return first_of(
        *(_destination(one, wanted) for one in accounts),
        otherwise="Events of every WhatsApp account with a number of ours go to our topic.",
    )


def _destination(account: Facts, wanted: str) -> Finding | None:
    if account.get("registrationStatus", COMPLETE) != COMPLETE:
        return failed(
            f"The WhatsApp account {account['id']} is not registered to the end.",
            "End User Messaging console > the account > finish the registration with Meta.",
        )
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


def templates(look: Look) -> Finding:
    """After a day of silence only an approved template may be written (WhatsApp's window)."""
    found = [
        one
        for account in look.accounts()
        for one in look.aws(
            "socialmessaging", "list_whatsapp_message_templates", id=account["id"]
        ).get("templates", [])
    ]
    stopped = [one["templateName"] for one in found if one["templateStatus"] in STOPPED]
    approved = [one for one in found if one["templateStatus"] == APPROVED]
    if stopped:
        return warning(
            f"WhatsApp sends no more of {some(stopped)}: paused or refused.",
            "End User Messaging console > Message templates says why; change it and submit again.",
        )
    if not approved:
        return warning(
            "No message template is approved: nobody can write to a customer who was silent for "
            "a day.",
            "End User Messaging console > Message templates > Create.",
        )
    return ok(f"{len(approved)} message templates are approved.")


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
