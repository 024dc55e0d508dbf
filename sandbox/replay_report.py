"""The report of a replay: a row a piece, and sums by kind and fate."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, get_args

from sandbox.outcomes import Fate, Outcome

_FILE, _KIND, _FATE, _TEXT = 44, 14, 12, 60


@dataclass(slots=True)
class Sums:
    """How many pieces of each kind had each fate."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one piece."""
        self.counts[outcome.kind, outcome.fate] += 1

    @property
    def lost(self) -> int:
        """Pieces that vanished, or arrived without their content."""
        return sum(count for (_, fate), count in self.counts.items() if fate == "lost")

    def as_json(self) -> dict[str, Any]:
        """{kind: {fate: count}}"""
        found: dict[str, dict[str, int]] = {}
        for (kind, fate), count in sorted(self.counts.items()):
            found.setdefault(kind, {})[fate] = count
        return found

    def table(self, *, fresh_chat: bool) -> str:
        """A line a kind, most frequent first, and the sum."""
        fates = [fate for fate in get_args(Fate) if any(f == fate for _, f in self.counts)]
        mode = "each message opens a chat" if fresh_chat else "in a live chat"
        lines = [f"{mode:<34}" + "".join(f"{fate:>13}" for fate in fates)]
        kinds = Counter[str]()
        for (kind, _), count in self.counts.items():
            kinds[kind] += count
        for kind, _ in kinds.most_common():
            lines.append(f"{kind[:33]:<34}" + self._cells(fates, kind))
        return "\n".join([*lines, f"{'all':<34}" + self._cells(fates)])

    def _cells(self, fates: list[str], kind: str | None = None) -> str:
        return "".join(f"{self._count(kind, fate) or '-':>13}" for fate in fates)

    def _count(self, kind: str | None, fate: str) -> int:
        counted = self.counts.items()
        return sum(n for (k, f), n in counted if f == fate and kind in (None, k))


def headline() -> str:
    """The first line of the readable report."""
    return f"{'file':<{_FILE}} {'kind':<{_KIND}} {'fate':<{_FATE}} what the agent sees"


def row(outcome: Outcome) -> str:
    """One piece in one line."""
    files = [f"[{one['name']}]" for one in outcome.attachments]
    seen = " ".join([*outcome.agent_text.split(), *files]) or outcome.why
    shown = seen if len(seen) <= _TEXT else seen[: _TEXT - 1] + "…"
    return (
        f"{outcome.file[-_FILE:]:<{_FILE}} {outcome.kind[:_KIND]:<{_KIND}} "
        f"{outcome.fate:<{_FATE}} {shown}"
    )
