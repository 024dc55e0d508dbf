"""Agent to customer, exhaustively: nothing is lost, and nothing is sent twice without a reason."""

import pytest

from tests.model.chooser import paths
from tests.model.outbound import OutboundModel, Said, run_all

A1 = Said("a1", 1_800_000_000)
A2 = Said("a2", 1_800_000_005)
LONG = Said("a3", 1_800_000_001, parts=3)
GREETING = Said("greeting", 1_800_000_000)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("said", "faults", "known", "repeats"),
    [
        ((A1,), 3, True, 1),
        ((A1, A2), 2, True, 0),
        ((A1, A2), 1, True, 1),
        ((LONG,), 2, True, 0),
        ((A1, LONG), 1, True, 0),
        ((GREETING,), 2, False, 0),
        ((GREETING, A2), 1, False, 0),
    ],
    ids=[
        "one",
        "two",
        "two-repeat",
        "three parts",
        "one and three parts",
        "greeting",
        "greeting+1",
    ],
)
def test_with_statuses_the_customer_gets_everything_once_and_in_order(said, faults, known, repeats):
    """O1, O2, O3 on every path, when each send gets its status."""
    count, broken = run_all(
        lambda chooser: OutboundModel(
            chooser, said=said, faults=faults, known=known, repeats=repeats
        )
    )
    assert not broken, "\n".join(broken[:5])
    assert count > 10


@pytest.mark.deep
@pytest.mark.parametrize(("said", "faults"), [((A1, A2), 2), ((LONG,), 2)], ids=["two", "parts"])
def test_without_statuses_nothing_is_lost_and_each_uncertain_send_costs_one_repeat(said, faults):
    """Trace 13 is allowed; no program can do better."""
    doubled = []

    def run(chooser):
        model = OutboundModel(chooser, said=said, faults=faults, statuses=False)
        model.run()
        assert not model.broken(), model.world.trace
        sent = [body["text"] for body in model.world.sent]
        doubled.append(len(sent) - len(set(sent)))
        twice = {f"out#{text.replace('.', '#')}" for text in sent if sent.count(text) > 1}
        assert twice <= set(model.world.sends), "a repeat that the history does not show"

    assert paths(run) > 10
    assert max(doubled) > 0


def test_each_repeated_send_carries_its_own_attempt():
    """A status of attempt 1 after attempt 2 was sent can be told apart, and counted."""

    def run(chooser):
        model = OutboundModel(chooser, said=(A1,), faults=2, statuses=False)
        model.run()
        data = [body["biz_opaque_callback_data"] for body in model.world.sent]
        assert len(data) == len(set(data)), data

    paths(run)


def test_an_agent_message_that_kills_its_worker_is_parked_and_the_next_one_goes_on():
    """O1: kept for the operator, the agent is told, the conversation is not blocked."""

    class Killer(OutboundModel):
        def worker(self):
            work = super().worker()
            original = self.world.call

            def call(name, effect):
                item = self.world.contacts.get("chat1")
                if name == "send whatsapp" and item.pending.event == "a1":
                    from tests.model.surroundings import Killed

                    raise Killed
                return original(name, effect)

            self.world.call = call
            return work

    def run(chooser):
        model = Killer(chooser, said=(A1, A2))
        model.run()
        assert [body["text"] for body in model.world.sent] == ["a2.0"]
        assert "a1" in model.world.parked
        assert "outbound.parked" in model.agent.said

    paths(run)


def test_a_begun_message_is_finished_before_an_older_one_that_came_behind_it():
    """A crash left the later message half sent; in the next batch the older one stands first."""
    lost = []

    def run(chooser):
        model = OutboundModel(chooser, said=(A2, A1), faults=1)
        model.run()
        sent = [body["text"] for body in model.world.sent]
        if sorted(set(sent)) != ["a1.0", "a2.0"] or len(sent) != len(set(sent)):
            lost.append((sent, model.world.trace))

    assert paths(run) > 10
    assert not lost, lost[:3]
