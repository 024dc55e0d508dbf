"""Connect's current metrics, as far as chats and the desk tell: by queue, for the channel chat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.amazon_connect import limits
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.instance import Queue, last_part
from sandbox.amazon_connect.paging import page
from sandbox.amazon_connect.records import Chat
from sandbox.wire import AwsError, NotImplementedOperation

Params = dict[str, Any]
MOST_RESULTS = 100  # model, GetCurrentMetricData.MaxResults
MOST_QUEUES = 100  # API reference, GetCurrentMetricData, Filters


class Working(Protocol):
    """An agent at the desk."""

    queue_ids: list[str]
    is_online: bool

    @property
    def active(self) -> list[Chat]: ...
    @property
    def has_room(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue as it stands now. `age_s`: how long the first waits."""

    waiting: int
    age_s: float
    agents: Sequence[Working]

    @property
    def slots(self) -> int:
        return sum(len(one.active) for one in self.agents)


METRICS: Mapping[str, Callable[[Standing], float]] = {
    "CONTACTS_IN_QUEUE": lambda now: now.waiting,
    "OLDEST_CONTACT_AGE": lambda now: now.age_s,
    "AGENTS_ONLINE": lambda now: len(now.agents),
    "AGENTS_AVAILABLE": lambda now: sum(one.has_room for one in now.agents),
    "AGENTS_ON_CONTACT": lambda now: sum(bool(one.active) for one in now.agents),
    "SLOTS_ACTIVE": lambda now: now.slots,
    "SLOTS_AVAILABLE": lambda now: limits.CHATS_PER_AGENT * len(now.agents) - now.slots,
}


class MetricOperations:
    """Mixed into the `connect` emulator. `agents`: who is at the desk."""

    chats: Chats
    agents: Callable[[], Sequence[Working]]
    _check_instance: Callable[[Params], None]

    def get_current_metric_data(self, params: Params) -> Params:
        """Grouped by queue; other groupings are not played."""
        self._check_instance(params)
        _check(params)
        wanted = [(one, _measure(one["Name"])) for one in params["CurrentMetrics"]]
        results = []
        for queue in self._queues(params["Filters"]):
            now = self._standing(queue)
            results.append(
                {
                    "Dimensions": {"Queue": {"Id": queue.id, "Arn": queue.arn}, "Channel": "CHAT"},
                    "Collections": [{"Metric": one, "Value": of(now)} for one, of in wanted],
                }
            )
        answer = page("MetricResults", results, params, most=MOST_RESULTS)
        return answer | {"DataSnapshotTime": self.chats.clock.now()}

    def _queues(self, filters: Params) -> list[Queue]:
        found = [self.chats.instance.queue(last_part(one)) for one in filters["Queues"]]
        if None in found:
            raise AwsError("ResourceNotFoundException", "Queue not found")
        return [one for one in found if one is not None]

    def _standing(self, queue: Queue) -> Standing:
        waiting = self.chats.waiting_in(queue.id)
        since = waiting[0].current.enqueued_at if waiting else None
        age = (self.chats.clock.now() - since).total_seconds() if since else 0.0
        ours = [one for one in self.agents() if one.is_online and queue.id in one.queue_ids]
        return Standing(len(waiting), age, ours)


def _check(params: Params) -> None:
    filters = params["Filters"]
    if not 1 <= len(filters.get("Queues", [])) <= MOST_QUEUES:
        raise AwsError("InvalidParameterException", f"Name 1 to {MOST_QUEUES} queues")
    others = set(filters) - {"Queues", "Channels"}
    if others or params.get("Groupings") != ["QUEUE"] or filters.get("Channels") != ["CHAT"]:
        raise NotImplementedOperation("connect", "GetCurrentMetricData but of chats by queue")


def _measure(name: str) -> Callable[[Standing], float]:
    if name not in METRICS:
        raise NotImplementedOperation("connect", f"GetCurrentMetricData of {name}")
    return METRICS[name]
