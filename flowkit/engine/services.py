"""Everything outside the flow, as the engine needs it. The engine reaches nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from flowkit.engine.contact import Contact, QueueInfo
from flowkit.engine.events import Event
from flowkit.engine.outcomes import Outcome
from flowkit.model import Action, Flow
from flowkit.views import View


@dataclass(frozen=True, slots=True)
class LambdaAnswer:
    """What one invocation gave: a decoded JSON payload, or an error in words. Seconds taken."""

    payload: Any = None
    error: str | None = None
    took_s: float = 0.0


class Services(Protocol):
    """The world around a flow. Unknown queues, flows and modules are None; `is_open` raises
    LookupError for unknown hours."""

    def invoke_lambda(self, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer: ...

    def is_open(self, hours_id: str | None, queue_id: str | None, now: datetime) -> bool: ...

    def queue(self, queue_id: str) -> QueueInfo | None: ...

    def flow(self, flow_id: str) -> Flow | None: ...

    def module(self, module_id: str) -> Flow | None: ...


@dataclass(frozen=True, slots=True)
class StandInAnswer:
    """What an integration answered: `result` chooses the branch, `error` names a failure.

    `data` fills the action's namespace (`$.Lex`, `$.Customer`, `$.Case`).
    """

    result: str | None = None
    data: dict[str, Any] | None = None
    error: str | None = None


@runtime_checkable
class StandIns(Protocol):
    """Optional part of the services: answers for Lex, customer profiles and cases.

    Without it, or when it gives None, such an action takes its error branch.
    """

    def stand_in(
        self, action_type: str, parameters: dict[str, Any], contact: Contact
    ) -> StandInAnswer | None: ...


@runtime_checkable
class Faults(Protocol):
    """Optional part of the services: makes an action fail as if Connect had failed.

    Gives the ErrorType that happens at this action, or None to let it work.
    """

    def injected_error(self, flow: str, action: str) -> str | None: ...


@runtime_checkable
class Steering(Protocol):
    """Optional part of the services: decides what an action came to, after it was performed.

    For exploring every branch of a flow. Gives the outcome to go on with.
    """

    def steered(self, flow: str, action: Action, outcome: Outcome) -> Outcome: ...


@runtime_checkable
class Witness(Protocol):
    """Optional part of the services: hears of each event as it happens.

    For a greeting that must reach the customer before the Lambda behind it has answered. A sprint
    gives the same events once more, when it is over.
    """

    def happened(self, event: Event) -> None: ...


@runtime_checkable
class Views(Protocol):
    """Optional part of the services: the instance's own views, by id or ARN.

    None for one of AWS's, or when nothing is known of it: it is shown as it is. Raises LookupError
    when there is no such view. Inputs that do not fit take the error branch, as in Connect.
    """

    def view(self, view_id: str) -> View | None: ...
