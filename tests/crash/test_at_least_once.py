"""Events come once, twice, or four times, late and in any order; people notice none of it.

The stories are the same ones each time, so that a run which found something says it again.
`make hunt` draws new ones: PUENTE_STORIES is how many, PUENTE_SEED plays a hunt again.
"""

import os
import random
import secrets
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.faults import Action
from sandbox.topics import Noise
from tests.crash import promises
from tests.crash.stage import Stages

HUNT = int(os.environ.get("PUENTE_STORIES") or 0)
HARD = [Action.KILL_BEFORE, Action.KILL_AFTER, Action.TIMEOUT_AFTER, Action.TIMEOUT_BEFORE]
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


class Reference:
    """Messages written to a chat, and whether a list of lines shows them as promised."""

    def __init__(self):
        self.wrote = []

    def writes(self, at, text):
        self.wrote.append((at, text))

    def problem(self, lines, disorder_s):
        if sorted(lines) != sorted(text for _, text in self.wrote):
            return f"not the same messages: {lines}"
        at = {text: moment.timestamp() for moment, text in self.wrote}
        pairs = pairwise(lines)
        late = [pair for pair in pairs if at[pair[0]] - at[pair[1]] > disorder_s]
        return f"out of order: {late}" if late else ""


class BothDirections(RuleBasedStateMachine):
    """A customer and an agent write, time passes, workers die; nothing else is ever seen.

    `disorder_s`: how far apart messages may be written and still change places: the topics' delay,
    and a visibility time-out and a half for each crash of ingest.
    """

    stages = None

    def __init__(self):
        super().__init__()
        self.stage = self.stages.take()
        self.world = self.stage.world
        self.inbound, self.outbound = Reference(), Reference()
        self.number, self.disorder_s = 0, LOUD.reorder_s
        self.stage.talks()

    def _text(self, who):
        self.number += 1
        return f"{who} {self.number}"

    @rule(burst=st.integers(min_value=1, max_value=3))
    def customer_writes(self, burst):
        for _ in range(burst):
            text = self._text("customer")
            self.inbound.writes(self.world.clock.now(), text)
            self.stage.phone.says(text)

    @rule()
    def agent_writes(self):
        text = self._text("agent")
        self.outbound.writes(self.world.clock.now(), text)
        self.stage.agent.say(text)

    @rule(seconds=st.sampled_from([0, 1, 4, 70, 400]))
    def time_passes(self, seconds):
        self.world.run_for(seconds)

    @rule()
    def agent_transfers_and_takes_back(self):
        """The ContactId changes, the chat stays."""
        self.world.run_for(1)
        self.stage.agent.transfer("General")
        self.stage.answers()

    @precondition(lambda self: self.disorder_s < 1000)
    @rule(call=st.integers(min_value=0, max_value=12), action=st.sampled_from(sorted(Action)))
    def one_of_the_next_calls_goes_wrong(self, call, action):
        if action not in (Action.VALIDATION, Action.ACCESS_DENIED):
            self.world.router.faults.at(call, action)
            self.world.router.faults.arm()
            self.disorder_s += 200

    @invariant()
    def never_two_live_chats(self):
        assert len([chat for chat in self.stage.chats() if not chat.is_over]) == 1

    def teardown(self):
        self.world.run_for(2500)
        self.world.router.faults.clear()
        (chat,) = self.stage.chats()
        said = [line for line in self.stage.seen_by_agent(chat) if line != "greeted"]
        got = [line for line in self.stage.on_the_phone() if line.startswith("agent")]
        again = [text for text, count in Counter(got).items() if count > 1]
        problems = [
            self.inbound.problem(said, self.disorder_s),
            self.outbound.problem(list(dict.fromkeys(got)), self.disorder_s),
            *(self._not_allowed_twice(text) for text in again),
            *self.stage.left_in_queues(),
            *self.stage.claims(),
        ]
        self.stage.all_over()
        assert not any(problems), problems

    def _not_allowed_twice(self, text):
        """Promise O2: a second send has its own number, comes T later, and the history tells."""
        for sends in promises.sends_by_part(self.stage).values():
            if len(sends) > 1 and self._text_of(sends[0]) == text:
                return promises.not_as_promised(self.stage, sends)
        return f"{text} was said once and sent as two"

    def _text_of(self, send):
        callback, _ = send
        return next(
            one.body["text"]["body"]
            for one in self.world.network.sent
            if one.body.get("biz_opaque_callback_data") == str(callback)
        )


class Hurried(BothDirections):
    """More agents' words, and trouble mostly where they pass."""

    @rule(call=st.integers(min_value=0, max_value=5), action=st.sampled_from(HARD))
    def an_answer_is_in_trouble(self, call, action):
        if self.disorder_s > 1000:
            return
        self.agent_writes()
        self.one_of_the_next_calls_goes_wrong(call, action)
        self.world.run_for(1)


@pytest.mark.parametrize("kind", [BothDirections, Hurried])
def test_any_story_of_customer_agent_time_and_crashes_keeps_the_promises(loud_stages, kind):
    class Story(kind):
        stages = loud_stages

    if HUNT:
        drawn = int(os.environ.get("PUENTE_SEED") or secrets.randbits(32))
        again = f"PUENTE_SEED={drawn} PUENTE_STORIES={HUNT} make hunt"
        sys.stdout.write(f"to hear these stories again: {again}\n")
        seed(drawn)(Story)
    try:
        run_state_machine_as_test(
            Story,
            settings=settings(
                max_examples=HUNT or 30,
                derandomize=not HUNT,
                database=None,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except BaseException:
        loud_stages.discard()
        raise
