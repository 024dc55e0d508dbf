"""The paths of the crash matrix: what leads up to each, and the moment that is disturbed."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.stage import Stage

LONG = " ".join(str(number) for number in range(2200))  # three WhatsApp messages
BILL = b"%PDF-1.4 a bill"


@dataclass(frozen=True)
class Path:
    """`short`: few enough calls for every pair of kills."""

    name: str
    prepare: Callable[[Stage], None]
    act: Callable[[Stage], None]
    chats: int = 1
    short: bool = True
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


def ends_and_writes(stage):
    stage.agent.end()
    stage.writes("Still there?")


PATHS = [
    Path("first text", nothing, lambda s: s.writes("Hello"), short=True),
    Path("live text", talks, lambda s: s.writes("And my order?")),
    Path("text after the end", talked, lambda s: s.writes("One more thing"), chats=2, short=False),
    Path("text while the chat ends", talks, ends_and_writes, chats=2, short=False),
    Path("image first", nothing, lambda s: s.sends_picture(), short=False),
    Path("image live", talks, lambda s: s.sends_picture("Look"), short=False),
    Path("voice note first", nothing, lambda s: s.sends_voice_note(), short=False, lasts_s=90),
    Path("voice note live", talks, lambda s: s.sends_voice_note(), short=False),
    Path("agent text", talks, lambda s: s.agent.say("On its way")),
    Path("agent long text", talks, lambda s: s.agent.say(LONG), short=False),
    Path(
        "agent attachment",
        talks,
        lambda s: s.agent.attach("bill.pdf", "application/pdf", BILL),
        short=False,
    ),
    Path("status", waits_for_statuses, nothing),
    Path("chat ended", talks, lambda s: s.agent.end()),
]
