"""The doctor's checks of quotas: what the configured load needs against what this account has."""

import math
from collections.abc import Callable
from functools import partial

from ops.findings import Finding, failed, ok, unchecked, warning
from ops.load import QUOTAS, SPARE, Load, Quota
from ops.look import Look

NUMBER_RATE = 80  # messages a second of one number, both ways; Meta raises it to 1,000 by itself
SAY = (
    "Set EXPECTED_CHATS, EXPECTED_MESSAGES_PER_SECOND and EXPECTED_NEW_CHATS_PER_SECOND to those "
    "of your busiest moment, then ask again."
)


def load_of(look: Look) -> Load:
    """The load of the settings; who names no new chats has one in ten messages."""
    settings = look.settings
    messages = settings.expected_messages_per_second
    return Load(
        chats=settings.expected_chats,
        messages=messages,
        new_chats=settings.expected_new_chats_per_second or messages / 10,
    )


def _quota(quota: Quota, look: Look) -> Finding:
    load = load_of(look)
    known = look.quotas(quota.service).get(quota.name)
    value, code = known or (quota.default, "")
    has = (
        f"{value:g} {quota.about}{'' if known else ' (the default; Service Quotas does not tell)'}."
    )
    if not load.is_said:
        return unchecked(has, SAY)
    needed = quota.needs(load)
    if needed <= value:
        return ok(f"{has} The load needs {math.ceil(needed)}.")
    says = f"{has} The load needs {math.ceil(needed)}: the rest waits, in order."
    return failed(says, request(quota, code, needed, load, look))


def request(quota: Quota, code: str, needed: float, load: Load, look: Look) -> str:
    """What to send to AWS: the command where the quota has a code, and the words for it."""
    wanted = math.ceil(needed * SPARE)
    settings = look.settings
    region, account = settings.chat_streaming_topic_arn.split(":")[3:5]
    instance = f"arn:aws:connect:{region}:{account}:instance/{settings.connect_instance_id}"
    of = f", {instance}" if quota.of_instance else ""
    words = (
        f'"Please raise {quota.name} ({quota.service}, {region}, account {account}{of}) to '
        f"{wanted}. Customers write to our contact center on WhatsApp; each is one chat that stays "
        f"open for up to 25 hours. At our busiest moment we expect {load.chats:g} open chats, "
        f'{load.messages:g} messages and {load.new_chats:g} new chats a second."'
    )
    if not code:
        return f"AWS Support > Service limit increase: {words}"
    context = f" --context-id {instance}" if quota.of_instance else ""
    return (
        f"aws service-quotas request-service-quota-increase --region {region} "
        f"--service-code {quota.service} --quota-code {code} --desired-value {wanted}{context}; "
        f"when AWS asks: {words}"
    )


def number_rate(look: Look) -> Finding:
    load = load_of(look)
    says = f"WhatsApp takes {NUMBER_RATE} messages a second of one number, both ways."
    if not load.is_said:
        return unchecked(says, SAY)
    both = load.messages + load.answers
    if both <= NUMBER_RATE:
        return ok(f"{says} The load needs {both:g}.")
    return warning(
        f"{says} The load needs {both:g}.",
        "Meta raises a number to 1,000 by itself when its quality is good and it writes to 100,000 "
        "people in a day; before that, share the load between numbers (whatsapp.numbers).",
    )


def pacing(look: Look) -> Finding:
    """A quota that was raised is of no use while we pace ourselves to the old one."""
    settings = look.settings
    paced = {
        "Rate of SendMessage API requests": settings.connect_messages_per_second,
        "Rate of StartChatContact API requests": settings.connect_chats_per_second,
        "Rate of StartAttachmentUpload API requests": settings.connect_uploads_per_second,
    }
    known = look.quotas("connect")
    slow = [
        f"{name}: {known[name][0]:g}"
        for name, ours in paced.items()
        if name in known and 0 < ours < known[name][0]
    ]
    if slow:
        return warning(
            f"We pace ourselves below the account's quotas ({'; '.join(slow)}).",
            "Set CONNECT_MESSAGES_PER_SECOND, CONNECT_CHATS_PER_SECOND and "
            "CONNECT_UPLOADS_PER_SECOND to the quotas (infra/settings.yaml, product), then deploy.",
        )
    return ok("We pace ourselves to the account's quotas.")


CHECKS: dict[str, Callable[[Look], Finding]] = {
    **{f"quota_{quota.key}": partial(_quota, quota) for quota in QUOTAS},
    "number_rate": number_rate,
    "pacing": pacing,
}
