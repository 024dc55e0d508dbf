"""Ids of the options we offer in buttons and lists, written so that a reply explains itself.

WhatsApp returns the id and a title cut to 20 or 24 characters. Our id holds the option's number,
its value and, where it differs, its full title; nothing has to be looked up when the reply comes.
"""

import re
from dataclasses import dataclass

MAX_ROW_ID = 200
"""Characters of a list row's id; a button's may have 256. Source: Meta, interactive-list."""

_OURS = re.compile(r"(option|slot):([0-9]{1,6}):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Option:
    """A choice we offered. `title` is "" when the title on the button is the better one."""

    number: int
    value: str
    title: str


def option_id(number: int, title: str) -> str:
    """Id of an option whose value is its title."""
    return f"option:{number}:{title}"[:MAX_ROW_ID]


def slot_id(number: int, date: str) -> str:
    """Id of a time slot: the value is the date as Connect wrote it, the title is a readable one."""
    return f"slot:{number}:{date}"[:MAX_ROW_ID]


def chosen(reply_id: str) -> Option | None:
    """The option that a reply's id stands for; None when the id is not one of these."""
    found = _OURS.fullmatch(reply_id)
    if not found:
        return None
    title = found[3] if found[1] == "option" else ""
    return Option(number=int(found[2]), value=found[3], title=title)
