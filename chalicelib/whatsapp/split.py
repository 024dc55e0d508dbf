"""A long text in several messages: at a sensible place, nothing lost but the space at the cut.

Preferred cuts, each only if it leaves at least half a message: empty line, line end, sentence end;
then any space; then between two visible characters. Never inside a link or a marked span
(*bold*, _italic_, ~strike~, `code`) unless that span alone is longer than a message.
"""

import re
from collections.abc import Callable, Iterable

from chalicelib.whatsapp.graphemes import boundary_at_or_before

Size = Callable[[str], int]
Span = tuple[int, int]

_LINK = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}")
_MARKED = re.compile(
    r"```.+?```"
    r"|(?<![\w`])`[^`\n]+`"
    r"|(?<![\w*])\*(?=\S)[^*\n]+(?<=\S)\*(?![\w*])"
    r"|(?<![\w~])~(?=\S)[^~\n]+(?<=\S)~(?![\w~])"
    r"|(?<![\w])_(?=\S)[^_\n]+(?<=\S)_(?![\w])",
    re.DOTALL,
)
_PREFERRED = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[.!?…。！？]['\")\]]*\s"),
)
_SPACE = re.compile(r"\s+")


def utf8_size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, size: Size = len) -> list[str]:
    """Parts of at most `limit` by `size` (characters, or `utf8_size`); no part is blank."""
    parts: list[str] = []
    rest = text.strip()
    while size(rest) > limit:
        cut = _cut(rest, _longest_prefix(rest, limit, size))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in [*parts, rest] if part]


def _longest_prefix(text: str, limit: int, size: Size) -> int:
    """How many characters fit, at least one."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low


def _cut(text: str, longest: int) -> int:
    # Only what ends within a message's length behind the cut can be kept whole.
    near = text[: 2 * longest]
    links = [found.span() for found in _LINK.finditer(near)]
    marked = [found.span() for found in _MARKED.finditer(near)]
    for whole in ([*links, *marked], links, []):
        cut = _sensible(text, longest, whole)
        if cut:
            return cut
    return boundary_at_or_before(text, longest)


def _sensible(text: str, longest: int, whole: list[Span]) -> int:
    """The best cut outside the spans that must stay whole; 0 when there is none."""
    for pattern in _PREFERRED:
        cut = _last(pattern, text, longest, whole)
        if cut > longest // 2:
            return cut
    cut = _last(_SPACE, text, longest, whole)
    if cut:
        return cut
    return boundary_at_or_before(text, cut) if (cut := _before_spans(longest, whole)) else 0


def _last(pattern: re.Pattern[str], text: str, longest: int, whole: Iterable[Span]) -> int:
    # One character more: white space right after a full part is a perfect cut.
    ends = [min(found.end(), longest) for found in pattern.finditer(text, 0, longest + 1)]
    inside = [(start, end) for start, end in whole if start < longest]
    return max((at for at in ends if not _is_within(at, inside)), default=0)


def _is_within(at: int, spans: Iterable[Span]) -> bool:
    return any(start < at < end for start, end in spans)


def _before_spans(at: int, spans: Iterable[Span]) -> int:
    """The last place not after `at` that is inside no span (links and marks may overlap)."""
    for start, end in sorted(spans, reverse=True):
        if start < at < end:
            at = start
    return at
