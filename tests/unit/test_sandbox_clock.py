"""Time in the sandbox passes when it is told to, and jobs run in their order."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import START, SandboxClock
from sandbox.scheduler import Scheduler
from sandbox.wire import LendableLock


def test_virtual_time_stands_still_until_advanced():
    clock = SandboxClock()
    assert clock.virtual
    assert clock.now() == clock.now() == START
    clock.advance(90)
    clock.sleep(10)
    assert clock.now() == START + timedelta(seconds=100)
    assert clock.at(START + timedelta(hours=6)) == START + timedelta(hours=6)


def test_time_does_not_go_back():
    clock = SandboxClock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.at(START - timedelta(seconds=1))


def test_real_time_runs_by_itself_and_can_be_skipped():
    clock = SandboxClock.real()
    assert not clock.virtual
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    before = clock.now()
    clock.sleep(0.001)
    clock.advance(3600)
    assert timedelta(hours=1) < clock.now() - before < timedelta(hours=1, minutes=1)


def test_jobs_run_at_their_time_and_in_the_order_they_were_planned():
    clock, ran = SandboxClock(), []
    scheduler = Scheduler(clock)
    scheduler.after(5, lambda: ran.append("late"))
    scheduler.at(START, lambda: ran.append("first"))
    scheduler.at(START, lambda: ran.append("second"))
    assert scheduler.next_at() == START
    assert scheduler.run_due() == 2
    assert ran == ["first", "second"]
    clock.advance(5)
    scheduler.run_due()
    assert ran == ["first", "second", "late"]
    assert scheduler.next_at() is None
    assert scheduler.run_due() == 0


def test_a_job_may_plan_another_for_the_same_instant():
    clock, ran = SandboxClock(), []
    scheduler = Scheduler(clock)
    scheduler.after(0, lambda: scheduler.after(0, lambda: ran.append("inner")))
    assert scheduler.run_due() == 2
    assert ran == ["inner"]


def test_a_cancelled_job_never_runs():
    scheduler, ran = Scheduler(SandboxClock()), []
    scheduler.after(0, lambda: ran.append("cancelled")).cancel()
    assert scheduler.run_due() == 0
    assert ran == []


def test_jobs_run_under_the_sandboxs_lock():
    lock, held = LendableLock(), []
    scheduler = Scheduler(SandboxClock(), lock)
    scheduler.after(0, lambda: held.append(lock.held()))
    scheduler.run_due()
    assert held == [True]
