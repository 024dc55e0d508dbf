"""Delivery statuses only move forward, in whatever order their events arrive. Pure.

sent < failed < delivered < read < played. `delivered` may follow `failed` when the customer has
several devices, and then the customer has the message; `delivered` is skipped when the chat is
open. Source: Meta, webhooks/reference/messages/status; reference whatsapp-eum.md section 3.
"""

RANK = {"accepted": 1, "sent": 2, "failed": 3, "delivered": 4, "read": 5, "played": 6}
"""Rank of each status that says how far a message came. "accepted" is ours: the send returned."""

UNRANKED = 0
"""Rank of every other word (deleted, warning, ringing, tomorrow's): kept, moves nothing."""

REACHED = frozenset({"delivered", "read", "played"})
"""The customer has it."""


def rank(status: str) -> int:
    """How far this status is; 0 for one that says nothing about delivery."""
    return RANK.get(status, UNRANKED)


def furthest(known: str, seen: str) -> str:
    """The status to keep after `seen` arrived. Never moves backwards, in any order."""
    return seen if rank(seen) > rank(known) else known


def moves_forward(known: str, seen: str) -> bool:
    """Whether `seen` tells something new about a message whose status is `known` ("" = none)."""
    return rank(seen) > rank(known)


def supersedes(known: str, known_attempt: int, seen: str, attempt: int) -> bool:
    """Whether `seen`, of the send numbered `attempt`, is to stand in place of `known` ("" = none).

    The customer has a message as soon as one of its sends arrived; before that the word on the last
    send counts, and an earlier one's failure, told late or twice, says nothing about it.
    """
    if not known:
        return True
    if attempt == known_attempt or {known, seen} & REACHED:
        return moves_forward(known, seen)
    return attempt > known_attempt


def proves_sending(status: str) -> bool:
    """Whether this status shows that WhatsApp got the message: an unsure send did happen."""
    return rank(status) > RANK["accepted"]
