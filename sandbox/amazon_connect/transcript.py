"""GetTranscript, as a pure function from the chat's items to one page.

Not documented, and set by switches: whether a start position includes its own item, and how far
the transcript lags behind what was sent.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sandbox.amazon_connect import limits, streaming
from sandbox.amazon_connect.records import Chat, Item, iso


class UnknownPositionError(ValueError):
    """The start position or page token names no item of this transcript."""


def read(
    chat: Chat, role: str, params: dict[str, Any], *, until: datetime, inclusive: bool
) -> dict[str, Any]:
    """One page for a participant of `role`, of items not newer than `until`.

    Raises UnknownPositionError.
    """
    items = [
        item
        for item in chat.items
        if item.in_transcript and item.visible_to(role) and item.at <= until
    ]
    if params.get("ContactId"):
        items = [item for item in items if item.contact_id == params["ContactId"]]
    forward = _is_forward(params)
    line = items if forward else items[::-1]
    rest = line[_start(line, params, forward, inclusive) :]
    size = params.get("MaxResults") or limits.TRANSCRIPT_PAGE
    return _answer(chat, rest, size, forward, params)


def _is_forward(params: dict[str, Any]) -> bool:
    """The page token keeps its direction; else FORWARD is the default with a start position."""
    token = params.get("NextToken")
    if token:
        return bool(token.startswith("F"))
    default = "FORWARD" if params.get("StartPosition") else "BACKWARD"
    return bool((params.get("ScanDirection") or default) == "FORWARD")


def _start(line: Sequence[Item], params: dict[str, Any], forward: bool, inclusive: bool) -> int:
    token, position = params.get("NextToken"), params.get("StartPosition") or {}
    if token:
        return _index(line, lambda item: item.id == token[2:]) + 1
    if "Id" in position:
        found = _index(line, lambda item: item.id == position["Id"])
        return found if inclusive else found + 1
    if "AbsoluteTime" in position:
        return _by_time(line, position["AbsoluteTime"], forward)
    if "MostRecent" in position:
        back = min(int(position["MostRecent"]), len(line))
        return len(line) - back if forward else max(back - 1, 0)
    return 0


def _by_time(line: Sequence[Item], time: str, forward: bool) -> int:
    for index, item in enumerate(line):
        if (iso(item.at) >= time) if forward else (iso(item.at) <= time):
            return index
    return len(line)


def _index(line: Sequence[Item], fits: Callable[[Item], bool]) -> int:
    for index, item in enumerate(line):
        if fits(item):
            return index
    raise UnknownPositionError("No such item in the transcript")


def _answer(
    chat: Chat, rest: Sequence[Item], size: int, forward: bool, params: dict[str, Any]
) -> dict[str, Any]:
    shown = list(rest[:size])
    answer: dict[str, Any] = {"InitialContactId": chat.id}
    if len(rest) > size:
        answer["NextToken"] = f"{'F' if forward else 'B'}:{shown[-1].id}"
    ascending = params.get("SortOrder") == "ASCENDING"
    ordered = shown if forward == ascending else shown[::-1]
    answer["Transcript"] = [entry(item) for item in ordered]
    return answer


def entry(item: Item) -> dict[str, Any]:
    """One item as GetTranscript answers it (model, Item)."""
    facts = {
        "AbsoluteTime": iso(item.at),
        "Content": item.content,
        "ContentType": item.content_type,
        "Id": item.id,
        "Type": item.type,
        "ParticipantId": item.participant and item.participant.id,
        "DisplayName": item.participant and item.participant.display_name,
        "ParticipantRole": item.role,
        "Attachments": [streaming.attachment(one) for one in item.attachments] or None,
        "MessageMetadata": streaming.metadata(item),
        "ContactId": item.contact_id,
    }
    return {key: value for key, value in facts.items() if value is not None}
