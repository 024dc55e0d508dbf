"""The matrix plays one death for each state that a crash can leave: here that is tried."""

from itertools import pairwise

import boto3
import pytest

from chalicelib import showing
from sandbox.amazon_connect.switches import TokenMemory
from sandbox.faults import Action
from sandbox.world import TABLES, World
from tests.crash import promises
from tests.crash.matrix import Kill, call_points, deaths, pairs, play
from tests.crash.paths import PATHS
from tests.crash.stage import Stages
from tests.scenarios.people import failing, live_chat

BY_NAME = {path.name: path for path in PATHS}


def left_out(calls):
    """Deaths that are not played, each with the one that stands for it."""
    played = {kill.index for kill in deaths(calls)}
    last = 0
    for call in calls:
        if call.index in played:
            last = call.index
        else:
            yield Kill(call.index), Kill(last)


def seen(stages, path, *kills):
    """What everybody sees after these kills, and what stands in the customer's tables."""
    stage = stages.take()
    found = play(Holding(stages, stage), path, *kills)
    assert found
    chats = [[(item.type, item.role, item.content) for item in c.items] for c in stage.chats()]
    return chats, stage.on_the_phone(), [letter.get("reason") for letter in stage.collected]


class Holding:
    """Gives out this one stage."""

    def __init__(self, stages, stage):
        self.discard, self._stage = stages.discard, stage

    def take(self):
        return self._stage


@pytest.mark.parametrize("name", ["image live", "status", "chat ended", "voice note live"])
def test_dying_after_a_call_that_only_reads_leaves_what_dying_before_it_left(stages, name):
    path = BY_NAME[name]
    skipped = list(left_out(play(stages, path)))
    assert skipped, "the path reads nothing: choose another"
    for one, standing_for_it in skipped:
        assert seen(stages, path, one) == seen(stages, path, standing_for_it), str(one)


def test_after_a_first_kill_too_what_is_left_out_leaves_nothing_new(stages):
    path = BY_NAME["live text"]
    first = deaths(play(stages, path))[2]
    skipped = [two for two in left_out(play(stages, path, first)) if two[1].index > first.index]
    assert skipped, "a redelivery reads the transcript"
    for one, standing_for_it in skipped:
        assert seen(stages, path, first, one) == seen(stages, path, first, standing_for_it)


def test_dying_before_a_call_leaves_what_dying_after_the_one_before_it_left(stages):
    path = BY_NAME["live text"]
    for before, call in pairwise(play(stages, path)):
        if before.process == call.process:
            earlier = Kill(call.index, Action.KILL_BEFORE)
            assert seen(stages, path, earlier) == seen(stages, path, Kill(before.index))


def left_by(death):
    """Every item of both tables after a worker died at its send of an answer."""
    with World() as world:
        talk = live_chat(world)
        world.network.switches.statuses = "never"
        failing(world, "socialmessaging", "SendWhatsAppMessage", death, 1)
        talk.agent.say("On its way")
        world.settle()
        world.run_for(2)
        assert ("On its way" in talk.customer.texts) == (death is Action.KILL_AFTER)
        tables = boto3.client("dynamodb")
        return [tables.scan(TableName=name)["Items"] for name in TABLES.values()]


def test_only_a_status_tells_a_send_that_happened_from_one_that_did_not(stages):
    """Why the agent is told of a doubt after a worker that died before it sent anything: what it
    leaves is the same. A word between claim and send would be one more call on every answer."""
    stages.discard()  # one world at a time
    assert left_by(Action.KILL_BEFORE) == left_by(Action.KILL_AFTER)


def test_a_mistake_that_only_a_second_crash_shows_is_found_among_the_deaths_that_are_left(
    stages, monkeypatch
):
    """Its third worker does not look what stands in the chat already: one crash is no harm."""
    path, original = BY_NAME["live text"], showing._must_look

    def looks_once(work, content):
        return original(work, content) and work.pending.attempts < 3

    monkeypatch.setattr(showing, "_must_look", looks_once)
    stages.discard()  # one world at a time
    with Forgetful() as forgetful:
        for kill in call_points(forgetful, path):
            play(forgetful, path, kill)
        found = [broken(forgetful, path, two) for two in pairs(forgetful, path)]
    assert any(found)
    assert all("shown twice" in problem for problem in found if problem), found


def broken(stages, path, kills):
    """The promise that these kills break, "" for none."""
    try:
        play(stages, path, *kills)
    except promises.Broken as problem:
        return str(problem)
    return ""


class Forgetful(Stages):
    """Worlds whose Connect remembers no token of SendMessage."""

    def take(self):
        stage = super().take()
        stage.world.switches.token_memory_of["SendMessage"] = TokenMemory.NONE
        return stage
