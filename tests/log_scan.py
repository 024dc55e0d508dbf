"""What was logged, held against what was said: used over a whole test session.

Everything the product's logger writes is kept, formatted as it leaves for CloudWatch; so is
everything people in any sandbox wrote, are called and are reached by, and every token they had.
"""

import json
import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from chalicelib import log
from tests.source_tree import ROOT

SHORTEST = 8  # shorter texts turn up in our own sentences and identifiers; names as whole words
SHORTEST_NAME = 3
WRITTEN = {
    *("body", "caption", "filename", "text", "title", "description", "address", "note", "email"),
    *("name", "formatted_name", "first_name", "last_name", "profile_name", "username"),
    *("phone", "wa_id", "from", "user_id", "recipient_id", "recipient_user_id", "display_name"),
}
"""Keys of WhatsApp's events whose values are somebody's words, name or address."""
CHANGING = re.compile(r'"timestamp":"[^"]*",?')
WORD = re.compile(r"\w+")
SENTENCE = re.compile(r'"([^"\n]{8,}?)"')


class Kept(logging.Handler):
    """Every different line, in the product's own format."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(log.logger.registered_formatter)
        self.lines: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.add(CHANGING.sub("", self.format(record)))


def leaks(
    lines: Collection[str], secrets: Iterable[str], names: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """(secret, line) for each secret that stands in a line; at most one line a secret.

    `names` count as whole words only. A secret that is part of one of our own static sentences
    proves nothing and is left out.
    """
    return sorted({**_texts_in(lines, secrets), **_names_in(lines, names)}.items())


def _names_in(lines: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    every = {word for name in names for word in name.split()}
    words = {word for word in every if word.isalpha() and len(word) >= SHORTEST_NAME}
    words -= {word for sentence in our_sentences() for word in WORD.findall(sentence)}
    return {word: line for line in lines for word in words.intersection(WORD.findall(line))}


def _texts_in(lines: Iterable[str], secrets: Iterable[str]) -> dict[str, str]:
    known = "\n".join(our_sentences())
    wanted = {text for text in secrets if len(text) >= SHORTEST and text not in known}
    beginnings: dict[str, list[str]] = {}
    for text in wanted:
        beginnings.setdefault(text[:SHORTEST], []).append(text)
    found: dict[str, str] = {}
    for line in lines:
        for at in range(len(line) - SHORTEST + 1):
            for text in beginnings.get(line[at : at + SHORTEST], ()):
                if line.startswith(text, at):
                    found[text] = line
    return found


def our_sentences() -> Iterator[str]:
    """Every string literal of the product: sentences, codes, reasons, names of services."""
    for path in [*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "lambdas").glob("*.py")]:
        yield from SENTENCE.findall(path.read_text("utf-8"))


def of_world(world: object) -> Iterator[str]:
    """All that must stay private of a sandbox that is about to close."""
    for phone in world.phones.all:  # type: ignore[attr-defined]
        yield from filter(None, (phone.name, phone.number, phone.user_id, phone.username))
        for sent in phone.sent:
            yield sent.wamid
            yield from written(sent.body)
        for shown in phone.screen:
            yield from (shown.wamid, *lines_of(shown.text))
    for chat in world.chats:  # type: ignore[attr-defined]
        yield from (one.token for one in chat.participants)
        for item in chat.items:
            yield from lines_of(item.content or "")
    yield from world.connections._given  # type: ignore[attr-defined]


def names_of(world: object) -> Iterator[str]:
    """What the customers of a sandbox are called."""
    for phone in world.phones.all:  # type: ignore[attr-defined]
        yield phone.name


def of_payloads(folder: Path) -> Iterator[str]:
    """All words, names and addresses in the event files of the tests."""
    for path in folder.rglob("*.json"):
        yield from written(json.loads(path.read_text("utf-8")))


def written(value: object, key: str = "") -> Iterator[str]:
    """Every text under a key of WRITTEN, line by line, at any depth."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from written(inside, name)
    elif isinstance(value, list):
        for inside in value:
            yield from written(inside, key)
    elif isinstance(value, str) and key in WRITTEN:
        yield from lines_of(value)


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def watching(
    world_type: type,
    told: Callable[[Iterable[str]], None],
    called: Callable[[Iterable[str]], None],
) -> Callable[..., None]:
    """An `__exit__` for `world_type` that tells what was private, and who was called what, before
    it closes."""
    close = world_type.__exit__

    def closing(self: object, *exception: object) -> None:
        told(of_world(self))
        called(names_of(self))
        close(self, *exception)

    return closing
