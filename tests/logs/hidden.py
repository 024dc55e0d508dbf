"""Private texts in a line, whatever coding they hide in: the second look at a log.

The first (`accounted.py`) knows nothing of what people wrote and needs to know nothing. This one
finds what is private and eight characters long, also where the first would take it for something
that may stand there, and it can say whose it is.
"""

import ast
import base64
import html
import json
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from urllib.parse import unquote_plus

from tests.logs.accounted import PRODUCT, UUID
from tests.source_tree import modules

SHORTEST = 8
"""What is shorter stands in sentences and identifiers by chance; `accounted.py` finds it."""
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
SEPARATED = re.compile(r"(?<=\d)[ ().-]+(?=\d)")


def hidden(lines: Collection[str], private: Iterable[str]) -> dict[str, str]:
    """Private text -> a line that holds it, plainly or in another coding."""
    beginnings: dict[str, list[str]] = {}
    for text in _wanted(private):
        beginnings.setdefault(text[:SHORTEST], []).append(text)
    found: dict[str, str] = {}
    for line in {UUID.sub("", line) for line in lines}:
        for reading in readings(line):
            for at in range(len(reading) - SHORTEST + 1):
                for text in beginnings.get(reading[at : at + SHORTEST], ()):
                    if reading.startswith(text, at):
                        found[text] = line
    return found


def _wanted(private: Iterable[str]) -> Iterator[str]:
    """Without what our own sentences hold, and numbers also without the country's part."""
    for text in private:
        number = text.removeprefix("+")
        if number.isdecimal():
            yield number[-SHORTEST:]
        elif len(text) >= SHORTEST and text not in our_sentences():
            yield text


def readings(line: str) -> set[str]:
    """The line as it stands, and as whoever undoes one coding of it, or two, would read it."""
    once = set(_undone(line))
    return {line} | once | {twice for reading in once for twice in _undone(reading)}


def _undone(text: str) -> Iterator[str]:
    yield unquote_plus(text)
    yield html.unescape(text)
    yield SEPARATED.sub("", text)
    yield _unescaped(text)
    yield from filter(None, (_from_base64(run) for run in BASE64.findall(text)))


def _unescaped(text: str) -> str:
    """Without JSON's, or Python's, backslashes."""
    quoted = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', text)
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:
        return text.replace("\\", "")


def _from_base64(run: str) -> str:
    """Its text from each of the four places it may begin at, as far as it is one."""
    plain = run.replace("-", "+").replace("_", "/")
    parts = (plain[start:] for start in range(4))
    whole = (part[:-1] if len(part) % 4 == 1 else part for part in parts)
    decoded = (base64.b64decode(part + "=" * (-len(part) % 4)) for part in whole)
    return "\n".join(part.decode("utf-8", "ignore") for part in decoded)


@cache
def our_sentences() -> str:
    """Every string literal of the product."""
    return "\n".join(
        node.value
        for module in modules(*PRODUCT)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
