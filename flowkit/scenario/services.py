"""A bundle's world with one-shot overrides: the next answer, the next look, the next attempt."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flowkit.engine import ErrorTaken, Event, LambdaAnswer, QueueInfo
from flowkit.stand_in import StandInServices

#: What "full" means: nobody fits.
FULL: dict[str, Any] = {"size": 1, "capacity": 1}


@dataclass(slots=True)
class ScenarioServices(StandInServices):
    """Overrides named `next_...` are used up one by one; the lasting ones are the parent's.

    `obliging` is for a document from elsewhere: any queue exists, hours are open, functions
    without an answer give {}. `invoked` counts calls by function.
    """

    obliging: bool = False
    next_answers: dict[str, list[LambdaAnswer]] = field(default_factory=lambda: defaultdict(list))
    next_open: list[bool] = field(default_factory=list)
    next_full: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    next_errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lasting_errors: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    invoked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def invoke_lambda(self, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer:
        name = self.bundle.lambda_name(arn) or arn
        self.invoked[name] += 1
        if self.next_answers[name]:
            return self.next_answers[name].pop(0)
        if self.obliging and name not in self.functions:
            return LambdaAnswer(payload={})
        # No super(): dataclasses with slots are classes made anew.
        return StandInServices.invoke_lambda(self, arn, event, limit_s)

    def is_open(self, hours_id: str | None, queue_id: str | None, now: datetime) -> bool:
        if self.next_open:
            return self.next_open.pop(0)
        if self.obliging:
            return self.always_open is not False
        return StandInServices.is_open(self, hours_id, queue_id, now)

    def queue(self, queue_id: str) -> QueueInfo | None:
        name = self.queue_name(queue_id)
        if name in self.missing:
            return None
        found = StandInServices.queue(self, queue_id)
        if found is None and self.obliging:
            facts: dict[str, Any] = self.queues.get(name, {})
            found = QueueInfo(id=queue_id, arn=queue_id, name=name, **facts)
        if found is None or not self.next_full[name]:
            return found
        return replace(found, **FULL)

    def queue_name(self, queue_id: str) -> str:
        """The name settings give a queue, else the end of its ARN."""
        return self.bundle.queue_name(queue_id) or queue_id.rsplit("/", maxsplit=1)[-1]

    def injected_error(self, flow: str, action: str) -> str | None:
        if self.next_errors[action]:
            return self.next_errors[action].pop(0)
        return self.lasting_errors.get(action) or self.errors.get((flow, action))

    def happened(self, event: Event) -> None:
        """A queue that was full once is full no more after it refused somebody."""
        if isinstance(event, ErrorTaken) and event.error_type == "QueueAtCapacity":
            for name, left in self.next_full.items():
                self.next_full[name] = max(0, left - 1)
