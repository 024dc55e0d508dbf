"""What flows ask of the emulated instance: functions, hours, queues, other flows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flowkit.engine import Event, LambdaAnswer, QueueInfo
from flowkit.model import Flow, parse
from flowkit.views import View, bare_arn
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.flow_store import Kind, StoredFlow
from sandbox.lambda_functions import LambdaFunctions, function_name


@dataclass(frozen=True, slots=True)
class Staffing:
    """Agents of a queue: logged in, ready for a contact, working."""

    online: int = 0
    available: int = 0
    staffed: int = 0


def _nobody(_event: Event) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class FlowServices:
    """Implements the engine's `Services`, `Faults` and `Witness` over the chats' instance."""

    chats: Chats
    lambdas: LambdaFunctions
    staffing: Callable[[str], Staffing]
    faults: dict[tuple[str, str], str]
    tell: Callable[[Event], None] = _nobody

    def happened(self, event: Event) -> None:
        """Tell whoever runs the flow, at the moment it happens."""
        self.tell(event)

    def invoke_lambda(self, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer:
        """Invoke a registered function that is associated with the instance."""
        known = {function_name(one) for one in self.chats.instance.lambdas}
        if function_name(arn) not in known:
            return LambdaAnswer(error="AccessDeniedException: not associated with the instance")
        return self.lambdas.invoke(arn, event, limit_s=limit_s)

    def is_open(self, hours_id: str | None, queue_id: str | None, now: Any) -> bool:
        """Raises LookupError for unknown hours."""
        return self.chats.instance.is_open(hours_id, queue_id, now)

    def queue(self, queue_id: str) -> QueueInfo | None:
        """The queue as it stands now."""
        queue = self.chats.instance.queue(queue_id)
        if queue is None:
            return None
        waiting = self.chats.waiting_in(queue.id)
        oldest = waiting[0].current.enqueued_at if waiting else None
        age = (self.chats.clock.now() - oldest).total_seconds() if oldest else 0.0
        staffing = self.staffing(queue.id)
        return QueueInfo(
            id=queue.id,
            arn=queue.arn,
            name=queue.name,
            size=len(waiting),
            capacity=queue.max_contacts,
            agents_online=staffing.online,
            agents_available=staffing.available,
            agents_staffed=staffing.staffed,
            oldest_age_s=int(age),
        )

    def injected_error(self, flow: str, action: str) -> str | None:
        """The error a test planted at this action."""
        return self.faults.get((flow, action))

    def flow(self, flow_id: str) -> Flow | None:
        """A contact flow by id or ARN."""
        return self._find(flow_id, "contact-flow")

    def view(self, view_id: str) -> View | None:
        """A view of the instance; None for one of AWS's. Raises LookupError when it is gone."""
        if bare_arn(view_id) is None:
            return None
        stored, qualifier = self.chats.instance.own_views.find(view_id)
        found = stored.content(qualifier) if stored else None
        if found is None:
            raise LookupError(view_id)
        return found

    def module(self, module_id: str) -> Flow | None:
        """A flow module by id or ARN, with or without alias."""
        return self._find(module_id, "flow-module")

    def _find(self, flow_id: str, kind: Kind) -> Flow | None:
        stored = self.chats.instance.flows.find(flow_id, kind)
        return parsed(stored) if stored else None


def parsed(stored: StoredFlow) -> Flow:
    """The flow contacts run, under its name."""
    return _parsed(stored.content, stored.name)


@lru_cache(maxsize=128)
def _parsed(content: str, name: str) -> Flow:
    return parse(content, name)
