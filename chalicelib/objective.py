"""The objective (CP-41): 99.9 % of the messages are through within two minutes. Counts the others.

Late are also messages that were held on purpose, by a customer's rate or by a part whose fate was
not sure: whoever waits for them does not know why.
"""

from collections.abc import Iterable

from chalicelib.connect_events import ChatEvent
from chalicelib.conversation import Member
from chalicelib.log import count

IN_TIME_SECONDS = 120  # as the alarms on the queues' ages, infra/stacks/observability.py


def count_inbound(members: Iterable[Member], now: int) -> None:
    """`members` were shown to an agent, or parked, at `now`, epoch seconds."""
    late = sum(_is_late(member.sent_at, now) for member in members)
    if late:
        count("InboundLate", late)


def count_outbound(event: ChatEvent, now: int) -> None:
    """`event` was handled towards WhatsApp at `now`, epoch seconds."""
    if _is_late(int(event.at.timestamp()), now):
        count("OutboundLate")


def _is_late(sent_at: int, now: int) -> bool:
    """0: nobody told when it was sent."""
    return sent_at > 0 and now - sent_at > IN_TIME_SECONDS
