"""Events come once, twice, or four times, late and in any order; people notice none of it.

Any story at all, files, ends and trouble included: tests/stories.
"""

import random

import pytest

from sandbox.topics import Noise
from tests.crash import promises
from tests.crash.stage import Stages

TRIALS = 100
SIMULTANEOUS = 20
LOUD = Noise(duplicate_rate=0.7, duplicate_s=900, reorder_rate=0.5, reorder_s=2.0)


@pytest.fixture(scope="module")
def loud_stages():
    """Every event has two subscriptions that both repeat: one to four deliveries."""
    with Stages() as stages:
        yield Loud(stages)


class Loud:
    def __init__(self, stages):
        self._stages = stages

    def take(self):
        stage = self._stages.take()
        topics = stage.world.topics
        if topics.noise is not LOUD:
            topics.noise = LOUD
            topics.subscribe(stage.world.whatsapp_topic, "whatsapp-events")
            topics.subscribe(stage.world.chat_topic, "chat-events")
        return stage

    def discard(self):
        self._stages.discard()


def test_twenty_first_messages_at_once_open_one_chat_a_hundred_times(loud_stages):
    """Some events know the number only, some the user id too: two groups, two workers at once."""
    chance = random.Random(20)
    for _ in range(TRIALS):
        stage = loud_stages.take()
        for number in range(SIMULTANEOUS):
            stage.world.network.switches.user_ids = chance.random() < 0.5
            stage.writes(f"message {number}")
        stage.world.network.switches.user_ids = True
        stage.world.run_for(200)  # over ten a minute are held back and merged
        assert len(stage.chats()) == 1
        (chat,) = stage.chats()
        assert sorted(stage.seen_by_agent(chat)) == sorted(words for (words,) in stage.wrote)
        stage.all_over()


@pytest.mark.parametrize("seed", range(12))
def test_repeated_and_reordered_events_are_shown_and_sent_once(loud_stages, seed):
    chance = random.Random(seed)
    stage = loud_stages.take()
    stage.talks()
    for number in range(12):
        if chance.random() < 0.5:
            stage.writes(f"from the customer {number}")
        else:
            stage.agent.say(f"from the agent {number}")
        stage.world.run_for(chance.choice([0, 1, 5, 70]))
    stage.world.run_for(1900)  # until the last repeat came, long after SQS forgot the first
    promises.check(stage, overtaking=True)
    stage.all_over()
