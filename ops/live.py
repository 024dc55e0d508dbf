"""`python -m ops metrics`: how Connect's queues and agents stand at this moment (CP-60)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ops.look import Look

# Our word -> Connect's metric and its unit (API reference, GetCurrentMetricData).
METRICS = {
    "waiting": ("CONTACTS_IN_QUEUE", "COUNT"),
    "oldest_s": ("OLDEST_CONTACT_AGE", "SECONDS"),
    "agents_online": ("AGENTS_ONLINE", "COUNT"),
    "agents_available": ("AGENTS_AVAILABLE", "COUNT"),
    "agents_busy": ("AGENTS_ON_CONTACT", "COUNT"),
    "chats": ("SLOTS_ACTIVE", "COUNT"),
    "room": ("SLOTS_AVAILABLE", "COUNT"),
}
HEAD = ("queue", "waiting", "oldest", "online", "available", "busy", "chats", "room")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow:
    """One queue. `oldest_s`: how long its first customer waits; `chats`: what its agents have open;
    `room`: how many more they can take. An agent of two queues counts in both."""

    queue: str
    waiting: int = 0
    oldest_s: int = 0
    agents_online: int = 0
    agents_available: int = 0
    agents_busy: int = 0
    chats: int = 0
    room: int = 0


def queues_now(look: Look) -> list[QueueNow]:
    """Every standard queue, those with customers waiting first. Raises a ServiceError."""
    names = look.queue_names()
    told = {one["Dimensions"]["Queue"]["Id"]: one for one in look.live([*names], METRICS.values())}
    found = [QueueNow(queue=name, **_values(told.get(id_, {}))) for id_, name in names.items()]
    return sorted(found, key=lambda one: (-one.waiting, one.queue))


def _values(result: Mapping[str, Any]) -> dict[str, int]:
    """Connect leaves out what it has nothing to say of."""
    by_name = {one["Metric"]["Name"]: one.get("Value") for one in result.get("Collections", [])}
    return {ours: round(by_name.get(theirs) or 0) for ours, (theirs, _) in METRICS.items()}


def table(queues: list[QueueNow]) -> str:
    """Lines for people."""
    rows = [HEAD, *(_row(one) for one in queues)]
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        f"{name:{width}}" + "".join(f"{word:>11}" for word in words) for name, *words in rows
    )


def _row(one: QueueNow) -> tuple[str, ...]:
    name, waiting, oldest, *others = asdict(one).values()
    return (name, str(waiting), f"{oldest} s" if waiting else "-", *map(str, others))
