"""The functions that flows invoke: Python handlers behind ARNs, run as the Lambda runtime would."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from flowkit.engine.services import LambdaAnswer
from sandbox.faults import Killed
from sandbox.ids import Ids
from sandbox.outside import Clock

Handler = Callable[[Any, Any], Any]


@dataclass(slots=True, kw_only=True)
class LambdaContext:
    """What a handler gets as its second argument, as far as powertools and our code read it."""

    function_name: str
    invoked_function_arn: str
    aws_request_id: str
    remaining_ms: Callable[[], int]
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's own timeout, on the sandbox's clock."""
        return self.remaining_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One finished invocation, for tests and the demo's timeline."""

    function_name: str
    event: dict[str, Any]
    payload: Any
    error: str | None
    took_s: float
    limit_s: float

    @property
    def in_time(self) -> bool:
        """Whether whoever invoked it still waited."""
        return self.took_s <= self.limit_s


class LambdaFunctions:
    """Registered functions by name. `invocations` lists what was invoked, in order."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        released: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._released = released
        self._handlers: dict[str, tuple[Handler, float]] = {}
        self.invocations: list[Invocation] = []

    def register(self, name: str, handler: Handler, *, timeout_s: float = 15.0) -> None:
        """Answer for every ARN whose function name is `name`."""
        self._handlers[name] = (handler, timeout_s)

    def invoke(self, arn: str, event: dict[str, Any], *, limit_s: float) -> LambdaAnswer:
        """One invocation: event and answer pass through JSON, every failure is an answer.

        `limit_s` is what the caller waits for; a flow engine judges by `took_s`.
        """
        name = function_name(arn)
        if name not in self._handlers:
            return LambdaAnswer(error=f"ResourceNotFoundException: no function {name}")
        handler, timeout_s = self._handlers[name]
        context = self._context(name, arn, timeout_s)
        started = self._clock.now()
        payload, error = self._run(handler, event, context)
        took_s = (self._clock.now() - started).total_seconds()
        if took_s > timeout_s:
            payload, error = None, f"Task timed out after {timeout_s:.2f} seconds"
        self.invocations.append(
            Invocation(
                function_name=name,
                event=event,
                payload=payload,
                error=error,
                took_s=took_s,
                limit_s=limit_s,
            )
        )
        return LambdaAnswer(payload=payload, error=error, took_s=took_s)

    def _run(self, handler: Handler, event: Any, context: LambdaContext) -> tuple[Any, str | None]:
        try:
            with self._released():
                answer = handler(json.loads(json.dumps(event)), context)
            return json.loads(json.dumps(answer)), None
        except Killed:
            return None, "Runtime.ExitError: the function's process ended"
        except Exception as error:  # noqa: BLE001 - the Lambda runtime reports whatever is raised
            return None, type(error).__name__

    def _context(self, name: str, arn: str, timeout_s: float) -> LambdaContext:
        started = self._clock.now()

        def remaining_ms() -> int:
            passed = (self._clock.now() - started).total_seconds()
            return max(0, round((timeout_s - passed) * 1000))

        return LambdaContext(
            function_name=name,
            invoked_function_arn=arn,
            aws_request_id=self._ids.uuid(),
            remaining_ms=remaining_ms,
        )


def function_name(arn: str) -> str:
    """arn:aws:lambda:REGION:ACCOUNT:function:NAME[:ALIAS] -> NAME; a bare name stays."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else arn
