"""Dates and times a customer mentions, in en, es, pt: the words, and the day when it is certain.

The phrases are found by patterns of ours; dateparser only turns a found phrase into a date (its
own search takes "now" and "may" for dates, and digits of an order number for a year).
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import dateparser

from chalicelib.voice_note_facts import DateMention
from sandbox.offline_ai.numbers import Reading

_WEEKDAYS = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "es": ("lunes", "martes", "mi[ée]rcoles", "jueves", "viernes", "s[áa]bado", "domingo"),
    "pt": (
        *("segunda(?:[ -]feira)?", "ter[çc]a(?:[ -]feira)?", "quarta(?:[ -]feira)?"),
        *("quinta(?:[ -]feira)?", "sexta(?:[ -]feira)?", "s[áa]bado", "domingo"),
    ),
}
_MONTHS = {
    "en": "january|february|march|april|may|june|july|august|september|october|november|december",
    "es": "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    "|diciembre",
    "pt": "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro"
    "|dezembro",
}
_LEAD = {
    "en": r"(?:(?:before|by|since|until|till|on|next|last|this|after|from) )*(?:the )?",
    "es": r"(?:(?:antes|después|desde|hasta|para|el|la|del|de|próximo|pasado|este) )*",
    "pt": r"(?:(?:antes|depois|desde|até|para|na|no|da|do|de|próxima|próximo|esta|este) )*",
}
_RELATIVE = {
    "en": r"(?:the day (?:before|after) )?(?:yesterday|tomorrow)|today|tonight"
    r"|(?:last|next|this) (?:week|month|weekend)|in \d{1,2} (?:days?|weeks?)"
    r"|\d{1,2} (?:days?|weeks?|months?) ago|this (?:morning|afternoon|evening)",
    "es": r"anteayer|ayer|pasado mañana|(?<!la )(?<!por la )mañana(?! por)|hoy|esta noche"
    r"|(?:la )?(?:semana|mes) (?:pasad[oa]|que viene)|hace \d{1,2} (?:días?|semanas?)"
    r"|en \d{1,2} (?:días?|semanas?)",
    "pt": r"anteontem|ontem|depois de amanhã|amanhã|hoje|(?:semana|mês) (?:passad[oa]|que vem)"
    r"|h[áa] \d{1,2} (?:dias?|semanas?)|em \d{1,2} (?:dias?|semanas?)",
}
_HOUR = {
    "en": r"(?: at)? \d{1,2}(?::\d\d)?(?: ?[ap]m| o'clock| in the (?:morning|afternoon|evening))",
    "es": r" a las? \d{1,2}(?::\d\d)?(?: de la (?:mañana|tarde|noche))?",
    "pt": r" às \d{1,2}(?::\d\d)?(?: horas)?(?: da (?:manhã|tarde|noite))?",
}
#: A stretch of time; which of its days is meant nobody knows.
_STRETCH = re.compile(r"\b(?:weeks?|months?|weekend|semana|m[eê]s)\b")
_COUNTED = re.compile(r"\d")
#: Mentioned dates further away than this are misheard numbers.
_FARTHEST = timedelta(days=730)
#: Of a day without a year only one this near is certain to be meant.
_YEARLESS = timedelta(days=90)
_PAST = re.compile(r"\b(?:last|since|pasad[oa]|desde|passad[oa])\b")


def found_in(reading: Reading, language: str, received_at: datetime) -> list[DateMention]:
    """Every date phrase in order; `iso` only where the day is certain."""
    if language not in _MONTHS:
        return []
    return [
        DateMention(
            text=reading.words_at(match.start(), match.end()),
            iso=_iso(match, language, received_at),
        )
        for match in _matches(reading.text, language)
    ]


def _matches(text: str, language: str) -> Iterator[re.Match[str]]:
    day = r"\d{1,2}(?!\d)"
    months = _MONTHS[language]
    dated = rf"(?:{months}) {day}|{day}(?: of| de)? (?:{months})(?: (?:de )?20\d\d)?"
    core = rf"(?P<weekday>{'|'.join(_WEEKDAYS[language])})|(?P<dated>{dated})"
    core += rf"|(?P<relative>{_RELATIVE[language]})"
    return re.finditer(rf"\b{_LEAD[language]}(?:{core})\b(?:{_HOUR[language]})?", text)


def _iso(match: re.Match[str], language: str, received_at: datetime) -> str | None:
    today = received_at.date()
    if match["weekday"]:
        return _weekday(match, language, today).isoformat()
    phrase = match["dated"] or match["relative"]
    if _STRETCH.search(phrase) and not _COUNTED.search(phrase):
        return None
    base = received_at.replace(tzinfo=None)
    when = dateparser.parse(phrase, languages=[language], settings={"RELATIVE_BASE": base})
    if when is None:
        return None
    has_year = re.search(r"20\d\d", phrase) or match["relative"]
    day = when.date() if has_year else _nearest(when.date(), today)
    certain = _FARTHEST if has_year else _YEARLESS
    return day.isoformat() if abs(day - today) <= certain else None


def _weekday(match: re.Match[str], language: str, today: date) -> date:
    """The coming day of that name, or the last one after "since", "last", "desde", ..."""
    names = _WEEKDAYS[language]
    wanted = next(at for at, name in enumerate(names) if re.fullmatch(name, match["weekday"]))
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    behind = (today.weekday() - wanted - 1) % 7 + 1
    return today - timedelta(behind) if _PAST.search(match[0]) else today + timedelta(ahead)


def _nearest(day: date, today: date) -> date:
    """A date said without a year is the nearest one of that name."""
    years = (day.year - 1, day.year, day.year + 1)
    same = [day.replace(year=year) for year in years if (day.month, day.day) != (2, 29)]
    return min(same or [day], key=lambda other: abs(other - today))
