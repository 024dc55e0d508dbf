"""No more calls than a quota allows, and fewer once the service itself refuses."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.errors import Throttled
from chalicelib.paced_ai import PacedAi
from chalicelib.paced_ai import rates as ai_rates
from chalicelib.paced_whatsapp import rates
from chalicelib.pacing import MOST_BUCKETS, RECOVERY_SECONDS, Pace, Rate


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def taken(pace, *kinds, most=1000):
    """How many calls go through at this moment."""
    for number in range(most):
        try:
            pace.take(*kinds)
        except Throttled:
            return number
    return most


def test_a_burst_goes_through_at_once_and_then_the_rate_holds(clock):
    pace = Pace("connect", {"messages": Rate(10, 15)}, clock)
    assert taken(pace, "messages") == 15
    for _ in range(5):
        clock.now += 1
        assert taken(pace, "messages") == 10
    clock.now += 3600
    assert taken(pace, "messages") == 15
    with pytest.raises(Throttled) as refused:
        pace.take("messages")
    assert refused.value.code == "paced"


def test_a_rate_of_nothing_and_an_unknown_kind_are_not_paced(clock):
    pace = Pace("connect", {"messages": Rate(0, 0)}, clock)
    assert taken(pace, "messages") == taken(pace, "receipts") == taken(pace) == 1000


def test_each_customer_has_a_pair_rate_of_their_own(clock):
    pace = Pace("whatsapp", rates(80, 6), clock)
    assert taken(pace, ("pair", "mia")) == 42, "a little less than 45"
    assert taken(pace, ("pair", "ben")) == 42
    clock.now += 13
    assert taken(pace, ("pair", "mia")) == 2


def test_a_call_that_one_quota_refuses_uses_up_no_other(clock):
    pace = Pace("whatsapp", {"number": Rate(1, 5), "pair": Rate(1, 2)}, clock)
    assert taken(pace, "number", ("pair", "mia")) == 2
    assert taken(pace, "number") == 3


def test_a_reserved_call_is_made_even_when_the_bucket_is_empty_by_then(clock):
    pace = Pace("connect", {"messages": Rate(10, 3)}, clock)
    pace.reserve("messages")
    pace.reserve("messages")  # the first one was not used: no second one is taken
    assert taken(pace, "messages") == 3, "the reserved one and what is left"
    with pytest.raises(Throttled):
        pace.reserve("messages")


def test_another_thread_does_not_use_what_this_one_reserved(clock):
    pace = Pace("connect", {"messages": Rate(10, 2)}, clock)
    pace.reserve("messages")
    with ThreadPoolExecutor() as pool:
        assert pool.submit(taken, pace, "messages").result() == 1
    assert taken(pace, "messages") == 1


def test_a_refusal_by_the_service_halves_the_rate_and_a_minute_gives_it_back(clock):
    pace = Pace("connect", {"messages": Rate(10, 15)}, clock)
    pace.slower("messages")
    assert taken(pace, "messages") == 0
    clock.now += 1
    assert taken(pace, "messages") == 5
    for _ in range(8):
        pace.slower("messages")
    clock.now += 2
    assert taken(pace, "messages") == 1, "still asked now and then"
    clock.now += RECOVERY_SECONDS
    taken(pace, "messages")
    clock.now += 1
    assert taken(pace, "messages") == 10


def test_a_clock_that_goes_back_stops_nothing(clock):
    pace = Pace("connect", {"messages": Rate(10, 15)}, clock)
    taken(pace, "messages")
    clock.now -= 100
    assert taken(pace, "messages") == 0
    clock.now += 1
    assert taken(pace, "messages") == 10


def test_many_customers_do_not_fill_the_memory(clock):
    pace = Pace("whatsapp", rates(0, 6), clock)
    for number in range(MOST_BUCKETS + 10):
        pace.take(("pair", number))
    assert len(pace._buckets) <= MOST_BUCKETS
    clock.now += 3600
    pace.take(("pair", "one more"))
    for number in range(MOST_BUCKETS):
        pace.take(("pair", f"new {number}"))
    assert len(pace._buckets) <= MOST_BUCKETS


def test_the_speech_service_gets_its_calls_a_minute_and_no_more(clock):
    """SA-46."""

    class Ai:
        calls = 0

        def transcribe(self, audio, media, *, budget_s):
            self.calls += 1
            if self.calls == 3:
                raise Throttled("slow down")

        structure = None

    pace = Pace("ai", ai_rates(100), clock)
    paced = PacedAi(Ai(), pace)
    for _ in range(2):
        paced.transcribe(b"", None, budget_s=1)
    assert taken(pace, "calls") == 98
    clock.now += 0.6 * 2
    with pytest.raises(Throttled, match="slow down"):
        paced.transcribe(b"", None, budget_s=1)
    clock.now += 60
    assert 50 <= taken(pace, "calls") < 100
