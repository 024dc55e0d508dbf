"""Whatever call a worker dies at, and the next one too, customer and agent notice nothing.

The call points are found by running each path once undisturbed, so a new call is covered the day
it is written; the second kill of a pair falls on any call made after the first.
"""

import pytest

from sandbox.faults import Action
from tests.crash import promises
from tests.crash.matrix import Kill, call_points, pairs, play
from tests.crash.paths import PATHS

PARTS = [
    pytest.param(path, part, id=f"{path.name}, {part + 1} of {path.parts}")
    for path in PATHS
    for part in range(path.parts)
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_one_kill_at_any_call_loses_doubles_and_disorders_nothing(stages, path):
    """VN-12."""
    for kill in call_points(stages, path):
        play(stages, path, kill)


@pytest.mark.parametrize(("path", "part"), PARTS)
def test_two_kills_show_each_message_once_or_its_placeholder(stages, path, part):
    for two in pairs(stages, path, part, path.parts):
        play(stages, path, *two)


def test_the_matrix_sees_a_message_that_is_not_shown(stages):
    """The checks bite: what the agent should see and does not is a broken promise."""
    stage = stages.take()
    stage.talks()
    promises.check(stage)
    stage.wrote.append(["never sent"])
    with pytest.raises(promises.Broken, match="never sent"):
        promises.check(stage)
    stages.discard()


def test_the_matrix_sees_a_second_chat_a_claim_and_a_doubled_send(stages):
    stage = stages.take()
    stage.talks()
    stage.chats_expected = 2
    with pytest.raises(promises.Broken, match="1 chats"):
        promises.check(stage)
    stage.chats_expected = 1
    stage.phone.receive(stage.phone.screen[0].message)
    with pytest.raises(promises.Broken, match="more often"):
        promises.check(stage)
    stages.discard()
    stage = stages.take()
    kill = Kill(1, Action.KILL_AFTER)
    stage.world.router.faults.at(kill.index, kill.action)
    stage.world.router.faults.arm()
    stage.writes("Hello")
    stage.world.run_for(1)
    with pytest.raises(promises.Broken, match="queued"):
        promises.check(stage)
    stages.discard()
