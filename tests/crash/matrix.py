"""One disturbed run of a path: kill here, let everything come again, look at what is left.

A crash leaves what stands outside the process: tables, queues, chats, files. So crashes that leave
the same are one crash, and only one of them is played:

- dying before a call leaves what dying after the process's call before it left;
- dying after a call that only reads leaves what dying before it left.

Dying before its very first call makes what a process had received come again later, nothing else:
single kills play that as well. `test_deaths.py` tries this argument, and shows that a mistake which
takes two crashes is found among the deaths that are left.
"""

from dataclasses import dataclass

from sandbox.faults import Action, CallFacts
from tests.crash import promises

# The queues' visibility time-out is 120 s; one more for what the second kill leaves, and time
# for back-offs and statuses.
SETTLED_S = 120 + 40

READS = {
    ("connect", "DescribeContact"),
    ("connect", "GetContactAttributes"),
    ("connect", "ListAssociatedContacts"),
    ("connectparticipant", "GetAttachment"),
    ("connectparticipant", "GetTranscript"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "Query"),
    ("http:attachments", "GET /connect-attachments/"),
    ("http:openai", "POST /v1"),
    ("http:openai", "POST /v1/audio/transcriptions"),
    ("s3", "GetObject"),
}
"""Calls that change nothing anywhere. One that is missing here costs time, nothing else."""


@dataclass(frozen=True)
class Kill:
    """The call with this index, counted by the path itself, and when the process dies."""

    index: int
    action: Action = Action.KILL_AFTER

    def __str__(self):
        return f"{self.action} call {self.index}"


def play(stages, path, *kills):
    """Run the path with these kills; returns the calls it made, in order.

    Raises promises.Broken, its message saying what happened.
    """
    calls = []
    try:
        stage = stages.take()
        path.prepare(stage)
        stage.chats_expected = path.chats
        _disturb(stage.world.router.faults, kills, calls)
        path.act(stage)
        stage.world.run_for(path.lasts_s + SETTLED_S * len(kills))
        stage.world.router.faults.clear()
        _look(stage, kills)
        stage.all_over()
    except BaseException as problem:
        where = [f"{call.process}: {call.service}.{call.operation}" for call in calls]
        problem.add_note(f"{path.name}: {', '.join(map(str, kills))}; calls: {where}")
        stages.discard()
        raise
    return calls


def _disturb(faults, kills, calls):
    """Plan the kills and write down every call, in the order in which they were made."""
    faults.rule(calls.append)  # appending answers None: later rules decide
    for kill in kills:
        faults.at(kill.index, kill.action)
    faults.arm()


def _look(stage, kills):
    promises.check(stage, parking=len(kills) > 1)
    stage.collect_dead_letters()
    if any(not chat.is_over for chat in stage.chats()):
        stage.writes("Anybody?")
        stage.world.run_for(3)
        promises.check(stage, parking=len(kills) > 1)


def call_points(stages, path):
    """Every single kill of the path, found by running it undisturbed."""
    calls = play(stages, path)
    firsts = [Kill(call.index, Action.KILL_BEFORE) for call in calls if _starts(calls, call)]
    return [*firsts, *deaths(calls)]


def pairs(stages, path, part=0, parts=1):
    """Every pair of kills: the second among the calls that are left, or made, after the first.

    With `parts`, an even share of them.
    """
    for first in deaths(play(stages, path)):
        for second in deaths(play(stages, path, first)):
            if second.index > first.index and (first.index + second.index) % parts == part:
                yield first, second


def deaths(calls: list[CallFacts]) -> list[Kill]:
    """One kill for everything that a crash during these calls may leave."""
    return [Kill(call.index) for call in calls if not repeats_the_one_before(calls, call)]


def repeats_the_one_before(calls: list[CallFacts], call: CallFacts) -> bool:
    """Whether dying after this call leaves what dying after the call before it left."""
    return (call.service, call.operation) in READS and not _starts(calls, call)


def _starts(calls: list[CallFacts], call: CallFacts) -> bool:
    """Whether it is its process's first call, or nobody's."""
    before = calls[call.index - 1].process if call.index else 0
    return not call.process or before != call.process
