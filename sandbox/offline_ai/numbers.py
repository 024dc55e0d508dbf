"""Spoken numbers in a text, each with the words it came from. Pure; en, es, pt by text2num.

A text becomes items: words, or numbers as digits. `Reading.text` is the items in a row, on which
patterns can look for "order number 70429"; `Reading.words_at` leads back from a match to the
customer's own words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from text_to_num import find_numbers

#: One written thing: an e-mail address, a number with its marks, a word, or a currency sign.
_TOKEN = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[A-Za-z]{1,4}-?\d{3,12}\b|\+?\d[\d.,:/-]*\d|\d|[^\W\d_][\w'’]*|[$€£]|[.!?;,]"
)
_NUMBER = re.compile(r"\+?\d+")
#: Said for a digit inside a run of digits, besides the number words themselves.
_DIGIT_WORDS = {
    "en": {"oh": "0", "o": "0"},
    "es": {"cero": "0", "un": "1"},
    "pt": {"meia": "6", "zero": "0", "um": "1", "uma": "1"},
}
_REPEATS = {"en": {"double": 2, "triple": 3}, "es": {"doble": 2, "triple": 3}, "pt": {}}
LANGUAGES = ("en", "es", "pt")
#: People read long numbers out in groups; "two, three or four" is none.
_LEAST_GROUPED = 5


@dataclass(frozen=True, slots=True)
class Item:
    """`text` lower case or digits; `start` and `end` in the original text."""

    text: str
    start: int
    end: int
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its numbers as digits. `starts`: where each item begins in `text`."""

    original: str
    items: tuple[Item, ...]
    text: str
    starts: tuple[int, ...]

    def words_at(self, start: int, end: int) -> str:
        """The customer's own words behind `text[start:end]`."""
        inside = [
            item
            for item, at in zip(self.items, self.starts, strict=True)
            if at < end and at + len(item.text) > start
        ]
        return self.original[inside[0].start : inside[-1].end] if inside else ""


class _Token:
    """What text2num asks of a token."""

    def __init__(self, word: str) -> None:
        self._word = word

    def text(self) -> str:
        return self._word

    def nt_separated(self, _previous: "_Token") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


def read(text: str, language: str) -> Reading:
    """`text` with spoken numbers as digits and digits said one by one joined into one number."""
    items = _joined(_numbered(text, language), language)
    starts, at = [], 0
    for item in items:
        starts.append(at)
        at += len(item.text) + 1
    return Reading(text, tuple(items), " ".join(item.text for item in items), tuple(starts))


def _numbered(text: str, language: str) -> list[Item]:
    plain = [Item(m[0].lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    if language not in LANGUAGES:
        return [_written(item) for item in plain]
    out, done = [], 0
    for found in find_numbers([_Token(item.text) for item in plain], language, 0.0):
        out += [_written(item) for item in plain[done : found.start]]
        first, last = plain[found.start], plain[found.end - 1]
        if found.is_ordinal:
            # An ordinal may be a weekday in Portuguese ("sexta"): its words stay words, except
            # where it can only be a day of the month.
            out += (
                plain[found.start : found.end]
                if language == "pt"
                else [Item(re.sub(r"\D+$", "", found.text), first.start, last.end)]
            )
        else:
            out.append(Item(found.text, first.start, last.end, is_number=found.text.isdigit()))
        done = found.end
    return out + [_written(item) for item in plain[done:]]


def _written(item: Item) -> Item:
    return Item(item.text, item.start, item.end, is_number=_NUMBER.fullmatch(item.text) is not None)


def _joined(items: Sequence[Item], language: str) -> list[Item]:
    out: list[Item] = []
    for run in _runs(items, language):
        digits = _digits(run, language)
        if digits is None:
            out += run
        else:
            out.append(Item(digits, run[0].start, run[-1].end, is_number=True))
    return out


def _runs(items: Sequence[Item], language: str) -> Iterator[list[Item]]:
    """Neighbouring numbers (and what is said among them) together, other items alone."""
    inner = _DIGIT_WORDS.get(language, {}).keys() | _REPEATS.get(language, {}).keys() | {","}
    run: list[Item] = []
    for item in items:
        if item.is_number or (item.text in inner):
            run.append(item)
            continue
        yield from _ungrouped(run)
        run = []
        yield [item]
    yield from _ungrouped(run)


def _ungrouped(run: Sequence[Item]) -> Iterator[list[Item]]:
    """A long number read out in groups as one run; other numbers between commas by themselves."""
    pieces = [list(piece) for _, piece in groupby(run, key=lambda item: item.text == ",")]
    groups = [piece for piece in pieces if piece[0].text != ","]
    said = [item for group in groups for item in group]
    one_by_one = all(len(group) == 1 for group in groups)
    in_groups = all(len(group) > 1 for group in groups)
    if len(said) >= _LEAST_GROUPED and (one_by_one or in_groups):
        yield from _trimmed(said)
        return
    for piece in pieces:
        yield from _trimmed(piece)


def _trimmed(run: list[Item]) -> Iterator[list[Item]]:
    """A run that is only "oh" or "un" is words; so is such a word after the last number."""
    numbers = [at for at, item in enumerate(run) if item.is_number]
    if len(numbers) < 2:
        yield from ([item] for item in run)
        return
    end = numbers[-1] + 1
    yield run[:end]
    yield from ([item] for item in run[end:])


def _digits(run: Sequence[Item], language: str) -> str | None:
    """The run as one number, or None when it is not one said piece by piece."""
    if len(run) < 2:
        return None
    words, repeats = _DIGIT_WORDS.get(language, {}), _REPEATS.get(language, {})
    out, times = "", 1
    for item in run:
        if item.text in repeats:
            times = repeats[item.text]
            continue
        out += words.get(item.text, item.text) * times
        times = 1
    return out if _NUMBER.fullmatch(out) else None
