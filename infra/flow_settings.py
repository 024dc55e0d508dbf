"""What the deployment takes from the contact flows: hours, queues, views."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flowkit.views import View, parse_view, problems
from infra.settings import FLOWS, SettingsProblem

FILE = FLOWS / "settings.yaml"
Time = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """Open from `start` to `end` on `day` (MONDAY); 24:00 is Connect's 0:00 of the next day."""

    day: str
    start: Time
    end: Time


@dataclass(frozen=True)
class Hours:
    time_zone: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class FlowSettings:
    """`queues`: name to description; `views`: by name."""

    hours: dict[str, Hours]
    queues: dict[str, str]
    default_queue: str
    urgent_queue: str
    views: dict[str, View]


def load(file: Path = FILE) -> FlowSettings:
    """Raises SettingsProblem for a view that Connect would refuse."""
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    return FlowSettings(
        hours={name: _hours(one) for name, one in values["hours"].items()},
        queues={name: one["description"] for name, one in values["queues"].items()},
        default_queue=values["routing"]["default_queue"],
        urgent_queue=values["routing"]["urgent_queue"],
        views={one.stem: _view(one) for one in sorted((file.parent / "views").glob("*.json"))},
    )


def _view(file: Path) -> View:
    """Checked here: CloudFormation's handler is reported to try a refused view again and again."""
    view = parse_view(file.read_bytes(), file.stem)
    wrong = list(problems(view))
    if wrong:
        raise SettingsProblem(f"{file}: {' '.join(wrong)}")
    return view


def _hours(values: dict[str, Any]) -> Hours:
    spans = [
        Span(day.upper(), _time(span.partition("-")[0]), _time(span.partition("-")[2]))
        for day, open_at in values["open"].items()
        for span in open_at
    ]
    return Hours(values["time_zone"], tuple(spans))


def _time(text: str) -> Time:
    hours, _, minutes = text.strip().partition(":")
    return int(hours) % 24, int(minutes)
