"""Customer to agent, exhaustively: no crash, refusal, repeat or end breaks a promise."""

import pytest

from chalicelib.errors import Rejected
from tests.model.chooser import paths
from tests.model.inbound import InboundModel, KillingModel, Sent, run_all
from tests.model.surroundings import Killed

M1 = Sent("m1", 1_800_000_000)
M2 = Sent("m2", 1_800_000_010)
M3 = Sent("m3", 1_800_000_020)
PARTS = Sent("p1", 1_800_000_005, parts=3)
PHONE_ONLY = Sent("m2", 1_800_000_010, keys=("phone",))
BOTH = Sent("m1", 1_800_000_000, keys=("bsuid", "phone"))


@pytest.mark.parametrize(
    ("messages", "faults", "ends", "repeats", "overlaps"),
    [
        ((M1,), 2, 0, 1, 0),
        ((M1,), 2, 1, 0, 0),
        ((M1, M2), 2, 0, 0, 0),
        ((M1, M2), 1, 1, 0, 0),
        ((M1, M2), 1, 0, 1, 0),
        ((M1, M2, M3), 1, 0, 0, 0),
        ((PARTS,), 2, 0, 0, 0),
        ((PARTS,), 1, 1, 0, 0),
        ((M1, PARTS), 1, 0, 0, 0),
        ((PARTS, M2), 1, 0, 1, 0),
        ((BOTH, PHONE_ONLY), 1, 0, 0, 1),
        ((BOTH, PHONE_ONLY), 0, 1, 0, 2),
    ],
    ids=[
        "one message comes again hours later",
        "one message, the agent leaves",
        "two messages",
        "two messages, the agent leaves",
        "two messages, one comes again",
        "three messages",
        "a picture between two texts",
        "a picture between two texts, the agent leaves",
        "a picture behind a text",
        "a picture before a text that comes again",
        "one person under two identifiers at once",
        "two identifiers, the agent leaves",
    ],
)
def test_every_message_is_shown_once_in_one_chat(messages, faults, ends, repeats, overlaps):
    """I1 to I4 hold on every path of the safe protocol, whatever fails up to `faults` times."""
    count, broken = run_all(
        lambda chooser: InboundModel(
            chooser,
            messages=messages,
            faults=faults,
            ends=ends,
            repeats=repeats,
            overlaps=overlaps,
        )
    )
    assert not broken, "\n".join(broken[:5])
    assert count > 10


def test_a_chat_closed_between_a_lost_record_and_its_return_shows_the_message_again_marked():
    """Trace 12 of the protocol is allowed, and it really happens: else the mark were untested."""
    both_chats = []

    def run(chooser):
        model = InboundModel(chooser, messages=(M1,), faults=1, ends=1)
        model.run()
        if len(model.shown(M1)) > 1:
            both_chats.append(model)

    paths(run)
    assert both_chats
    assert all(not model.broken() for model in both_chats)


@pytest.mark.parametrize(("faults", "ends"), [(1, 0), (0, 1), (1, 1)])
def test_a_living_chat_that_refuses_our_token_is_written_to_later(faults, ends):
    """Issue 4, item 5: a refusal is no end; the second message waits, no second chat opens."""

    def run(chooser):
        model = InboundModel(chooser, messages=(M1, M2), faults=faults, ends=ends, denials=3)
        model.run()
        assert not model.broken(), (model.broken(), model.world.trace)

    assert paths(run) > 10


def test_connect_that_gives_no_participant_token_again_costs_no_message():
    """Protocol 4.4: the unrecorded chat is stopped and another one opened."""

    def run(chooser):
        model = InboundModel(chooser, messages=(M1,), faults=1)
        model.world.repeat_gives_token = False
        model.run()
        assert not model.broken(), model.world.trace

    assert paths(run) > 10


def test_the_third_crash_parks_a_message_and_lets_the_next_one_through():
    """Law 9: a message that kills its worker is parked by code; its successor is shown."""

    def run(chooser):
        model = KillingModel(chooser, messages=(M1, M2), faults=0)
        model.run()
        assert not model.broken(), model.world.trace
        assert any(M1.wamid in key for key in model.world.parked)

    paths(run)


@pytest.mark.parametrize("live", [False, True], ids=["opens the chat", "in a live chat"])
@pytest.mark.parametrize("piece", [1, 2])
def test_a_message_that_dies_or_is_refused_half_way_is_announced_as_not_shown(piece, live):
    """4.6: the pieces that stand there are not the placeholder; the agent must read that one."""

    class Stuck(InboundModel):
        problem = Killed

        def worker(self):
            work = super().worker()
            original = self.world.call

            def call(name, effect):
                chat = self.world.chats.get("chat1")
                shown = [t for t in chat.texts() if "<p1>" in t] if chat else []
                if name in ("attach", "send message") and len(shown) == piece:
                    last = chat.texts()[-1]
                    if "could not be shown" not in last and not self.world.parked:
                        raise self.problem
                return original(name, effect)

            self.world.call = call
            return work

    class Refused(Stuck):
        @property
        def problem(self):
            return Rejected("not this one", service="connectparticipant", code="no")

    for kind in (Stuck, Refused):
        messages = (M1, PARTS) if live else (PARTS, M2)

        def run(chooser, kind=kind, messages=messages):
            model = kind(chooser, messages=messages, faults=0)
            model.run()
            assert model.world.parked, "it really got stuck"
            assert model._announced(), (kind.__name__, model.world.trace)
            assert not model.broken(), (model.broken(), model.world.trace)

        paths(run)
