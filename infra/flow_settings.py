"""What the deployment takes from the contact flows' own settings: hours and queues.

And the way back: `stage_section` prints the ids of a deployed stage as the section that
`contact_flows/settings.yaml` wants under `stages`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.settings import Stage

FILE = Path(__file__).parent.parent / "contact_flows" / "settings.yaml"
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
    """`queues`: name to description."""

    hours: dict[str, Hours]
    queues: dict[str, str]
    default_queue: str
    urgent_queue: str


def load(file: Path = FILE) -> FlowSettings:
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    return FlowSettings(
        hours={name: _hours(one) for name, one in values["hours"].items()},
        queues={name: one["description"] for name, one in values["queues"].items()},
        default_queue=values["routing"]["default_queue"],
        urgent_queue=values["routing"]["urgent_queue"],
    )


def stage_section(stage: str, region: str, account: str, ids: dict[str, dict[str, str]]) -> str:
    """YAML for `stages`; `ids` maps hours, queues, flows, modules (by name) and instance."""
    section: dict[str, Any] = {"region": region, "account": account}
    section["instance"] = ids["instance"]["id"]
    for kind in ("hours", "queues", "flows", "modules"):
        section[kind] = {name: {"id": one} for name, one in ids.get(kind, {}).items()}
    return yaml.safe_dump({"stages": {stage: section}}, sort_keys=False)


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


def of_instance(stage: Stage, clients: Callable[[str], Any]) -> dict[str, dict[str, str]]:
    """The ids of what a stage's instance has, by the names the flows use."""
    instance = stage.connect.instance_id or _exported(stage, clients("cloudformation"))
    connect = clients("connect")
    found: dict[str, dict[str, str]] = {"instance": {"id": instance}}
    listings = {
        "hours": ("list_hours_of_operations", "HoursOfOperationSummaryList"),
        "queues": ("list_queues", "QueueSummaryList"),
        "flows": ("list_contact_flows", "ContactFlowSummaryList"),
        "modules": ("list_contact_flow_modules", "ContactFlowModulesSummaryList"),
    }
    for kind, (operation, key) in listings.items():
        pages = connect.get_paginator(operation).paginate(InstanceId=instance)
        named = {one.get("Name", ""): one["Id"] for page in pages for one in page[key]}
        found[kind] = {
            name.removeprefix(f"{stage.prefix}-").replace("-", "_"): one
            for name, one in named.items()
            if name.startswith(f"{stage.prefix}-")
        }
    return found


def _exported(stage: Stage, cloudformation: Any) -> str:
    pages = cloudformation.get_paginator("list_exports").paginate()
    wanted = f"{stage.prefix}-instance-id"
    exports = {one["Name"]: one["Value"] for page in pages for one in page["Exports"]}
    return str(exports[wanted])
