"""Customer text made safe to show: control characters, direction tricks, length. Pure.

What a customer types is data and may be hostile: a name or file name with a right-to-left override
shows "gpj.exe" as "exe.jpg", a line that copies our notice mark would speak in our voice.
"""

import re
from pathlib import PurePosixPath

_HARMLESS_MARK = "(i)"
_LOOKS_LIKE_NOTICE = re.compile(
    "^([ \t\u00a0\u200b-\u200f\u2060\ufeff]*)\u2139\ufe0f?", re.MULTILINE
)

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""Everything below space except tab and newline: Connect and terminals choke on them."""

_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
"""Turn every letter behind them around, Latin ones too; no keyboard of any language writes them.
The other direction marks stay in a text: Arabic and Hebrew sentences are built with them."""
_INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]")
"""Not ZWJ and ZWNJ: families of emoji and Persian words are built with them."""

_PATH_MARKS = re.compile(r'[\\/:*?"<>|]')

ELLIPSIS = "…"
MAX_FILENAME = 100
"""Characters of a file name as shown; Connect takes 256 for an attachment."""


def safe_body(text: str) -> str:
    """Text of several lines: no control characters, no line that looks like our notice."""
    one_newline = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    plain = _OVERRIDE.sub("", _CONTROLS.sub("", one_newline.replace("\u2029", "\n")))
    return _LOOKS_LIKE_NOTICE.sub(lambda found: found[1] + _HARMLESS_MARK, plain).strip()


def is_blank(text: str) -> bool:
    """Whether nobody could see anything of it."""
    return not _INVISIBLE.sub("", _DIRECTION.sub("", text)).strip()


def safe_line(text: str, limit: int) -> str:
    """A name or title on one line of at most `limit` characters, without direction marks."""
    plain = _INVISIBLE.sub("", _DIRECTION.sub("", safe_body(text)))
    return clip(" ".join(plain.split()), limit)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis in place of what was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def safe_filename(name: str | None, fallback: str = "file") -> str:
    """A file name without path, controls, direction marks or leading dots; extension kept."""
    plain = _PATH_MARKS.sub(
        "_", safe_line((name or "").replace("\\", "/"), 1024).rpartition("/")[2]
    )
    path = PurePosixPath(plain.lstrip(". ") or fallback)
    suffix = path.suffix if len(path.suffix) <= MAX_FILENAME // 4 else ""
    return path.name.removesuffix(suffix)[: MAX_FILENAME - len(suffix)] + suffix
