"""Words of a transcript, compared without case, accents' encoding or punctuation."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text: str) -> list[str]:
    """Lower-case words in order: "I'd pay 5." -> ["i'd", "pay", "5"]."""
    normal = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    return _WORD.findall(normal)


def contains_words(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` one after the other; never for no words."""
    wanted, found = words(phrase), words(text)
    last = len(found) - len(wanted)
    return bool(wanted) and any(found[at : at + len(wanted)] == wanted for at in range(last + 1))


_LINE_CONTROLS = {"\n", "\t"}


def without_controls(text: str) -> str:
    """`text` without control and format characters (also bidirectional ones); lines stay."""
    return "".join(
        ch for ch in text if ch in _LINE_CONTROLS or unicodedata.category(ch) not in ("Cc", "Cf")
    )
