"""Whenever WhatsApp's word on a send reaches us, the promises hold and its last word is kept."""

import pytest

from chalicelib import to_customer
from chalicelib.whatsapp import statuses
from tests.model.outbound import WAIT_SECONDS, Said, run_all
from tests.model.statuses import PAIR_RATE, StatusHistory, StatusModel

A1 = Said("a1", 1_800_000_000)
A2 = Said("a2", 1_800_000_005)
LONG = Said("a3", 1_800_000_001, parts=2)


def every_path(**story):
    count, broken = run_all(lambda chooser: StatusModel(chooser, **story))
    assert not broken, "\n".join(broken[:5])
    return count


def promises_broken(twin=StatusModel, **story):
    """The kinds of promise that some path breaks, e.g. {"O2", "S1"}."""
    _, broken = run_all(lambda chooser: twin(chooser, **story))
    return {line.split()[0] for line in broken}


@pytest.mark.parametrize(
    "story",
    [
        {"oddities": 2},
        {"oddities": 2, "refusals": 1},
        {"faults": 1, "oddities": 1, "phone_off": True},
    ],
    ids=["delivered", "failed", "phone off"],
)
def test_statuses_early_late_twice_in_disorder_or_never_change_no_promise(story):
    """O1, O2; S1: the status kept is the last word; S2: the agent reads of a failure, and of no
    other."""
    assert every_path(said=(A1,), **story) > 100


@pytest.mark.deep
@pytest.mark.parametrize(
    "story",
    [
        {"said": (A1,), "faults": 1, "oddities": 2},
        {"said": (A1,), "faults": 2, "oddities": 1, "phone_off": True},
        {"said": (A1,), "faults": 1, "oddities": 1, "refusals": 1},
        {"said": (A1,), "faults": 1, "oddities": 1, "refusals": 1, "code": PAIR_RATE},
        {"said": (A1,), "faults": 2, "refusals": 1, "code": PAIR_RATE, "phone_off": True},
        {"said": (A1,), "oddities": 2, "refusals": 2, "code": PAIR_RATE},
        {"said": (LONG,), "faults": 1, "oddities": 1},
        {"said": (A1, A2), "faults": 1, "oddities": 1, "phone_off": True},
    ],
    ids=[
        "one fault",
        "two faults",
        "failed for good",
        "failed for now",
        "failed for now, two faults",
        "failed for now twice",
        "two parts",
        "two messages",
    ],
)
def test_crashes_and_lost_answers_among_them_change_none_either(story):
    """Of sends and of statuses: a status whose own worker dies comes again."""
    assert every_path(**story) > 1000


def test_a_message_goes_out_again_only_after_t_and_under_a_number_of_its_own():
    """Trace 13, with statuses that come too late: allowed (O2)."""
    models = []

    def make(chooser):
        models.append(StatusModel(chooser, said=(A1,), faults=1, oddities=1, phone_off=True))
        return models[-1]

    run_all(make)
    twice = [model.accepted_sends for model in models if len(model.accepted_sends) > 1]
    assert twice
    for (first, at), (again, later), *more in twice:
        assert not more
        assert (first.attempt, again.attempt) == (1, 2)
        assert later - at >= WAIT_SECONDS


# --- one rule taken away -------------------------------------------------------------------------


class Unconditional(StatusHistory):
    """Marks a second send without asking whether a status has come."""

    def sent_again(self, record, attempt):
        self.world.call("sent again", lambda: self.world.sends.update({record: attempt}))
        return True


class MarksBlindly(StatusModel):
    def history(self):
        return Unconditional(self.world, self)


def test_without_a_look_for_a_status_a_crash_behind_a_send_costs_a_second_one(monkeypatch):
    monkeypatch.setattr(to_customer, "judge_unsure", lambda *_: "send_again")
    assert "O2" in promises_broken(MarksBlindly, said=(A1,), faults=1)


def test_a_look_alone_overlooks_the_status_that_comes_right_after_it():
    assert "O2" in promises_broken(MarksBlindly, said=(A1,), faults=1, oddities=1, phone_off=True)


def test_a_failure_told_twice_must_not_undo_what_the_second_send_came_to(monkeypatch):
    def any_attempt(known, known_attempt, seen, attempt):
        again = known == "failed" and attempt > known_attempt
        return again or statuses.moves_forward(known, seen)

    monkeypatch.setattr(statuses, "supersedes", any_attempt)
    story = {"said": (A1,), "oddities": 1, "refusals": 1, "code": PAIR_RATE}
    assert "S1" in promises_broken(**story, phone_off=True)


def test_statuses_that_may_move_backwards_lose_the_last_word(monkeypatch):
    monkeypatch.setattr(statuses, "supersedes", lambda *_: True)
    assert "S1" in promises_broken(said=(A1,), oddities=1)


def test_a_second_send_that_is_not_claimed_first_is_made_twice():
    class Unclaimed(StatusHistory):
        def claim_resend(self, record, attempt):
            super().claim_resend(record, attempt)
            return True

    class Twin(StatusModel):
        def history(self):
            return Unclaimed(self.world, self)

    story = {"said": (A1,), "faults": 1, "refusals": 1, "code": PAIR_RATE}
    assert "O2" in promises_broken(Twin, **story)
