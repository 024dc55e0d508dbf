"""The whole path, both ways: any story of people, time and trouble keeps the promises.

The stories are the same each time, whatever else runs, so that a run which found something says it
again. `make hunt` draws new ones, and looks for the shortest that fails: PUENTE_STORIES is how
many, PUENTE_SEED plays a hunt again.
"""

import importlib
import os
import secrets
import sys
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from hypothesis.strategies import integers

from tests.crash.stage import Stages
from tests.stories import screens, story

HUNT = int(os.environ.get("PUENTE_STORIES") or 0)
A_WEEK = str(7 * 24 * 60)  # minutes a chat may last: longer than WhatsApp's window


@pytest.fixture(scope="module")
def stages():
    with Stages(
        transcription=screens.transcription,
        prepare=story.prepare,
        lives_for=timedelta(days=20),
        settings={"CHAT_DURATION_MINUTES": A_WEEK, "WHATSAPP_PAIR_SECONDS": "6"},
    ) as stages:
        yield stages


@pytest.fixture(autouse=True)
def from_the_seed_alone(monkeypatch):
    """Hypothesis also draws constants that it reads in whatever modules happen to be loaded."""
    monkeypatch.setattr(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None)


def play(stages, kind, stories, steps):
    class Story(kind):
        pass

    Story.stages = stages
    if HUNT:
        drawn = int(os.environ.get("PUENTE_SEED") or secrets.randbits(32))
        again = f"PUENTE_SEED={drawn} PUENTE_STORIES={HUNT} make hunt"
        sys.stdout.write(f"to hear these stories again: {again}\n")
        seed(drawn)(Story)
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=HUNT or stories,
            derandomize=not HUNT,
            database=None,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A failure tells its story; to shorten it takes minutes.
            phases=[Phase.generate, *([Phase.shrink] if HUNT else [])],
        ),
    )


def test_any_short_story_keeps_the_promises(stages):
    play(stages, story.Story, stories=10, steps=10)


@pytest.mark.deep
def test_any_long_story_keeps_the_promises(stages):
    play(stages, story.Story, stories=50, steps=25)


@pytest.mark.deep
def test_any_story_of_an_agent_in_a_hurry_keeps_the_promises(stages):
    play(stages, story.Hurried, stories=30, steps=15)


class Numbers(RuleBasedStateMachine):
    """Keeps what it was told to do; nothing else matters to it."""

    told: list[int]

    @rule(number=integers(min_value=0, max_value=999))
    def hear(self, number):
        self.told.append(number)


def test_the_stories_are_the_same_whatever_is_loaded(tmp_path, monkeypatch):
    def told():
        Numbers.told = []
        play(None, Numbers, stories=20, steps=10)
        return Numbers.told

    before = told()
    (tmp_path / "loaded_beside.py").write_text(f"NUMBERS = {list(range(100, 900))}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("loaded_beside")
    assert told() == before
