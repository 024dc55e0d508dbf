"""One disturbed run of a path: kill here, let everything come again, look at what is left."""

import random
from dataclasses import dataclass

from sandbox.faults import Action
from tests.crash import promises

# The queues' visibility time-out is 120 s; one more for what the second kill leaves, and time
# for back-offs and statuses.
SETTLED_S = 120 + 40
KILLS = (Action.KILL_BEFORE, Action.KILL_AFTER)


@dataclass(frozen=True)
class Kill:
    """The call with this index, counted by the path itself, and when the process dies."""

    index: int
    action: Action

    def __str__(self):
        return f"{self.action} call {self.index}"


def play(stages, path, *kills):
    """Run the path with these kills; returns how many calls it made.

    Raises promises.Broken, its message saying what happened.
    """
    stage = stages.take()
    faults = stage.world.router.faults
    try:
        path.prepare(stage)
        stage.chats_expected = path.chats
        first = len(stage.world.router.calls)
        for kill in kills:
            faults.at(kill.index, kill.action)
        faults.arm()
        path.act(stage)
        stage.world.run_for(path.lasts_s + SETTLED_S * len(kills))
        calls = faults.calls()
        faults.clear()
        _look(stage, kills)
        stage.all_over()
    except BaseException as problem:
        where = [f"{c.service}.{c.operation} {c.outcome}" for c in stage.world.router.calls[first:]]
        problem.add_note(f"{path.name}: {', '.join(map(str, kills))}; calls: {where}")
        faults.clear()
        stages.discard()
        raise
    return calls


def _look(stage, kills):
    promises.check(stage, parking=len(kills) > 1)
    stage.collect_dead_letters()
    if any(not chat.is_over for chat in stage.chats()):
        stage.writes("Anybody?")
        stage.world.run_for(3)
        promises.check(stage, parking=len(kills) > 1)


def call_points(stages, path):
    """Every single kill of the path, found by running it undisturbed."""
    count = play(stages, path)
    return [Kill(index, action) for index in range(count) for action in KILLS]


def pairs(stages, path):
    """Every pair of kills: the second among the calls that are left, or made, after the first.

    Dying before a call is dying after the one before it, so one kind of kill is enough.
    """
    for first in _deaths(play(stages, path)):
        calls = play(stages, path, first)
        yield from ((first, second) for second in _deaths(calls)[first.index + 1 :])


def sample(stages, path, count, seed):
    """Some pairs, always the same ones for a seed."""
    chance = random.Random(seed)
    deaths = _deaths(play(stages, path))
    for first in chance.choices(deaths, k=count):
        calls = play(stages, path, first)
        left = _deaths(calls)[first.index + 1 :]
        if left:
            yield first, chance.choice(left)


def _deaths(calls):
    return [Kill(index, Action.KILL_AFTER) for index in range(calls)]
