"""Processes really die: the worker is killed with SIGKILL at random moments, under load.

The sandbox runs in this process on a clock of twenty seconds a second, the product in another
one, over HTTP. Two hundred kills; PUENTE_KILLS is another number of them.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.contact import read_callback
from chalicelib.whatsapp.to_chat import NOTICE_MARK
from sandbox import up
from sandbox.clock import SandboxClock
from sandbox.deliverer import NotIdle
from sandbox.world import OPENING_TIME, World
from tests.crash.stage import QUEUES

KILLS = int(os.environ.get("PUENTE_KILLS", "200"))
SPEED = 20
CUSTOMERS = 6
CALM_S = 60  # of the wall clock: many visibility time-outs
ROOT = Path(__file__).parents[2]


class QuickClock(SandboxClock):
    """Real time, twenty times as fast."""

    def __init__(self):
        super().__init__(OPENING_TIME, virtual=False)
        self.wall = time.time()

    def now(self):
        return self._now + timedelta(seconds=(time.time() - self.wall) * SPEED)


class Workers:
    """At most one worker lives at a time; `kill` ends it in the middle of whatever it does."""

    def __init__(self, world):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        began, wall = world.clock.now().timestamp(), time.time()
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.worker", str(began), str(wall), str(SPEED)],
            cwd=ROOT,
            # Unbuffered: what a worker logged is heard whole, however it dies.
            env={**kept, **up.environment(world), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self):
        self._zygote.stdin.write("one\n")
        self._zygote.stdin.flush()
        while not (line := self._zygote.stdout.readline().strip()).isdigit():
            assert line, "the workers' parent is gone"
        self._pid = int(line)

    def kill(self):
        os.kill(self._pid, signal.SIGKILL)

    def close(self):
        self._zygote.kill()
        self._zygote.wait()
        with suppress(ProcessLookupError):
            self.kill()


@contextmanager
def running(world):
    """Statuses, flows and streams go on by themselves; product code runs only in workers."""
    world.deliverer.mappings.clear()
    stop = threading.Event()

    def pump():
        while not stop.wait(0.005):
            try:
                world.deliverer.run_until_idle()
            except NotIdle:
                continue

    thread = threading.Thread(target=pump)
    thread.start()
    workers = Workers(world)
    try:
        yield workers
    finally:
        workers.close()
        stop.set()
        thread.join()


@pytest.fixture
def world():
    with World(clock=QuickClock()) as world:
        yield world


def quiet(world):
    return not any(
        queue.messages for name, queue in world.sqs.queues.items() if "dead-letters" not in name
    )


def wait_until(ready, seconds):
    end = time.monotonic() + seconds
    while not ready() and time.monotonic() < end:
        time.sleep(0.1)
    return ready()


class Arrivals:
    """What reached our FIFO queues, in order: ingest may die over an earlier event, and then that
    one arrives after a later one (promise I4)."""

    def __init__(self, world):
        self._bodies = []
        for name in ("inbound.fifo", "outbound.fifo"):
            self._watch(world.sqs.queues[name])

    def _watch(self, queue):
        append = queue.append

        def noted(message, now):
            self._bodies.append(message.body)
            return append(message, now)

        queue.append = noted

    def keeps_order(self, shown, written):
        """Whether neighbours stand as they arrived, or as they were written."""
        arrived = {text: self._place(text) for text in shown}
        return all(
            arrived[one] < arrived[other] or written.index(one) < written.index(other)
            for one, other in itertools.pairwise(shown)
        )

    def _place(self, text):
        return next(at for at, body in enumerate(self._bodies) if text in body)


def chats_of(world, phone):
    return [chat for chat in world.chats if chat.customer.display_name == phone.name]


def seen(chat):
    lines = []
    for item in chat.items:
        if item.type == "MESSAGE" and item.role == "CUSTOMER":
            if item.content.startswith(NOTICE_MARK):
                continue
            lines += item.content.split("\n")
    return lines


def test_killed_workers_lose_double_and_disorder_nothing(world):
    chance, arrivals = random.Random(9), Arrivals(world)
    phones = [world.phones.add(f"Customer {n}", f"1555000{n:04}") for n in range(CUSTOMERS)]
    agent = world.desk.agent("Ana", QUEUES)
    wrote, said = {phone: [] for phone in phones}, {phone: [] for phone in phones}
    with running(world) as workers:
        workers.start()
        for phone in phones:
            _writes(phone, wrote)
        assert wait_until(lambda: len(world.chats.active()) == CUSTOMERS, CALM_S)
        assert wait_until(lambda: quiet(world), CALM_S)
        chats = _accepted(world, agent, phones)
        for _ in range(KILLS):
            for _ in range(chance.randint(0, 3)):
                phone = chance.choice(phones)
                if chance.random() < 0.6:
                    _writes(phone, wrote)
                else:
                    with world.router.lock:
                        said[phone].append(f"answer {len(said[phone])} to {phone.number}")
                        agent.say(said[phone][-1], chat=chats[phone])
            time.sleep(chance.uniform(0.02, 0.5))
            workers.kill()
            workers.start()
        assert wait_until(lambda: quiet(world), 2 * CALM_S)
        time.sleep(1)
    _hold_against_promises(world, arrivals, phones, wrote, said)


def _writes(phone, wrote):
    wrote[phone].append(f"message {len(wrote[phone])} of {phone.number}")
    phone.says(wrote[phone][-1])


def _accepted(world, agent, phones):
    with world.router.lock:
        accepted = [agent.accept() for _ in phones]
    by_name = {chat.customer.display_name: chat for chat in accepted}
    return {phone: by_name[phone.name] for phone in phones}


def _hold_against_promises(world, arrivals, phones, wrote, said):
    parked = len(world.sqs.queues["dead-letters.fifo"].messages)
    again = Counter()
    for one in world.network.sent:
        callback = read_callback(one.body.get("biz_opaque_callback_data"))
        again[one.body.get("text", {}).get("body")] += bool(callback and callback.attempt > 1)
    missing = 0
    for phone in phones:
        (chat,) = chats_of(world, phone)
        shown = [line for line in seen(chat) if line in wrote[phone]]
        assert len(shown) == len(set(shown)), f"shown twice: {shown}"
        missing += len(set(wrote[phone]) - set(shown))
        assert arrivals.keeps_order(shown, wrote[phone]), shown
        got = [text for text in phone.texts if text.startswith("answer")]
        assert set(got) == set(said[phone]), "an answer was lost"
        more = Counter(got) - Counter(said[phone])
        assert all(count <= again[text] for text, count in more.items()), f"sent twice: {more}"
        assert arrivals.keeps_order(list(dict.fromkeys(got)), said[phone]), got
    assert missing <= parked, f"{missing} messages lost, {parked} parked"
