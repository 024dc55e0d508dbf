"""What the customer has already of an answer that an operator sends again."""

from itertools import count, takewhile

from chalicelib.contact import record_key, sent_under
from chalicelib.ports.messages import Messages
from chalicelib.sent_history import SENT


def parts_sent(history: Messages, event: str) -> int:
    """How many of its first parts went out before it was parked; 0 of one that never was.

    A part that failed afterwards counts: the agent was told of it. Raises ServiceError.
    """
    earlier = sent_under(event)
    if not earlier:
        return 0
    return sum(1 for _ in takewhile(lambda part: _is_sent(history, earlier, part), count()))


def _is_sent(history: Messages, events: list[str], part: int) -> bool:
    keys = [record_key(event, part) for event in events]
    return any(history.fate(key) == SENT for key in keys) or any(
        history.status_of(key)[0] not in ("", "failed") for key in keys
    )
