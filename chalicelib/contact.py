"""The way back: a Connect contact and what is being sent from it to WhatsApp. Pure.

SendWhatsAppMessage has no idempotency token, so a send whose answer was lost is *unsure*: a status
that carries our callback data proves it, else after `T` seconds it is sent once more (promise O2).
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.conversation import OpenChat, Reply, may_take_over, token
from chalicelib.ring import Ring, entry

CALLBACK_VERSION = "1"
OUTBOUND = "out#"  # begins the keys of what we sent
REDRIVEN = "#r"  # between a chat event's id and how often an operator sent it again
Unsure = Literal["proven", "wait", "send_again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPending:
    """A claim on one chat event. Parts below `next` were sent; the one at `next` may have been.

    `attempt` numbers the sends of the part at `next`; `attempts` counts workers that took the
    claim; `since`: epoch seconds of the present worker's last durable step; 0 = released before
    anything was sent.
    """

    id: str
    event: str
    sent_at: int
    since: int
    next: int = 0
    attempt: int = 1
    attempts: int = 1

    @property
    def ring_entry(self) -> str:
        return entry(self.event, self.sent_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactItem:
    """The contact item (protocol section 3), found by InitialContactId."""

    chat: OpenChat
    conversation: str
    customer: str
    reply: Reply
    language: str = ""
    wrote_at: int = 0
    done: Ring = field(default_factory=Ring)
    pending: OutboundPending | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """Our `biz_opaque_callback_data`: which part of which chat event, and which attempt."""

    contact: str
    event: str
    part: int
    attempt: int

    def __str__(self) -> str:
        return "|".join(
            (CALLBACK_VERSION, self.contact, self.event, str(self.part), str(self.attempt))
        )

    @property
    def record(self) -> str:
        """Key of the message item of this part, the same for every attempt."""
        return record_key(self.event, self.part)


def record_key(event: str, part: int) -> str:
    """Key of the message item of one part of a chat event."""
    return f"{OUTBOUND}{event}#{part}"


def sent_under(event: str) -> list[str]:
    """The ids under which a message that an operator sent again was tried before, newest last;
    none of one that was not."""
    original, _, again = event.partition(REDRIVEN)
    if not again.isdigit():
        return []
    return [original, *(f"{original}{REDRIVEN}{earlier}" for earlier in range(1, int(again)))]


def callback_of(record: str, contact: str) -> Callback | None:
    """What the callback data of a first send would be, from its record; None without a contact.

    An event that an operator sent again has a "#" in its id.
    """
    event, _, part = record.removeprefix(OUTBOUND).rpartition("#")
    if not (contact and record.startswith(OUTBOUND) and event and part.isdigit()):
        return None
    return Callback(contact, event, int(part), 1)


def read_callback(text: str | None) -> Callback | None:
    """The callback data of a status, or None when it is not ours."""
    fields = (text or "").split("|")
    if len(fields) != 5 or fields[0] != CALLBACK_VERSION:  # noqa: PLR2004  (as written above)
        return None
    if not (fields[3].isdigit() and fields[4].isdigit()):
        return None
    return Callback(fields[1], fields[2], int(fields[3]), int(fields[4]))


def judge_unsure(pending: OutboundPending, proven_attempt: int, now: int, wait_s: int) -> Unsure:
    """What to do with the part that may or may not have been sent (protocol 5.3)."""
    if proven_attempt:
        return "proven"
    return "wait" if now - pending.since < wait_s else "send_again"


def resumed(pending: OutboundPending, new_id: str, now: int) -> OutboundPending:
    """The same work under a new claim id.

    `since` stays, for it tells when the part may have been sent; a released claim starts anew.
    """
    return replace(pending, id=new_id, attempts=pending.attempts + 1, since=pending.since or now)


def sending_again(pending: OutboundPending, now: int) -> OutboundPending:
    return replace(pending, attempt=pending.attempt + 1, since=now)


def next_part(pending: OutboundPending, now: int) -> OutboundPending:
    return replace(pending, next=pending.next + 1, attempt=1, since=now)


def free(pending: OutboundPending, now: int) -> bool:
    """True when the worker that made this claim is surely gone, or has released it."""
    return may_take_over(pending.since, now)


def notice_token(*parts: object) -> str:
    """Token of a notice to the agent: said once, however often the cause is delivered."""
    return token("notice", *parts)
