"""What must be seen, whatever happens on the way: the whole promise in ten lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate


class Reference:
    """What one side wrote, and how the other side's list of words differs from it."""

    def __init__(self) -> None:
        self.wrote: dict[str, float] = {}  # words -> when, epoch seconds

    def missing(self, seen: Sequence[str]) -> list[str]:
        return [words for words in self.wrote if words not in seen]

    def invented(self, seen: Sequence[str]) -> list[str]:
        return [words for words in seen if words not in self.wrote]

    def twice(self, seen: Sequence[str]) -> list[str]:
        return [words for words, count in Counter(seen).items() if count > 1]

    def overtaken(self, seen: Sequence[str], by_s: float = 0.0) -> Mapping[str, str]:
        """Words -> the newest before them, where that one was written more than `by_s` later."""
        times = [(int(self.wrote[words]), words) for words in seen if words in self.wrote]
        newest = zip(times, accumulate(times, max), strict=True)
        return {words: later for (at, words), (then, later) in newest if then - at > by_s}
