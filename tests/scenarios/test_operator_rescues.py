"""An operator at a terminal of their own: dead letters of a sandbox that runs as a service."""

import json
import os
import subprocess
import sys

import pytest

from sandbox import up
from sandbox.faults import Action
from tests.scenarios.over_http import ask, eventually, served_with_puente
from tests.source_tree import ROOT


@pytest.fixture
def world():
    with served_with_puente() as running:
        yield running


@pytest.fixture
def ops(world):
    """Runs `python -m ops` as another process that knows only what `sandbox up` prints."""
    environment = {"PATH": os.environ["PATH"], **up.environment(world)}

    def run(*arguments):
        command = [sys.executable, "-m", "ops", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return run


def desk_lines(world):
    _, desk = ask(world.url, "desk")
    return [line.get("text", "") for chat in desk["chats"] for line in chat["lines"]]


@pytest.mark.deep
def test_a_parked_message_is_listed_shown_redriven_and_another_one_dropped(world, ops):
    ask(world.url, "phones", {"name": "Mia", "number": "15550100001"})
    ask(world.url, "phones/15550100001/text", {"text": "Hello"})
    eventually(lambda: sum(ask(world.url, "desk")[1]["waiting"].values()))
    ask(world.url, "desk/accept", {"agent": "Ana"})
    letters = world.sqs.queues["dead-letters.fifo"].messages
    for number in range(2):
        with world.router.lock:
            world.router.faults.on("connectparticipant", "SendMessage", Action.VALIDATION)
            world.router.faults.arm()
        ask(world.url, "phones/15550100001/text", {"text": f"poisoned parcel {number}"})
        eventually(lambda count=number + 1: len(letters) == count)
        eventually(lambda c=number + 1: str(desk_lines(world)).count("could not be shown") == c)
        world.router.faults.clear()
    ask(world.url, "phones/15550100001/text", {"text": "after it"})
    eventually(lambda: "after it" in desk_lines(world))

    listed = json.loads(ops("dlq", "list", "--json").stdout)
    first, second = (row["id"] for row in listed)
    assert all("refused by connectparticipant" in row["reason"] for row in listed)
    assert "poisoned" not in str(listed)
    assert "poisoned parcel 0" in ops("dlq", "show", first).stdout

    assert ops("dlq", "redrive", first).returncode == 0
    eventually(lambda: any("poisoned parcel 0" in line for line in desk_lines(world)))
    assert ops("dlq", "drop", second, "--yes").returncode == 0
    assert json.loads(ops("dlq", "list", "--json").stdout) == []
    assert str(desk_lines(world)).count("poisoned parcel") == 1
    assert ops("dlq", "show", second).returncode == 1
