"""Where a text may be cut without breaking a character that people see as one. Pure.

The standard library does not know grapheme clusters; this covers Unicode UAX #29 for what chats
hold: combining marks, emoji with skin tones, joiners, flags, key caps, tags, Hangul syllables and
line ends. Indic conjuncts and prepended marks are not kept together.
"""

import unicodedata

_ZWJ = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_HANGUL_L = (range(0x1100, 0x1160), range(0xA960, 0xA97D))
_HANGUL_V = (range(0x1160, 0x11A8), range(0xD7B0, 0xD7C7))
_HANGUL_T = (range(0x11A8, 0x1200), range(0xD7CB, 0xD7FC))
_SYLLABLES = range(0xAC00, 0xD7A4)
_FINALS = 28
"""Hangul: every 28th precomposed syllable has no final consonant (Unicode 3.12)."""


def is_boundary(text: str, at: int) -> bool:
    """Whether text[:at] and text[at:] both hold whole characters."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    if _extends(after) or before == _ZWJ or _hangul_goes_on(before, after):
        return False
    return not (ord(after) in _REGIONAL and _regionals_before(text, at) % 2)


def boundary_at_or_before(text: str, at: int) -> int:
    """The last boundary not after `at`; `at` itself when one character is longer than that."""
    cut = at
    while cut > 0 and not is_boundary(text, cut):
        cut -= 1
    return cut or at


def _extends(char: str) -> bool:
    code = ord(char)
    if code < 0x300:  # noqa: PLR2004  the first combining mark of Unicode
        return False
    joins = char in (_ZWJ, "\u200c") or code in _SKIN_TONES or code in _TAGS
    return joins or unicodedata.category(char) in ("Mn", "Me", "Mc")


def _regionals_before(text: str, at: int) -> int:
    start = at
    while start > 0 and ord(text[start - 1]) in _REGIONAL:
        start -= 1
    return at - start


def _hangul_goes_on(before: str, after: str) -> bool:
    left, right = _hangul(before), _hangul(after)
    follows = {"L": ("L", "V", "LV", "LVT"), "V": ("V", "T"), "T": ("T",)}
    return right in follows.get(left[-1:], ())


def _hangul(char: str) -> str:
    code = ord(char)
    if code in _SYLLABLES:
        return "LVT" if (code - _SYLLABLES.start) % _FINALS else "LV"
    for name, ranges in (("L", _HANGUL_L), ("V", _HANGUL_V), ("T", _HANGUL_T)):
        if any(code in part for part in ranges):
            return name
    return ""
