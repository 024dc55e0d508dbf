"""The customer service window: free replies until 24 hours after the customer's last message.

Times are epoch seconds, as WhatsApp's timestamps. Pure.
"""

from chalicelib.whatsapp.limits import WINDOW_SECONDS

UNKNOWN = 0
"""A customer message without a readable time. Ignorance closes nothing: WhatsApp then decides
itself, and its 131047 comes back as a failed status."""

WINDOW_CLOSED = "windowClosed"
"""Contact attribute, yes or no: whether anything but a template would be refused."""

CLOCKS_DIFFER_SECONDS = 600
"""WhatsApp's clock and ours may differ: so long after the end as we reckon it, an answer is still
tried. Held back wrongly it would be lost; sent in vain it comes back as a failed status."""

STEP_SECONDS = 6 * 3600
"""How far what a contact flow is told may lag behind: each telling is a call to Connect."""


def window_closes_at(wrote_at: int) -> int | None:
    """When the window closes; None while the time of the last message is unknown."""
    return wrote_at + WINDOW_SECONDS if wrote_at > UNKNOWN else None


def window_open(wrote_at: int, now: int) -> bool:
    """Whether anything but a template may be sent."""
    closes = window_closes_at(wrote_at)
    return closes is None or now < closes


def surely_closed(wrote_at: int, now: int) -> bool:
    """Whether the window is closed by anybody's clock."""
    return not window_open(wrote_at, now - CLOCKS_DIFFER_SECONDS)


def moves_on(known: int, wrote_at: int) -> bool:
    """Whether flows should hear of a new end: with the first message of each `STEP_SECONDS`.

    Decided by the times alone, so that a repeated try decides the same.
    """
    return wrote_at // STEP_SECONDS > known // STEP_SECONDS


def seconds_left(wrote_at: int, now: int) -> int:
    """Seconds until the window closes, 0 when it has; a whole window when unknown."""
    closes = window_closes_at(wrote_at)
    return WINDOW_SECONDS if closes is None else max(0, closes - now)
