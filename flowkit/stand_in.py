"""Services for running a bundle's flows without AWS: queues, hours and functions stood in for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flowkit import hours
from flowkit.bundle import Bundle
from flowkit.engine.contact import Contact, QueueInfo
from flowkit.engine.services import LambdaAnswer, StandInAnswer
from flowkit.model import Flow
from flowkit.views import View

Function = Callable[[dict[str, Any]], LambdaAnswer]


@dataclass(slots=True)
class StandInServices:
    """The world of a bundle on a laptop.

    `functions` answer by the name settings.yaml gives them (or by ARN); an unknown one fails.
    `queues` overrides what a queue is like now, `always_open` the hours, `errors` makes actions
    fail: (flow, action) -> ErrorType, `answers` stand in for Lex, profiles and cases by type.
    """

    bundle: Bundle
    functions: dict[str, Function] = field(default_factory=dict)
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    always_open: bool | None = None
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[str, StandInAnswer] = field(default_factory=dict)

    def invoke_lambda(self, arn: str, event: dict[str, Any], _limit_s: float) -> LambdaAnswer:
        function = self.functions.get(self.bundle.lambda_name(arn) or arn)
        if function is None:
            return LambdaAnswer(error="no function stands in for this ARN")
        return function(event)

    def is_open(self, hours_id: str | None, _queue_id: str | None, now: datetime) -> bool:
        if self.always_open is not None:
            return self.always_open
        name = self.bundle.hours_name(hours_id or "")
        if name is None:
            raise LookupError(hours_id)
        return hours.is_open(self.bundle.settings["hours"][name], now)

    def queue(self, queue_id: str) -> QueueInfo | None:
        name = self.bundle.queue_name(queue_id)
        if name is None:
            return None
        settings = self.bundle.settings
        plain = QueueInfo(
            id=str(settings["queues"][name]["id"]), arn=settings["arns"]["queues"][name], name=name
        )
        return replace(plain, **self.queues.get(name, {}))

    def flow(self, flow_id: str) -> Flow | None:
        return self.bundle.flow(flow_id)

    def module(self, module_id: str) -> Flow | None:
        return self.bundle.module(module_id)

    def view(self, view_id: str) -> View | None:
        return self.bundle.view(view_id)

    def stand_in(
        self, action_type: str, _parameters: dict[str, Any], _contact: Contact
    ) -> StandInAnswer | None:
        return self.answers.get(action_type)

    def injected_error(self, flow: str, action: str) -> str | None:
        return self.errors.get((flow, action))


def answering(**result: str) -> Function:
    """A function that always gives this flat result."""
    return lambda _event: LambdaAnswer(payload=dict(result), took_s=0.1)


def one_after_another(*answers: LambdaAnswer) -> Function:
    """A function that gives these answers in turn, then the last one again and again."""
    left = list(answers)
    return lambda _event: left.pop(0) if len(left) > 1 else left[0]


@dataclass(slots=True)
class ObligingServices(StandInServices):
    """For a flow from elsewhere: any queue exists, it is open, any function answers {}."""

    def invoke_lambda(self, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer:
        if arn in self.functions:
            return StandInServices.invoke_lambda(self, arn, event, limit_s)
        return LambdaAnswer(payload={})

    def is_open(self, _hours_id: str | None, _queue_id: str | None, _now: datetime) -> bool:
        return self.always_open is not False

    def queue(self, queue_id: str) -> QueueInfo | None:
        name = queue_id.rsplit("/", maxsplit=1)[-1]
        return replace(QueueInfo(id=queue_id, arn=queue_id, name=name), **self.queues.get(name, {}))


def empty_bundle() -> Bundle:
    """A bundle without flows, for running a document on its own."""
    return Bundle({}, {}, {"arns": {"lambdas": {}}})
