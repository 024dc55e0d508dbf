"""What passed on each day and about what it cost, from the recorded messages (LA-69). Pure.

Dollars are list prices (`chalicelib/list_prices.py`) times what was recorded. What Meta bills, and
what was paid for listening and reading, is told by the records; not what was paid for facts that
fitted no form. Amazon bills texts that went as one message once, so its part is
the most it can be.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.list_prices import bill

DAY = 24 * 3600
CENT = Decimal("0.0001")
# What a status says of a billed message -> its price; another category has none here.
PRICED = {"service": "meta_service_message", "utility": "meta_utility_template"}


@dataclass(slots=True)
class Day:
    """One day, UTC. `unpriced`: billed messages of a category whose price is not known here."""

    day: str
    customers: set[str] = field(default_factory=set)
    chats: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    billed: Counter[str] = field(default_factory=Counter)
    ai_usd: Decimal = Decimal(0)

    @property
    def usd(self) -> dict[str, Decimal]:
        """Dollars by payee."""
        passed = self.counts["received"] + self.counts["sent"]
        # A voice note is shown as its card and its sound.
        shown = passed + self.counts["voice_notes"]
        sums = bill({"connect_message": shown, "eum_message": passed, **self.billed})
        return {"Connect": sums["Connect"], "WhatsApp": sums["WhatsApp"], "AI": self.ai_usd}

    def as_json(self) -> dict[str, Any]:
        total = sum(self.usd.values(), Decimal(0))
        each = total / len(self.chats) if self.chats else Decimal(0)
        names = ("received", "voice_notes", "sent", "failed", "unpriced")
        return {
            "day": self.day,
            "customers": len(self.customers),
            "chats": len(self.chats),
            **{name: self.counts[name] for name in names},
            "usd": {payee: _dollars(part) for payee, part in self.usd.items()},
            "usd_total": _dollars(total),
            "usd_a_chat": _dollars(each),
        }


def days(items: Iterable[Any], first: int, last: int) -> list[Day]:
    """Every day of [first, last), in order; those without a message too."""
    found = {day_of(at): Day(day_of(at)) for at in range(first, last, DAY)}
    for item in items:
        # Notes of the product itself, such as who was asked to send again, have no direction.
        if item.direction:
            _add(found[day_of(int(item.sent_at))], item)
    return list(found.values())


def day_of(at: int) -> str:
    """Epoch seconds -> 2026-11-26."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def table(found: Iterable[Day]) -> str:
    """A line a day, for people."""
    head = ("day", "customers", "chats", "received", "voice", "sent", "failed", "dollars", "a chat")
    return "\n".join("".join(f"{cell:>11}" for cell in row) for row in (head, *map(_row, found)))


def _row(one: Day) -> tuple[str, ...]:
    told = one.as_json()
    names = ("customers", "chats", "received", "voice_notes", "sent", "failed")
    return (one.day, *(str(told[name]) for name in names), told["usd_total"], told["usd_a_chat"])


def _add(day: Day, item: Any) -> None:
    day.customers.add(item.customer or "")
    day.chats.add(item.contact or "")
    if item.direction == "in":
        day.counts["received"] += 1
        day.counts["voice_notes"] += item.kind == "voice"
        day.ai_usd += _paid(item.voice_note)
        return
    failed = item.status == "failed"
    day.counts["failed" if failed else "sent"] += 1
    pricing = json.loads(item.pricing) if item.pricing and not failed else {}
    if pricing.get("billable"):
        price = PRICED.get(pricing.get("category", ""))
        (day.billed if price else day.counts)[price or "unpriced"] += 1


def _paid(voice_note: str | None) -> Decimal:
    """What the AI services took for it. A note of before this was kept knows of listening only."""
    note = json.loads(voice_note) if voice_note else {}
    transcript = note.get("transcript") or {}
    return Decimal(str(note.get("ai_usd") or transcript.get("cost_usd") or 0))


def _dollars(amount: Decimal) -> str:
    return str(amount.quantize(CENT))
