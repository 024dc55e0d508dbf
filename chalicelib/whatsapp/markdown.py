"""Markdown -> the marks that WhatsApp shows: *bold* _italic_ ~strike~ `code` > - 1. Pure.

Agents, flows and language models write Markdown, plain text, or WhatsApp's own marks. A single
star is italic in Markdown and bold in WhatsApp, so there are two readings:
    text/markdown  everything is Markdown
    text/plain     only what cannot mean anything else (**bold**, ~~strike~~, [link](..), # heading)
Source of the marks: Meta, WhatsApp help centre "How to format your messages".
"""

import re
from collections.abc import Callable

MAX_SPAN = 1000
"""Characters between two marks. A bound keeps thousands of unclosed marks from costing seconds."""

_FENCE = re.compile(
    r"^(?P<fence>```+|~~~+)[^\n`]*\n(?P<code>.*?)(?:^(?P=fence)[ \t]*$|\Z)", re.M | re.S
)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<title>.+?)[ \t]*#*[ \t]*$")
_RULE = re.compile(r"^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_BULLET = re.compile(r"^(?P<indent>[ \t]*)[*+-][ \t]+(?P<task>\[[ xX]\][ \t]+)?(?=\S)")
_ANY_LINK = (
    rf"!?\[(?P<label>[^\[\]\n]{{0,{MAX_SPAN}}})\]"
    r"\((?P<url>[^()\s]{1,2000}(?:\([^()\s]*\)[^()\s]*)?)(?:[ \t]+\"[^\"\n]*\")?\)"
)
_SURE = (
    r"(?P<code>(?<!`)(?P<ticks>`{1,3})[^`\n]+(?P=ticks)(?!`))"
    rf"|(?P<link>{_ANY_LINK})"
    r"|(?P<auto><(?:https?://|mailto:)[^<>\s]+>)"
    r"|(?P<bare>(?:https?://|www\.)[^\s<>]+)"
    rf"|\*\*\*(?=\S)(?P<both>[^\n]{{1,{MAX_SPAN}}}?)(?<=\S)\*\*\*"
    rf"|\*\*(?=\S)(?P<bold>[^\n]{{1,{MAX_SPAN}}}?)(?<=\S)\*\*(?!\*)"
    rf"|~~(?=\S)(?P<strike>[^\n]{{1,{MAX_SPAN}}}?)(?<=\S)~~"
)
_MARKDOWN_ONLY = (
    rf"|(?<!\w)__(?=\S)(?P<bold2>[^\n]{{1,{MAX_SPAN}}}?)(?<=\S)__(?!\w)"
    r"|(?P<escape>\\[\\`*_{}\[\]()#+\-.!~>|])"
    rf"|(?<![\w*])\*(?=[^\s*])(?P<italic>(?:[^*\n]|\*\*[^*\n]+\*\*){{1,{MAX_SPAN}}})(?<=\S)\*(?![\w*])"
)
_PLAIN = re.compile(_SURE)
_MARKDOWN = re.compile(_SURE + _MARKDOWN_ONLY)


def to_whatsapp(text: str, *, markdown: bool = False) -> str:
    """The text with WhatsApp's marks. No word of it is lost; marks that mean nothing stay."""
    pattern = _MARKDOWN if markdown else _PLAIN
    pieces: list[str] = []
    done = 0
    for fence in _FENCE.finditer(text):
        pieces += [_blocks(text[done : fence.start()], pattern), _code_block(fence["code"])]
        done = fence.end()
    return "".join([*pieces, _blocks(text[done:], pattern)])


def _code_block(code: str) -> str:
    inside = code.removesuffix("\n")
    return f"```\n{inside}\n```" if inside.strip() else inside


def _blocks(text: str, pattern: re.Pattern[str]) -> str:
    return "\n".join(_line(line, pattern) for line in text.split("\n"))


def _line(line: str, pattern: re.Pattern[str]) -> str:
    if _RULE.match(line):
        return line
    if heading := _HEADING.match(line):
        return _marked("*", _inline(heading["title"], pattern, outer="*"))
    if bullet := _BULLET.match(line):
        box = bullet["task"] or ""
        done = "☑ " if box.strip().lower() == "[x]" else "☐ " if box else ""
        return f"{bullet['indent']}- {done}{_inline(line[bullet.end() :], pattern)}"
    return _inline(line, pattern)


def _inline(text: str, pattern: re.Pattern[str], outer: str = "") -> str:
    """Inline marks; those in `outer` are around the text already and are not set twice."""

    def replace(found: re.Match[str]) -> str:
        name = found.lastgroup or ""
        if name in _VERBATIM:
            return _VERBATIM[name](found)
        marks = _MARKS[name]
        inside = _inline(found[name], pattern, outer + marks)
        if _glued(found):
            return inside if pattern is _MARKDOWN else found[0]  # 2**3**4 is arithmetic
        new = "".join(mark for mark in marks if mark not in outer)
        return _marked(new, inside)

    return pattern.sub(replace, text)


def _marked(marks: str, inside: str) -> str:
    return f"{marks}{inside}{marks[::-1]}" if inside.strip() else inside


def _glued(found: re.Match[str]) -> bool:
    """Whether a mark touches a letter or digit outside: there WhatsApp shows it as it is."""
    text = found.string
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return before.isalnum() or after.isalnum()


def _link(found: re.Match[str]) -> str:
    label, url = found["label"].strip(), found["url"]
    if not label or label in (url, url.removeprefix("mailto:").removeprefix("tel:")):
        return url.removeprefix("mailto:").removeprefix("tel:")
    return f"{label} ({url})"


_MARKS = {"both": "*_", "bold": "*", "bold2": "*", "strike": "~", "italic": "_"}
_VERBATIM: dict[str, Callable[[re.Match[str]], str]] = {
    "code": lambda found: found[0],
    "link": _link,
    "auto": lambda found: found[0][1:-1].removeprefix("mailto:"),
    "bare": lambda found: found[0],
    "escape": lambda found: found[0][1:],
}
