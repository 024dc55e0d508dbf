"""A dependency that does not answer is left alone, and tried again after a while."""

import pytest

from chalicelib.breaker import FAILURES_TO_OPEN, OPEN_SECONDS, Breaker
from chalicelib.errors import Denied, Garbled, Rejected, Throttled, Unreachable, Unsure


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def fail(breaker, error=Unsure):
    with pytest.raises(error), breaker.passing():
        raise error("no answer")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock):
    breaker = Breaker("connect", clock)
    for _ in range(FAILURES_TO_OPEN):
        fail(breaker)
    return breaker


def test_an_open_breaker_fails_at_once_and_says_that_nothing_happened(opened):
    with pytest.raises(Throttled) as refused, opened.passing():
        pytest.fail("the call went through")
    assert refused.value.code == "breaker_open"


def test_asking_an_open_breaker_tries_nothing(opened, clock):
    with pytest.raises(Throttled):
        opened.refuse_while_open()
    clock.now += OPEN_SECONDS
    opened.refuse_while_open()
    assert opened.is_open


def test_after_a_while_one_call_tries_and_its_success_closes_the_breaker(opened, clock):
    clock.now += OPEN_SECONDS
    with opened.passing():
        assert opened.is_open
    assert not opened.is_open


@pytest.mark.parametrize("error", [Denied, Rejected])
def test_a_refusal_closes_it_as_well(opened, clock, error):
    """Whoever is refused asks Connect at once whether the chat is over."""
    clock.now += OPEN_SECONDS
    fail(opened, error)
    assert not opened.is_open


def test_our_own_pace_says_nothing_of_it(opened, clock):
    clock.now += OPEN_SECONDS
    fail(opened, Throttled)
    assert opened.is_open


def test_a_failed_try_leaves_it_open_for_another_while(opened, clock):
    clock.now += OPEN_SECONDS
    fail(opened)
    with pytest.raises(Throttled), opened.passing():
        pytest.fail("the call went through")


def test_while_one_call_tries_others_still_fail_at_once(opened, clock):
    clock.now += OPEN_SECONDS
    with opened.passing(), pytest.raises(Throttled), opened.passing():
        pytest.fail("a second call went through")


@pytest.mark.parametrize("error", [Unsure, Garbled, Unreachable])
def test_silence_nonsense_and_no_connection_open_it(clock, error):
    breaker = Breaker("connect", clock)
    for _ in range(FAILURES_TO_OPEN):
        fail(breaker, error)
    assert breaker.is_open


def test_a_refusal_says_that_the_dependency_is_there(clock):
    """Only time-outs, 5xx and unreadable answers count: a refusal is an answer."""
    breaker = Breaker("connect", clock)
    for _ in range(FAILURES_TO_OPEN * 2):
        fail(breaker, Rejected)
    assert not breaker.is_open


def test_successes_in_between_start_the_count_anew(clock):
    breaker = Breaker("connect", clock)
    for _ in range(FAILURES_TO_OPEN - 1):
        fail(breaker)
    with breaker.passing():
        pass
    fail(breaker)
    assert not breaker.is_open
