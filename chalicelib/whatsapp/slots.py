"""Time slots of a Connect TimePicker in words a customer reads. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from chalicelib.texts import Texts
from chalicelib.whatsapp import fields

MAX_OFFSET_MINUTES = 24 * 60 - 1


def slot_title(date: str, offset_minutes: float | None, texts: Texts) -> str:
    """ "Thu 26 Nov 14:00" in the picker's time zone; the date as it came when it is no date."""
    start = fields.moment_from_iso(date)
    if start is None:
        return date or "?"
    try:
        local = start.astimezone(_zone(offset_minutes, date))
    except OverflowError:  # the first or last day of the calendar
        return date
    return texts.get(
        "time.slot",
        weekday=texts.get("time.weekdays").split()[local.weekday()],
        day=local.day,
        month=texts.get("time.months").split()[local.month - 1],
        clock=f"{local:%H:%M}",
    )


def _zone(offset_minutes: float | None, date: str) -> timezone:
    """The picker's offset in minutes; without one the offset written in the date itself."""
    if offset_minutes is None:
        written = datetime.fromisoformat(date).utcoffset()
        return timezone(written) if written is not None else UTC
    minutes = max(-MAX_OFFSET_MINUTES, min(MAX_OFFSET_MINUTES, int(offset_minutes)))
    return timezone(timedelta(minutes=minutes))


def slot_description(slot: dict[str, Any], texts: Texts) -> str:
    """The slot's length, from seconds; "" when it is not told."""
    minutes = fields.integer(slot, "duration") // 60
    return texts.get("choice.minutes", minutes=minutes) if minutes > 0 else ""
