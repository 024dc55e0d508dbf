"""The whole path, both ways: any story of people, time and trouble keeps the promises.

The stories are the same each time, so that a run which found something says it again. `make hunt`
draws new ones: PUENTE_STORIES is how many, PUENTE_SEED plays a hunt again.
"""

import os
import secrets
import sys
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

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
        settings={"CHAT_DURATION_MINUTES": A_WEEK},
    ) as stages:
        yield stages


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
