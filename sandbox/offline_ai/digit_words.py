"""English digits read one by one, and the words a recogniser mistakes them for. Pure."""

from collections.abc import Sequence

_IN_ORDER = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = frozenset({*_IN_ORDER, "oh"})
#: Heard instead of a digit, but a digit only between digits.
_HOMOPHONES = {
    "to": "two",
    "too": "two",
    "for": "four",
    "fore": "four",
    "ate": "eight",
    "won": "one",
    "o": "oh",
    "sex": "six",
    "tree": "three",
}
#: Digits a run must have before any homophone in it is believed.
_LEAST_DIGITS = 3
_VALUES = {word: value for value, word in enumerate(_IN_ORDER)} | {"oh": 0}


def repaired(words: Sequence[str]) -> list[str]:
    """`words` with homophones inside runs of digits turned into the digits they sound like.

    "seven seven zero to nine four" -> "seven seven zero two nine four"; "one to five" stays.
    """
    out = list(words)
    at = 0
    while at < len(out):
        end = at
        while end < len(out) and (out[end] in _DIGITS or out[end] in _HOMOPHONES):
            end += 1
        _repair_run(out, at, end)
        at = max(end, at + 1)
    return out


def _repair_run(out: list[str], start: int, end: int) -> None:
    """The run lies in `out[start:end]`; homophones at its ends are ordinary words."""
    while start < end and out[start] not in _DIGITS:
        start += 1
    while end > start and out[end - 1] not in _DIGITS:
        end -= 1
    run = out[start:end]
    if sum(word in _DIGITS for word in run) >= _LEAST_DIGITS or _is_no_range(run):
        out[start:end] = [_HOMOPHONES.get(word, word) for word in out[start:end]]


def _is_no_range(run: Sequence[str]) -> bool:
    """Whether it counts down: "two to one" cannot mean "from two to one"; "one to five" can."""
    if len(run) != 3 or run[1] not in ("to", "too"):
        return False
    return _VALUES[run[0]] >= _VALUES[run[2]]
