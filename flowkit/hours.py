"""Hours of operation as settings.yaml writes them: is it open at this moment?

    time_zone: America/New_York
    open: {monday: ["09:00-12:30", "13:00-18:00"], saturday: []}

Days without an entry are closed. A range ends before its end; "24:00" is the end of the day.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_RANGE = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_END_OF_DAY = 24 * 60


class HoursError(ValueError):
    """Hours of operation are written wrongly; the message says what."""


def is_open(hours: dict[str, Any], now: datetime) -> bool:
    """Whether `now` (aware) lies within the hours, in their own time zone."""
    try:
        local = now.astimezone(ZoneInfo(str(hours.get("time_zone", "UTC"))))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise HoursError(f"there is no time zone {hours.get('time_zone')}") from error
    minute = local.hour * 60 + local.minute
    ranges = (hours.get("open") or {}).get(DAYS[local.weekday()]) or []
    return any(start <= minute < end for start, end in map(_minutes, ranges))


def _minutes(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(str(text))
    if match is None:
        raise HoursError(f'{text!r} is no range such as "09:00-18:00"')
    a, b, c, d = map(int, match.groups())
    start, end = a * 60 + b, c * 60 + d
    if not 0 <= start < end <= _END_OF_DAY:
        raise HoursError(f"{text!r} does not end after it starts, within one day")
    return start, end
