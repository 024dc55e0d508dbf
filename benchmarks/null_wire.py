"""CPU of one text in a live chat, with nothing behind the wire: recorded answers are replayed.

The sandbox plays the text once and keeps every answer; then the product's functions run alone,
with real clients (signing, serializing, parsing), against those answers.

Everything the product does for a text counts. What does not, because no function in AWS has it: the
time behind the SDK's `before-send` event, and garbage collection among the sandbox's own objects
(they are frozen; measured, collections are 0.3 % of the time either way). What the milliseconds are
spent on: docs/decisions.md, "What a text costs in CPU".
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from benchmarks.calls import Scene, scene
from benchmarks.load import rss_mb
from sandbox.deliverer import Handler
from sandbox.lambda_functions import LambdaContext
from sandbox.product_output import caught
from sandbox.wire.calls import CallRecord
from sandbox.wire.http import HttpRequest, HttpResponse

ROUNDS, WARM_UP = 2000, 200
FUNCTIONS = ("whatsapp-events", "inbound")
# As in production; the sandbox checks each call's parameters.
SETTINGS = {"CHECK_PARAMETERS": "false"}
Answers = dict[tuple[str, str], HttpResponse]
Invocation = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuResult:
    """Milliseconds of CPU for one inbound text in all functions, its read receipt included.

    `quiet_ms`: the same in the tenth of the rounds that other programs disturbed least;
    `sdk_ms`: the same five SDK calls alone, in the same quiet tenth, to judge a machine by;
    `function_calls`: how many functions Python called for it, which no machine changes;
    `emulators_ms`: what the emulators took for the same text before it was replayed; `log_bytes`:
    what the functions printed for it, metrics included; `rss_growth_mb`: what all rounds together
    left in memory.
    """

    median_ms: float
    p99_ms: float
    per_s: float
    quiet_ms: float
    sdk_ms: float
    function_calls: int
    emulators_ms: float
    log_bytes: int
    rss_growth_mb: int


def measure(rounds: int = ROUNDS) -> CpuResult:
    """Play one live text, then replay it."""
    with scene(SETTINGS) as given, caught() as printed:
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
        with _replaying(given, answers) as wire, _frozen():
            bare = _bare_calls(given, lambda: wire.cpu_ms(invocations))
            _by_turns(WARM_UP, wire, invocations, bare)
            before = rss_mb()
            took, alone = _by_turns(rounds, wire, invocations, bare)
            grown = rss_mb() - before
            function_calls = wire.function_calls(invocations)
    return CpuResult(
        median_ms=round(statistics.median(took), 2),
        p99_ms=round(took[int(len(took) * 0.99)], 2),
        per_s=round(1000 / statistics.mean(took)),
        quiet_ms=round(_quiet(took), 2),
        sdk_ms=round(_quiet(alone), 2),
        function_calls=function_calls,
        emulators_ms=round(sum(call.ms for call in calls), 2),
        log_bytes=log_bytes,
        rss_growth_mb=grown,
    )


def _kept(handler: Handler, invocations: list[Invocation]) -> Handler:
    """The handler, which remembers how it was invoked."""

    def run(event: dict[str, Any], context: LambdaContext) -> Any:
        unhurried = replace(context, remaining_ms=lambda: 20_000)
        invocations.append(lambda: handler(event, unhurried))
        return handler(event, context)

    return run


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
def _replaying(given: Scene, answers: Answers) -> Iterator["Wire"]:
    router, wire = given.world.router, Wire()
    call_aws = router.call_aws

    def replay(service: str, operation: str, request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return answers[service, operation]

    router.call_aws = replay  # type: ignore[method-assign]
    events = [client.meta.events for client in given.world.app.clients.values()]
    for each in events:
        each.register_first("before-send", wire.taken)
        each.register_last("before-send", wire.given)
    try:
        yield wire
    finally:
        router.call_aws = call_aws  # type: ignore[method-assign]
        for each in events:
            each.unregister("before-send", wire.taken)
            each.unregister("before-send", wire.given)


@contextmanager
def _frozen() -> Iterator[None]:
    """What exists by now, the sandbox, is not searched for garbage meanwhile."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Wire:
    """What lies behind the SDK: its own time is known, so that it can be left out."""

    def __init__(self) -> None:
        self.spent_s = 0.0
        self._since = 0.0
        self._calls = 0
        self._behind = False

    def taken(self, **_: Any) -> None:
        self._behind = True
        self._since = time.process_time()

    def given(self, **_: Any) -> None:
        self.spent_s += time.process_time() - self._since
        self._behind = False

    def cpu_ms(self, invocations: list[Invocation]) -> float:
        """What the invocations take on this side of the wire."""
        started, spent = time.process_time(), self.spent_s
        for invoke in invocations:
            invoke()
        return (time.process_time() - started - (self.spent_s - spent)) * 1000

    def function_calls(self, invocations: list[Invocation]) -> int:
        """Functions in Python and C that the invocations call on this side of the wire."""
        self._calls = 0
        sys.setprofile(self._count)
        try:
            for invoke in invocations:
                invoke()
        finally:
            sys.setprofile(None)
        return self._calls

    def _count(self, _: FrameType, event: str, __: object) -> None:
        self._calls += event in ("call", "c_call") and not self._behind


def _bare_calls(given: Scene, text: Invocation) -> list[Invocation]:
    """The SDK calls of one text with their parameters, without anything of ours around them."""
    calls: list[Invocation] = []

    def note(client: Any) -> Callable[..., None]:
        def seen(params: dict[str, Any], model: Any, **_: Any) -> None:
            method = getattr(client, _method(client, model.name))
            calls.append(lambda: method(**params))

        return seen

    clients = list(given.world.app.clients.values())
    noting = [(client.meta.events, note(client)) for client in clients]
    for events, seen in noting:
        events.register_first("provide-client-params", seen)
    text()
    for events, seen in noting:
        events.unregister("provide-client-params", seen)
    return calls


def _method(client: Any, operation: str) -> str:
    names = client.meta.method_to_api_mapping
    return next(str(name) for name, called in names.items() if called == operation)


def _by_turns(
    times: int, wire: Wire, one: list[Invocation], other: list[Invocation]
) -> tuple[list[float], list[float]]:
    """Both measured in turn, so that a busy machine is busy for both; sorted."""
    both = [(wire.cpu_ms(one), wire.cpu_ms(other)) for _ in range(times)]
    return sorted(a for a, _ in both), sorted(b for _, b in both)


def _quiet(took: list[float]) -> float:
    return statistics.mean(took[: max(1, len(took) // 10)])
