"""The crowd of `load.py` in real time: the product in a pool of processes, AWS over HTTP.

The sandbox runs here with a clock of its own that keeps pace with the wall; each process reads all
queues, as containers do. Only the flow's functions run here: Connect calls them.
"""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import quick_speech
from benchmarks.load import AFTERWARDS_S, KINDS, Crowd, Result, rss_mb
from sandbox import up
from sandbox.clock import SandboxClock
from sandbox.deliverer import NotIdle
from sandbox.sqs import Queue
from sandbox.sqs.message import Message
from sandbox.wire.emulator import Params
from sandbox.world import OPENING_TIME, World

ROOT = Path(__file__).parent.parent
EVENTS = {
    "WHATSAPP_EVENTS_QUEUE_URL": "whatsapp-events",
    "CHAT_EVENTS_QUEUE_URL": "chat-events",
}
CALM_SECONDS = 5  # with nothing in any queue: statuses and flows have come to rest
STEP_SECONDS = 0.005
FIRST = 10  # customers who write before it is measured, enough for every process to get each kind
POLL_SECONDS = 1  # an empty read waits, as SQS's does, but no longer than that at the end


class CrowdInRealTime(Crowd):
    """The same people; what waits is waited for.

    Several processes read the events, which have no order among themselves (SNS and standard
    queues promise none). What is promised is the order of the FIFO queues (protocol I4).
    """

    def __init__(self, world: World, customers: int, seconds: int, seed: int) -> None:
        super().__init__(world, customers, seconds, seed)
        self._arrived: list[str] = []
        self._pool: dict[int, float] = {}
        self._pool_rss_mb: list[list[int]] = []
        for name in ("inbound.fifo", "outbound.fifo"):
            self._note_arrivals(world.sqs.queues[name])

    def play(self) -> None:
        """As the others; what each process loads once is loaded before."""
        for customer in self.customers[:FIRST]:
            for kind in KINDS:
                self._writes(customer, kind)
        self._run_for(AFTERWARDS_S)
        self._waits_ms.clear()
        super().play()

    def served_by(self, processes: Sequence[int]) -> None:
        """Whose memory and time are the product's alone."""
        self._pool = {process: _cpu_s(process) for process in processes}

    def _note_memory(self) -> None:
        super()._note_memory()
        self._pool_rss_mb.append([rss_mb(process) for process in self._pool])

    def _workers_rss_mb(self) -> list[list[int]]:
        return [list(one) for one in zip(*self._pool_rss_mb, strict=True)]

    def _workers_cpu_s(self) -> float:
        return sum(_cpu_s(process) - before for process, before in self._pool.items())

    def _note_arrivals(self, queue: Queue) -> None:
        append = queue.append

        def noted(message: Message, now: datetime) -> Message:
            self._arrived.append(message.body)
            return append(message, now)

        queue.append = noted  # type: ignore[method-assign]

    def _disorder(self, wrote: list[str], shown: list[str]) -> int:
        """Neighbours that stand neither as they were written nor as they came into the queue."""
        known = [word for word in shown if wrote.count(word) == 1]
        return sum(
            wrote.index(later) < wrote.index(earlier) and self._place(later) < self._place(earlier)
            for earlier, later in itertools.pairwise(known)
        )

    def _place(self, word: str) -> int:
        return next(at for at, body in enumerate(self._arrived) if word in body)

    def _run_for(self, seconds: float) -> None:
        """Let that much time pass, or less once everybody is done."""
        end, calm_since = time.monotonic() + seconds, time.monotonic()
        while (now := time.monotonic()) < end:
            with suppress(NotIdle):
                self._world.deliverer.run_until_idle()
            if self._busy_queues() or self._due_soon():
                calm_since = now
            if now - calm_since > CALM_SECONDS:
                return
            time.sleep(STEP_SECONDS)

    def _busy_queues(self) -> bool:
        queues = self._world.sqs.queues.items()
        return any(queue.messages for name, queue in queues if "dead-letters" not in name)

    def _due_soon(self) -> bool:
        """Whether somebody writes, or a status or flow goes on, within the calm to wait for."""
        at, now = self._world.scheduler.next_at(), self._world.clock.now()
        return at is not None and at - now < timedelta(seconds=CALM_SECONDS)

    def _answer(self) -> None:
        with self._world.router.lock:
            super()._answer()

    def _note_wait(self, written: float) -> None:
        self._waits_ms.append((self._world.clock.now().timestamp() - written) * 1000)


def run(customers: int, seconds: int, processes: int, seed: int = 1) -> Result:
    """One load against a pool of `processes`."""
    clock = SandboxClock(OPENING_TIME, virtual=False)
    with World(seed=seed, clock=clock) as world:
        quick_speech.mount(world)
        crowd = CrowdInRealTime(world, customers, seconds, seed)
        world.deliverer.mappings.clear()
        _let_reads_wait(world)
        with _pool(world, processes) as pool:
            crowd.served_by([process.pid for process in pool])
            started = time.perf_counter()
            crowd.play()
            return crowd.result(time.perf_counter() - started)


def _let_reads_wait(world: World) -> None:
    """Long polling, which the emulator leaves out: idle readers would take the others' time."""
    receive = world.sqs.receive_message

    def waiting(params: Params) -> Params:
        end = time.monotonic() + min(POLL_SECONDS, params.get("WaitTimeSeconds", 0))
        while not (answer := receive(params)) and time.monotonic() < end:
            with world.router.lock.released():
                time.sleep(STEP_SECONDS)
        return answer

    world.sqs.receive_message = waiting  # type: ignore[method-assign]


@contextmanager
def _pool(world: World, processes: int) -> Iterator[list[subprocess.Popen[str]]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    events = {name: world.sqs.url(queue) for name, queue in EVENTS.items()}
    environment = {**kept, **up.environment(world), **events}
    began = [str(world.clock.now().timestamp()), str(time.time())]
    pool: list[subprocess.Popen[str]] = []
    try:
        hears = [_started(pool, began, environment) for _ in range(processes)]
        for reads in hears:
            with os.fdopen(reads) as told:
                if not told.read():
                    raise RuntimeError("a process of the pool ended before it began")
        yield pool
    finally:
        for process in pool:
            process.communicate()


def _started(
    pool: list[subprocess.Popen[str]], began: list[str], environment: dict[str, str]
) -> int:
    """Put one more process into the pool; where it says that it is ready."""
    reads, writes = os.pipe()
    pool.append(
        subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", "benchmarks.http_worker", *began, str(writes)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # log lines; what is wrong is said on the terminal
            pass_fds=[writes],
            text=True,
        )
    )
    os.close(writes)
    return reads


def _cpu_s(process: int) -> float:
    """User and system time of a process, 0 where Linux does not tell (proc_pid_stat(5))."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
