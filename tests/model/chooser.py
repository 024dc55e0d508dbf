"""Depth-first enumeration of everything that may happen: each run makes one more path.

A path is a list of choices. `Chooser.choose` follows the path so far and takes the first option
beyond it; `paths` then moves the last choice that has options left, until none has.
"""

from collections.abc import Callable, Iterator


class Chooser:
    """The choices of one run. `taken` lists (chosen, options) in order."""

    def __init__(self, path: list[int]) -> None:
        self._path = path
        self.taken: list[tuple[int, int]] = []

    def choose(self, options: int) -> int:
        """A number below `options`; 0 is the undisturbed course of things."""
        if options == 1:
            return 0
        position = len(self.taken)
        chosen = self._path[position] if position < len(self._path) else 0
        self.taken.append((chosen, options))
        return chosen


def paths(run: Callable[[Chooser], None], limit: int = 2_000_000) -> int:
    """Run every path; returns how many there were. Raises RuntimeError beyond `limit`."""
    count, path = 0, []
    while True:
        chooser = Chooser(path)
        run(chooser)
        count += 1
        following = next_path(chooser.taken)
        if following is None:
            return count
        if count >= limit:
            raise RuntimeError(f"more than {limit} paths")
        path = following


def next_path(taken: list[tuple[int, int]]) -> list[int] | None:
    """The path after this one, or None when it was the last."""
    for position in range(len(taken) - 1, -1, -1):
        chosen, options = taken[position]
        if chosen + 1 < options:
            return [each for each, _ in taken[:position]] + [chosen + 1]
    return None


def describe(taken: list[tuple[int, int]]) -> str:
    """A path as text, to be replayed: `Chooser(path_of(text))`."""
    return ",".join(str(chosen) for chosen, _ in taken)


def disturbed(taken: list[tuple[int, int]]) -> Iterator[int]:
    """Positions at which this path left the undisturbed course."""
    return (position for position, (chosen, _) in enumerate(taken) if chosen)
