"""The one door: every call of every service, and every plain HTTP request, goes through here.

Each call is decided by the fault plan, answered by an emulator, by the fallback (moto) or by a
mounted handler, and logged. Hooks in `after_call` run when the call is over and its own hold on
the lock is given back, so they may run jobs and product code.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sandbox.clock import SandboxClock
from sandbox.faults import Action, AnswerLost, FaultPlan, Slowness
from sandbox.wire.answers import answer, refusal
from sandbox.wire.calls import CallLog, CallRecord
from sandbox.wire.emulator import AwsError, Emulator, NotImplementedOperation, WireCall
from sandbox.wire.http import HttpRequest, HttpResponse
from sandbox.wire.lock import LendableLock
from sandbox.wire.models import service_api
from sandbox.wire.parse import read_params
from sandbox.wire.refusals import PLAIN_STATUS, injected, plain_message

Effect = Callable[[], HttpResponse]
HttpHandler = Callable[[HttpRequest], HttpResponse]


class Fallback(Protocol):
    """Answers for services that are not ours, e.g. moto."""

    def plays(self, service: str) -> bool: ...
    def respond(self, service: str, request: HttpRequest) -> HttpResponse: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A plain HTTP endpoint under a path prefix. `locked`: answered under the sandbox's lock."""

    prefix: str
    name: str
    handler: HttpHandler
    locked: bool


class Router(CallLog):
    """Dispatches calls to emulators. `lock` guards all sandbox state; `faults` is always asked."""

    def __init__(self, clock: SandboxClock, faults: FaultPlan | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.faults = faults or FaultPlan()
        self.lock = LendableLock()
        self.fallback: Fallback | None = None
        self.mounts: list[Mount] = []
        self.wake: Callable[[datetime, Callable[[], object]], object] = lambda _when, _job: None
        """Runs a job at an instant; the world's scheduler."""
        self._late: list[tuple[datetime, Callable[[], object]]] = []
        self._emulators: dict[str, Emulator] = {}

    def add(self, *emulators: Emulator) -> None:
        """Let these emulators answer for their services."""
        for emulator in emulators:
            self._emulators[emulator.service] = emulator

    def mount(
        self, prefix: str, handler: HttpHandler, *, name: str = "", locked: bool = True
    ) -> None:
        """Answer plain HTTP under `prefix` (longest prefix wins), logged as "http:<name>"."""
        name = name or prefix.strip("/").replace("/", ".")
        self.mounts.append(Mount(prefix=prefix, name=name, handler=handler, locked=locked))
        self.mounts.sort(key=lambda mount: -len(mount.prefix))

    def mounted(self, path: str) -> Mount | None:
        """The mount a path belongs to."""
        return next((mount for mount in self.mounts if path.startswith(mount.prefix)), None)

    def emulator(self, service: str) -> Emulator:
        """Who answers for a service. Raises KeyError when nobody of ours does."""
        return self._emulators[service]

    def plays(self, service: str) -> bool:
        """Whether anyone here answers for a service."""
        return service in self._emulators or bool(self.fallback and self.fallback.plays(service))

    def call_aws(self, service: str, operation: str, request: HttpRequest) -> HttpResponse:
        """One AWS call. Raises AnswerLost and Killed as the fault plan says."""
        play = self._emulate if service in self._emulators else self._fall_back

        def refuse(action: Action) -> HttpResponse:
            return refusal(service, injected(service, operation, action))

        effect = partial(play, service, operation, request)
        return self._pass(_Call(service, operation, request, effect, refuse, locked=True))

    def call_mount(self, mount: Mount, request: HttpRequest) -> HttpResponse:
        """One plain HTTP request. Raises AnswerLost and Killed as the fault plan says."""
        service, operation = f"http:{mount.name}", f"{request.method} {mount.prefix}"
        effect = partial(mount.handler, request)
        return self._pass(_Call(service, operation, request, effect, _plain, locked=mount.locked))

    def _emulate(self, service: str, name: str, request: HttpRequest) -> HttpResponse:
        emulator = self._emulators[service]
        try:
            operation = service_api(service).operation(name)
            params = read_params(operation, request, emulator.any_form)
            headers, at = dict(request.headers), self.clock.now()
            call = WireCall(service=service, operation=name, params=params, headers=headers, at=at)
        except AwsError as error:
            return refusal(service, error)
        try:
            output = emulator.handle(call)
            answered = answer(operation, output)
        except AwsError as error:
            output, answered = {}, refusal(service, error)
        items = emulator.looked_at(call, output)
        return replace(answered, items=items) if items else answered

    def _fall_back(self, service: str, operation: str, request: HttpRequest) -> HttpResponse:
        if self.fallback is None or not self.fallback.plays(service):
            return refusal(service, NotImplementedOperation(service, operation))
        return self.fallback.respond(service, request)

    def _pass(self, call: "_Call") -> HttpResponse:
        self._catch_up()
        at = self.clock.now()
        action = self.faults.decide(call.service, call.operation, at)
        if action is Action.OK and (slow := self.faults.slowness(call.service, call.operation)):
            action = self._waited(call, slow)
        started = time.perf_counter()
        response, outcome = HttpResponse(), "broken"
        try:
            response = self._carry_out(call, action)
            outcome = (response.error or "ok") if action in _ANSWERS else action.value
        finally:
            record = CallRecord(
                service=call.service,
                operation=call.operation,
                at=at,
                ms=(time.perf_counter() - started) * 1000,
                bytes_in=len(call.request.body),
                bytes_out=len(response.body),
                outcome=outcome,
                items=response.items,
            )
            self._note(record)
        return self._end(record, action, response)

    def _waited(self, call: "_Call", slow: Slowness) -> Action:
        """Let a slow call take its time, or as much of it as its client and its process have; what
        they do not wait for happens later."""
        now, ends = self.clock.now(), self.faults.ends_at()
        answered = now + timedelta(seconds=slow.seconds)
        given_up = now + timedelta(seconds=slow.patience)
        until = min(answered, given_up, ends or answered)
        self.clock.at(max(until, now))
        if until == answered:
            return Action.OK
        self._late.append((answered, partial(self._carry_out, call, Action.OK)))
        self.wake(answered, self._catch_up)
        return Action.KILL_BEFORE if until == ends else Action.TIMEOUT_BEFORE

    def _catch_up(self) -> None:
        """Do what slow services have come to by now, in its order."""
        if not self._late:
            return
        now = self.clock.now()
        due = sorted((one for one in self._late if one[0] <= now), key=lambda one: one[0])
        self._late = [one for one in self._late if one[0] > now]
        for _, effect in due:
            effect()

    def _carry_out(self, call: "_Call", action: Action) -> HttpResponse:
        if action in PLAIN_STATUS:
            return call.refuse(action)
        if action not in _HAPPENS:
            return HttpResponse()
        with self.lock if call.locked else self.lock.released():
            return call.effect()

    def _end(self, record: CallRecord, action: Action, response: HttpResponse) -> HttpResponse:
        if action in (Action.KILL_BEFORE, Action.KILL_AFTER):
            raise self.faults.kill(f"{action} {record.service}.{record.operation}")
        for hook in self.after_call:
            hook(record)
        if action not in _ANSWERS:
            raise AnswerLost(action)
        return response


@dataclass(frozen=True, slots=True)
class _Call:
    service: str
    operation: str
    request: HttpRequest
    effect: Effect
    refuse: Callable[[Action], HttpResponse]
    locked: bool


_HAPPENS = frozenset({Action.OK, Action.KILL_AFTER, Action.TIMEOUT_AFTER})
_ANSWERS = frozenset({Action.OK, *PLAIN_STATUS})


def _plain(action: Action) -> HttpResponse:
    """A refusal in the words most HTTP APIs (OpenAI's too) use."""
    body = {"error": {"message": plain_message(action), "type": action.value, "code": action.value}}
    return HttpResponse(
        status=PLAIN_STATUS[action],
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        error=action.value,
    )
