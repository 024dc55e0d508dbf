"""The paths of the crash matrix: what leads up to each, and the moment that is disturbed."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.stage import Stage

LONG = " ".join(str(number) for number in range(2200))  # three WhatsApp messages
BILL = b"%PDF-1.4 a bill"


@dataclass(frozen=True)
class Path:
    """`parts`: into how many tests its pairs of kills are dealt, to be played side by side."""

    name: str
    prepare: Callable[[Stage], None]
    act: Callable[[Stage], None]
    chats: int = 1
    parts: int = 1
    lasts_s: int = 20


def nothing(stage):
    pass


def talks(stage):
    stage.talks()


def talked(stage):
    stage.talks()
    stage.agent.end()
    stage.world.run_for(3)


def waits_for_statuses(stage):
    stage.talks()
    stage.agent.say("On its way")
    stage.world.settle()


def talks_before_a_disturbance(stage):
    """Statuses come long after T, and after the second send that their absence costs."""
    stage.talks()
    stage.world.network.switches.statuses = "late"
    stage.world.network.switches.late_s = 200


def ends_and_writes(stage):
    stage.agent.end()
    stage.writes("Still there?")


PATHS = [
    Path("first text", nothing, lambda s: s.writes("Hello")),
    Path("live text", talks, lambda s: s.writes("And my order?")),
    Path("text after the end", talked, lambda s: s.writes("One more thing"), chats=2, parts=2),
    Path("text while the chat ends", talks, ends_and_writes, chats=2, parts=6),
    Path("image first", nothing, lambda s: s.sends_picture(), parts=6),
    Path("image live", talks, lambda s: s.sends_picture("Look"), parts=2),
    Path("voice note first", nothing, lambda s: s.sends_voice_note(), lasts_s=90, parts=8),
    Path("voice note live", talks, lambda s: s.sends_voice_note(), parts=2),
    Path("agent text", talks, lambda s: s.agent.say("On its way")),
    Path(
        "agent text, late statuses",
        talks_before_a_disturbance,
        lambda s: s.agent.say("On its way"),
        lasts_s=600,
    ),
    Path("agent long text", talks, lambda s: s.agent.say(LONG), parts=6),
    Path(
        "agent attachment",
        talks,
        lambda s: s.agent.attach("bill.pdf", "application/pdf", BILL),
    ),
    Path("status", waits_for_statuses, nothing),
    Path("chat ended", talks, lambda s: s.agent.end()),
]
