"""What goes wrong, decided call by call: throttles, lost answers, slow ones, outages and crashes.

A plan is asked once before every call that passes the wire. Rules are looked at in the order they
were given; the first that applies decides. Everything random comes from a seed, so a run that
failed can be played again exactly.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PATIENCE_S = 8.0  # how long the product's clients wait for most answers


class Action(StrEnum):
    """What happens to one call."""

    OK = "ok"
    KILL_BEFORE = "kill_before"  # the process dies, nothing happened
    KILL_AFTER = "kill_after"  # it happened, then the process dies
    THROTTLE = "throttle"  # refused for now, in the service's own words
    SERVER_ERROR = "server_error"  # 5xx; did not happen
    VALIDATION = "validation"  # refused for good
    ACCESS_DENIED = "access_denied"
    CONFLICT = "conflict"  # DynamoDB: another transaction had the item; did not happen
    TIMEOUT_BEFORE = "timeout_before"  # the request was lost; the client sees a read time-out
    TIMEOUT_AFTER = "timeout_after"  # it happened, the answer was lost: the same time-out
    CONNECT_TIMEOUT = "connect_timeout"  # no connection at all; did not happen


class Killed(BaseException):
    """The process died here. A BaseException: no `except Exception` of the product catches it."""


class AnswerLost(Exception):
    """No answer reaches the client; the transport turns it into its own time-out error."""

    def __init__(self, action: Action) -> None:
        super().__init__(action.value)
        self.action = action


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """A call about to happen.

    `index` counts all calls since `arm()` from 0, `nth` those of this service and operation
    from 1; `process` numbers the running invocation, 0 is nobody's.
    """

    index: int
    service: str
    operation: str
    nth: int
    at: datetime
    process: int = 0


@dataclass(slots=True, eq=False)
class Process:
    """One running invocation. Once dead, none of its calls happens any more; from `ends_at` on,
    when Lambda ends it, it is."""

    name: str
    number: int
    ends_at: datetime | None = None
    dead: bool = False


@dataclass(slots=True, eq=False)
class Slowness:
    """A service that takes `seconds` for the calls `of` picks, `left` times (None: always); its
    client waits `patience` seconds for an answer."""

    of: Callable[[str, str], bool]
    seconds: float
    patience: float
    left: int | None


Rule = Callable[[CallFacts], Action | None]


class FaultPlan:
    """The rules in force. Nothing fails, and nothing is counted, until `arm()` is called."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._slow: list[Slowness] = []
        self._processes: list[Process] = []
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._armed = False
        self._index = 0
        self._seen: Counter[tuple[str, str]] = Counter()

    def arm(self) -> None:
        """Count from 0 and let the rules decide from now on."""
        with self._lock:
            self._armed, self._index = True, 0
            self._seen.clear()

    def disarm(self) -> None:
        """Stop failing; the rules stay for the next `arm()`."""
        self._armed = False

    def clear(self) -> None:
        """Forget every rule and stop."""
        with self._lock:
            self._rules.clear()
            self._slow.clear()
            self.disarm()

    def calls(self) -> int:
        """How many calls were decided since `arm()`."""
        return self._index

    def rule(self, rule: Rule) -> None:
        """Add any rule: facts -> action, or None to leave the decision to later rules."""
        self._rules.append(rule)

    def at(self, index: int, action: Action) -> None:
        """Fail the call with this index since `arm()`."""
        self.rule(lambda call: action if call.index == index else None)

    def on(self, service: str, operation: str, action: Action, *, nth: int | None = 1) -> None:
        """Fail the nth call (from 1; None: every call) of one operation."""
        self.rule(
            lambda call: (
                action
                if (call.service, call.operation) == (service, operation)
                and nth in (None, call.nth)
                else None
            )
        )

    def when(
        self, predicate: Callable[[CallFacts], bool], action: Action, *, times: int | None = None
    ) -> None:
        """Fail the calls a predicate picks, at most `times` of them."""
        left = [times]

        def decide(call: CallFacts) -> Action | None:
            if left[0] == 0 or not predicate(call):
                return None
            if left[0] is not None:
                left[0] -= 1
            return action

        self.rule(decide)

    def slow(
        self,
        service: str,
        operations: Iterable[str],
        seconds: float,
        *,
        times: int | None = None,
        patience: float = PATIENCE_S,
    ) -> None:
        """Let a service take so long. A client that waits less sees a time-out, and what it asked
        for happens all the same: afterwards."""
        wanted = frozenset(operations)
        self._slow.append(
            Slowness(lambda of, name: of == service and name in wanted, seconds, patience, times)
        )

    def outage(
        self,
        service: str,
        start: datetime,
        end: datetime,
        action: Action = Action.SERVER_ERROR,
    ) -> None:
        """Fail every call of a service from `start` up to (not including) `end`."""
        self.rule(
            lambda call: action if call.service == service and start <= call.at < end else None
        )

    def randomly(self, seed: int, rates: dict[Action, float]) -> None:
        """Fail by chance: each action with its probability, the same calls for the same seed."""
        chance = random.Random(seed)
        actions, weights = [*rates, Action.OK], [*rates.values(), 1 - sum(rates.values())]
        self.rule(lambda _call: chance.choices(actions, weights)[0])

    def decide(self, service: str, operation: str, at: datetime) -> Action:
        """The action for the next call. Raises Killed when the calling process is dead."""
        with self._lock:
            if self._processes and self._is_over(self._processes[-1], at):
                raise Killed(f"{self._processes[-1].name} is dead; {service}.{operation}")
            if not self._armed:
                return Action.OK
            self._seen[service, operation] += 1
            call = CallFacts(
                index=self._index,
                service=service,
                operation=operation,
                nth=self._seen[service, operation],
                at=at,
                process=self._processes[-1].number if self._processes else 0,
            )
            self._index += 1
            chosen = (rule(call) for rule in self._rules)
            return next((action for action in chosen if action is not None), Action.OK)

    def _is_over(self, process: Process, at: datetime) -> bool:
        process.dead = process.dead or (process.ends_at is not None and at >= process.ends_at)
        return process.dead

    def slowness(self, service: str, operation: str) -> Slowness | None:
        """How long this call takes, when it is a slow one."""
        with self._lock:
            for rule in self._slow if self._armed else ():
                if rule.left != 0 and rule.of(service, operation):
                    rule.left = None if rule.left is None else rule.left - 1
                    return rule
        return None

    def ends_at(self) -> datetime | None:
        """When Lambda ends the running invocation; None when nothing is known."""
        with self._lock:
            return self._processes[-1].ends_at if self._processes else None

    def kill(self, where: str) -> Killed:
        """The running process dies; returns the exception to raise."""
        with self._lock:
            if self._processes:
                self._processes[-1].dead = True
        return Killed(where)

    @contextmanager
    def process(self, name: str, ends_at: datetime | None = None) -> Iterator[Process]:
        """Run one invocation as a process of its own: a kill ends all of it, threads included.

        Plain HTTP calls are answered on another thread, where Killed cannot reach the caller: it
        sees a broken connection, and every later call of the process raises Killed. When the body
        ends and the process is dead, Killed is raised whatever the body returned.
        """
        process = Process(name, next(self._numbers), ends_at)
        with self._lock:
            self._processes.append(process)
        try:
            yield process
        finally:
            with self._lock:
                self._processes.remove(process)
            if process.dead:
                raise Killed(f"{name} died")
