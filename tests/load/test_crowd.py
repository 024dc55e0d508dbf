"""Many customers write all kinds at once; agents and customers get every message once, in order.

PUENTE_LOAD_FULL=1 plays the thousand customers of `make bench-load`.
"""

import os

import pytest

from benchmarks import load, load_over_http
from sandbox.product_output import caught
from sandbox.topics import Noise

FULL = bool(os.environ.get("PUENTE_LOAD_FULL"))
CUSTOMERS = 1000 if FULL else 40
GROWTH_MB = 10  # a process of the product: all it needs is loaded in the first quarter


def unharmed(result):
    return (result.lost, result.duplicated, result.disordered) == (0, 0, 0)


def test_a_crowd_at_once_loses_doubles_and_disorders_nothing():
    """SA-48."""
    with caught():
        result = load.run(CUSTOMERS, 30)
    assert result.sent == result.delivered >= 4 * CUSTOMERS
    assert unharmed(result)


def test_a_crowd_over_http_is_served_by_several_processes_at_once():
    """LA-40."""
    with caught():
        result = load_over_http.run(100 if FULL else 8, 30 if FULL else 4, processes=2)
    assert result.sent == result.delivered
    assert unharmed(result)
    assert len(result.workers_rss_mb) == 2
    for first, *_, last in result.workers_rss_mb:
        assert 0 < last <= first + GROWTH_MB


@pytest.mark.parametrize("seed", [2, 3])
def test_a_crowd_whose_events_come_twice_is_served_once(seed, monkeypatch):
    """Repeats come up to a minute later, most of them into a batch with newer messages."""
    loud = Noise(duplicate_rate=0.8, duplicate_s=60)
    monkeypatch.setattr("sandbox.topics.Noise", lambda: loud)
    with caught():
        result = load.run(CUSTOMERS // 2, 30, seed)
    assert unharmed(result)
