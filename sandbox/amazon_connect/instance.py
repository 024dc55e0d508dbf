"""The emulated instance and its resources: queues, hours of operation, associated functions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.amazon_connect.flow_store import FlowStore
from sandbox.amazon_connect.view_store import ViewStore
from sandbox.ids import Ids

ALWAYS_OPEN = (("MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY", "00:00", "24:00"),)


@dataclass(slots=True, kw_only=True)
class Hours:
    """Hours of operation. `config` holds Connect's own entries {Day, StartTime, EndTime}."""

    id: str
    arn: str
    name: str
    time_zone: str
    config: list[dict[str, Any]]

    def is_open(self, now: datetime) -> bool:
        """Whether `now` lies inside an entry of its local day. 00:00 to 00:00 is the whole day."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        today = f"{local:%A}".upper()
        minute = local.hour * 60 + local.minute
        return any(_covers(entry, minute) for entry in self.config if entry["Day"] == today)


def _minutes(time: dict[str, int]) -> int:
    return time["Hours"] * 60 + time["Minutes"]


def _covers(entry: dict[str, Any], minute: int) -> bool:
    start, end = _minutes(entry["StartTime"]), _minutes(entry["EndTime"])
    return start <= minute < (end or 24 * 60)


@dataclass(slots=True, kw_only=True)
class Queue:
    """A standard queue. `max_contacts` None means without limit."""

    id: str
    arn: str
    name: str
    hours_id: str
    max_contacts: int | None = None


@dataclass(slots=True, kw_only=True)
class Instance:
    """One Connect instance with all its resources."""

    ids: Ids
    region: str = "us-east-1"
    account_id: str = "123456789012"
    id: str = "5aa7d000-0000-4000-8000-00000000c0de"
    alias: str = "puente-sandbox"
    created_at: datetime | None = None
    queues: dict[str, Queue] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    lambdas: list[str] = field(default_factory=list)
    storage: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Resource type (CHAT_TRANSCRIPTS, ATTACHMENTS) -> storage configuration."""
    origins: list[str] = field(default_factory=list)
    """Pages in which the agent workspace may be embedded."""
    routing_profiles: dict[str, list[str]] = field(default_factory=dict)
    """Name of a routing profile -> ids of the queues whose chats its agents get."""
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    """View token -> view, as a participant's DescribeView answers it."""
    flows: FlowStore = field(init=False)
    own_views: ViewStore = field(init=False)

    def __post_init__(self) -> None:
        self.flows = FlowStore(ids=self.ids, instance_arn=self.arn, region=self.region)
        self.own_views = ViewStore(ids=self.ids, instance_arn=self.arn)

    @property
    def arn(self) -> str:
        """arn:aws:connect:REGION:ACCOUNT:instance/ID"""
        return f"arn:aws:connect:{self.region}:{self.account_id}:instance/{self.id}"

    def add_hours(
        self,
        name: str,
        *,
        time_zone: str = "UTC",
        open_on: tuple[tuple[str, str, str], ...] = ALWAYS_OPEN,
        hours_id: str | None = None,
    ) -> Hours:
        """Hours from ("MONDAY TUESDAY", "09:00", "18:00") entries in local time."""
        key = hours_id or self.ids.uuid()
        config = [
            {"Day": day, "StartTime": _clock_time(start), "EndTime": _clock_time(end)}
            for days, start, end in open_on
            for day in days.split()
        ]
        arn = f"{self.arn}/operating-hours/{key}"
        self.hours[key] = Hours(id=key, arn=arn, name=name, time_zone=time_zone, config=config)
        return self.hours[key]

    def add_queue(
        self,
        name: str,
        *,
        hours_id: str | None = None,
        queue_id: str | None = None,
        max_contacts: int | None = None,
    ) -> Queue:
        """A queue; without `hours_id` it is always open."""
        key = queue_id or self.ids.uuid()
        hours = hours_id or self.add_hours(f"{name}, always open").id
        self.queues[key] = Queue(
            id=key,
            arn=f"{self.arn}/queue/{key}",
            name=name,
            hours_id=hours,
            max_contacts=max_contacts,
        )
        return self.queues[key]

    def queue(self, queue_id: str) -> Queue | None:
        """By id, ARN or name."""
        key = last_part(queue_id)
        named = (one for one in self.queues.values() if one.name == queue_id)
        return self.queues.get(key) or next(named, None)

    def is_open(self, hours_id: str | None, queue_id: str | None, now: datetime) -> bool:
        """Hours by id or ARN, else those of the queue. Unknown ones raise LookupError."""
        queue = self.queue(queue_id) if queue_id else None
        key = last_part(hours_id) if hours_id else queue.hours_id if queue else ""
        if key not in self.hours:
            raise LookupError(f"no hours of operation {hours_id or queue_id!r}")
        return self.hours[key].is_open(now)


def last_part(id_or_arn: str) -> str:
    """The id in an ARN such as .../queue/ID, or the id itself."""
    return id_or_arn.rpartition("/")[2]


def _clock_time(text: str) -> dict[str, int]:
    hours, minutes = text.split(":")
    return {"Hours": int(hours) % 24, "Minutes": int(minutes)}
