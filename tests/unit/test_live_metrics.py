"""What a supervisor sees of Connect's queues at a terminal (CP-60)."""

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from ops.__main__ import app
from ops.live import METRICS
from sandbox.clock import SandboxClock
from sandbox.product_output import caught
from sandbox.world import World

RIGHT = [{"Name": name, "Unit": unit} for name, unit in METRICS.values()]


@pytest.fixture
def world():
    with caught(), World() as running:
        yield running


def metrics(*options):
    done = CliRunner().invoke(app, ["metrics", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def queues(*options):
    return {one.pop("queue"): one for one in json.loads(metrics("--json", *options))}


def waits(world, name, number):
    world.phones.add(name, number).says("Hello")
    world.run_for(5)


def test_customers_who_wait_are_counted_with_the_age_of_the_first(world):
    """CP-60."""
    waits(world, "Mia", "15550100001")
    waits(world, "Ben", "15550100002")
    world.run_for(55)
    busiest, *others = json.loads(metrics("--json"))
    assert busiest["waiting"] == 2
    assert 60 <= busiest["oldest_s"] <= 65
    assert {one["waiting"] for one in others} == {0}


def test_agents_and_what_they_have_in_hand_are_counted(world):
    ana, bob, off = (
        world.desk.agent(name, list(world.bundle.settings["queues"]))
        for name in ("Ana", "Bob", "Eve")
    )
    off.is_online = False
    waits(world, "Mia", "15550100001")
    queue = next(name for name, one in queues().items() if one["waiting"])
    ana.accept()
    now = queues()[queue]
    assert now == {
        "waiting": 0,
        "oldest_s": 0,
        "agents_online": 2,
        "agents_available": 2,
        "agents_busy": 1,
        "chats": 1,
        "room": 19,
    }
    assert bob.active == []


def test_people_read_a_line_a_queue(world):
    waits(world, "Mia", "15550100001")
    head, first, *others = metrics().splitlines()
    assert head.split() == [
        *("queue", "waiting", "oldest", "online", "available", "busy", "chats", "room")
    ]
    assert first.split()[1] == "1"
    assert len(others) == len(world.instance.queues) - 1


def test_it_looks_again_as_long_as_it_is_told_to(world, monkeypatch):
    clock = SandboxClock()
    passed = SimpleNamespace(monotonic=lambda: clock.now().timestamp(), sleep=clock.advance)
    monkeypatch.setattr("ops.__main__.time", passed)
    lines = metrics("--json", "--every", "10", "--seconds", "25").splitlines()
    assert len(lines) == 3


def test_many_queues_are_asked_for_a_hundred_at_a_time(world):
    for number in range(120):
        world.instance.add_queue(f"Branch {number}")
    before = len(world.router.calls)
    assert len(queues()) == len(world.instance.queues)
    asked = [one.operation for one in world.router.calls[before:]]
    assert asked.count("GetCurrentMetricData") == 2


REFUSED = (
    ({"Filters": {"Channels": ["CHAT"]}}, "InvalidParameterException"),
    ({"Groupings": ["ROUTING_PROFILE"]}, "NotImplemented"),
    ({"CurrentMetrics": [{"Name": "AGENTS_ERROR", "Unit": "COUNT"}]}, "NotImplemented"),
    ({"Filters": {"Queues": ["no-such"], "Channels": ["CHAT"]}}, "ResourceNotFoundException"),
)


def test_the_sandbox_refuses_what_it_does_not_play(world):
    right = {
        "InstanceId": world.instance.id,
        "Filters": {"Queues": [next(iter(world.instance.queues))], "Channels": ["CHAT"]},
        "Groupings": ["QUEUE"],
        "CurrentMetrics": RIGHT,
    }
    client = boto3.client("connect")
    assert len(client.get_current_metric_data(**right)["MetricResults"]) == 1
    for changed, code in REFUSED:
        with pytest.raises(ClientError) as refused:
            client.get_current_metric_data(**{**right, **changed})
        assert refused.value.response["Error"]["Code"] == code
