"""CPU of one text in a live chat, with nothing behind the wire: recorded answers are replayed.

The sandbox plays the text once and keeps every answer; then the product's functions run alone,
with real clients (validation, signing, parsing), against those answers.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.calls import Scene, scene
from benchmarks.latency import is_ours
from sandbox.deliverer import Handler
from sandbox.lambda_functions import LambdaContext
from sandbox.product_output import caught
from sandbox.wire.calls import CallRecord
from sandbox.wire.http import HttpRequest, HttpResponse

ROUNDS, WARM_UP = 2000, 200
FUNCTIONS = ("whatsapp-events", "inbound")
Answers = dict[tuple[str, str], HttpResponse]
Invocation = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuResult:
    """Milliseconds of CPU for one inbound text in all functions, its read receipt included.

    `bare_calls_ms`: as many bare SDK calls in the same run, to judge a busy machine by;
    `emulators_ms`: what the emulators took for the same text before it was replayed; `log_bytes`:
    what the functions printed for it, metrics included.
    """

    median_ms: float
    p99_ms: float
    per_s: float
    bare_calls_ms: float
    emulators_ms: float
    log_bytes: int


def measure(rounds: int = ROUNDS) -> CpuResult:
    """Play one live text, then replay it."""
    with scene() as given, caught() as printed:
        given.talk()
        invocations: list[Invocation] = []
        given.world.deliverer.mappings[:] = [
            replace(one, handler=_kept(one.handler, invocations))
            if one.function_name in FUNCTIONS
            else one
            for one in given.world.deliverer.mappings
        ]
        answers, calls = _recorded(given, printed.clear)
        log_bytes = len(printed.getvalue().encode())
        with _replaying(given, answers):
            _repeated(WARM_UP, invocations)
            took = _repeated(rounds, invocations)
            bare = _repeated(rounds // 4, [_bare_call(given)] * sum(is_ours(c) for c in calls))
    return CpuResult(
        median_ms=round(statistics.median(took), 2),
        p99_ms=round(took[int(len(took) * 0.99)], 2),
        per_s=round(1000 / statistics.mean(took)),
        bare_calls_ms=round(statistics.median(bare), 2),
        emulators_ms=round(sum(call.ms for call in calls), 2),
        log_bytes=log_bytes,
    )


def _kept(handler: Handler, invocations: list[Invocation]) -> Handler:
    """The handler, which remembers how it was invoked."""

    def run(event: dict[str, Any], context: LambdaContext) -> Any:
        invocations.append(lambda: handler(event, _unhurried(context)))
        return handler(event, context)

    return run


def _unhurried(context: LambdaContext) -> LambdaContext:
    return replace(context, remaining_ms=lambda: 20_000)


def _recorded(given: Scene, begins: Callable[[], None]) -> tuple[Answers, list[CallRecord]]:
    """The answers to the calls of one live text, and the calls."""
    router, answers = given.world.router, Answers()
    call_aws = router.call_aws

    def keep(service: str, operation: str, request: HttpRequest) -> HttpResponse:
        answers[service, operation] = call_aws(service, operation, request)
        return answers[service, operation]

    router.call_aws = keep  # type: ignore[method-assign]
    first = len(router.calls)
    begins()
    given.phone.says("And my order?")
    given.world.settle()
    router.call_aws = call_aws  # type: ignore[method-assign]
    return answers, router.calls[first:]


@contextmanager
def _replaying(given: Scene, answers: Answers) -> Iterator[None]:
    router = given.world.router
    call_aws = router.call_aws

    def replay(service: str, operation: str, request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return answers[service, operation]

    router.call_aws = replay  # type: ignore[method-assign]
    try:
        yield
    finally:
        router.call_aws = call_aws  # type: ignore[method-assign]


def _bare_call(given: Scene) -> Invocation:
    client = given.world.app.client("connectparticipant")
    said = {
        "ContentType": "text/plain",
        "Content": "Hi",
        "ConnectionToken": "a",
        "ClientToken": "b",
    }
    return lambda: client.send_message(**said)


def _repeated(times: int, invocations: list[Invocation]) -> list[float]:
    return sorted(_cpu_ms(invocations) for _ in range(times))


def _cpu_ms(invocations: list[Invocation]) -> float:
    started = time.process_time()
    for invoke in invocations:
        invoke()
    return (time.process_time() - started) * 1000
