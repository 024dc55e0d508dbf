"""The words in JSON whose form nobody knows yet, for a person to read. Pure."""

from collections.abc import Iterator
from typing import Any

from chalicelib.whatsapp import fields

TECHNICAL = ("id", "type", "sha256", "url", "href", "token", "version", "timestamp", "animated")
"""Last words of keys whose values no agent can use: "id", "mime_type", "flow_token"."""

MAX_WORDS = 20
MAX_LENGTH = 1000
"""Values shown, and characters of them: enough to understand what the customer meant."""


def words_in(value: Any) -> str:
    """Texts and numbers in their order, " - " between them, ids and addresses left out."""
    found = dict.fromkeys(_words(value, depth=0))
    return " - ".join(list(found)[:MAX_WORDS])[:MAX_LENGTH]


def _words(value: Any, depth: int) -> Iterator[str]:
    if depth > fields.MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if str(key).rpartition("_")[2] not in TECHNICAL:
                yield from _words(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner, depth + 1)
    elif not isinstance(value, bool):
        yield from filter(None, [fields.scalar(value)])
