"""Phone, flow and desk side by side, as plain text: rows of `time | phone | flow | desk`."""

import textwrap
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

WIDEST, NARROWEST = 140, 78
_TIME = 8
_GAP = " | "


class Column(IntEnum):
    """Where something happens."""

    PHONE = 0
    FLOW = 1
    DESK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Something that happened. Texts of several lines stay in their column."""

    at: datetime
    column: Column
    text: str


class Layout:
    """Lays rows out for a terminal of `width` characters."""

    def __init__(self, width: int) -> None:
        self.width = max(NARROWEST, min(WIDEST, width))
        self._column = (self.width - _TIME - len(Column) * len(_GAP)) // len(Column)

    def heading(self) -> str:
        """The names of the columns, underlined."""
        names = self._joined("time", [name.name.title() for name in Column])
        return f"{names}\n{'-' * self.width}"

    def chapter(self, title: str) -> str:
        """A line that divides the story."""
        return f"\n== {title} ".ljust(self.width + 1, "=")

    def rows(self, row: Row) -> str:
        """One row; only its first line carries the time."""
        lines = []
        for number, text in enumerate(self._wrapped(row.text)):
            cells = ["" for _ in Column]
            cells[row.column] = text
            lines.append(self._joined(f"{row.at:%H:%M:%S}" if number == 0 else "", cells))
        return "\n".join(lines)

    def _wrapped(self, text: str) -> list[str]:
        found: list[str] = []
        for line in text.splitlines() or [""]:
            found += textwrap.wrap(line, self._column, subsequent_indent="  ") or [""]
        return found

    def _joined(self, time: str, cells: list[str]) -> str:
        padded = [f"{cell:<{self._column}}" for cell in cells]
        return _GAP.join([f"{time:<{_TIME}}", *padded]).rstrip()


def in_order(rows: list[Row]) -> list[Row]:
    """By time; what happens at one moment goes from the phone to the desk and keeps its order."""
    return sorted(rows, key=lambda row: (row.at, row.column))
