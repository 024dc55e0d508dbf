"""Word error rate. Pure."""

from collections.abc import Sequence

from chalicelib.words import words


def errors(reference: str, heard: str) -> tuple[int, int]:
    """Substituted, missing and added words, and the number of words there should be."""
    wanted = words(reference)
    return distance(wanted, words(heard)), len(wanted)


def distance(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Levenshtein distance over words."""
    row = list(range(len(found) + 1))
    for count, word in enumerate(wanted, 1):
        previous, row = row, [count]
        for at, other in enumerate(found, 1):
            replaced = previous[at - 1] + (word != other)
            row.append(min(previous[at] + 1, row[-1] + 1, replaced))
    return row[-1]
