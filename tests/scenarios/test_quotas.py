"""Quotas of Connect and Meta: what comes faster waits in its queue and arrives in order."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.faults import Action
from sandbox.world import NO_QUOTAS, World
from tests.scenarios.people import (
    chats_of,
    dead_letters,
    live_chat,
    sent_texts,
    still_queued,
    unfinished,
    words,
)

pytestmark = pytest.mark.deep

CROWD = 40
OUTAGE = timedelta(minutes=15)


@pytest.fixture
def limited():
    """Connect throttles beyond its documented rates, and the product knows them."""
    with World(settings=dict.fromkeys(NO_QUOTAS, "")) as world:
        world.switches.rate_limits = True
        yield world


def per_second(world, operation):
    """The most calls of one operation within any one second, and how many were throttled."""
    calls = [call for call in world.router.calls if call.operation == operation]
    most = Counter(int(call.at.timestamp()) for call in calls if call.outcome == "ok")
    throttled = sum(
        call.outcome in ("ThrottlingException", "TooManyRequestsException") for call in calls
    )
    return max(most.values(), default=0), throttled


def test_after_a_quarter_of_an_hour_without_connect_a_crowd_is_let_in_at_its_rate(limited):
    world, now = limited, limited.clock.now()
    for service in ("connect", "connectparticipant"):
        world.router.faults.outage(service, now, now + OUTAGE, Action.SERVER_ERROR)
    world.router.faults.arm()
    phones = [world.phones.add(f"Customer {n}", f"1555000{n:04}") for n in range(CROWD)]
    for line in range(3):
        for phone in phones:
            phone.says(f"line {line}")
        world.run_for(60)
    world.run_for(OUTAGE.total_seconds() + 600)
    for phone in phones:
        (chat,) = chats_of(world, phone)
        assert words(chat) == ["line 0", "line 1", "line 2"]
    most, throttled = per_second(world, "StartChatContact")
    assert most <= 8 + 5
    assert throttled == 0
    assert not dead_letters(world)
    assert not still_queued(world)
    assert not unfinished()


def test_live_chats_are_written_to_no_faster_than_connect_takes(limited):
    world = limited
    phones = [world.phones.add(f"Customer {n}", f"1555000{n:04}") for n in range(CROWD)]
    for phone in phones:
        phone.says("Hello")
        world.run_for(1)
    world.run_for(60)
    for line in range(3):
        for phone in phones:
            phone.says(f"line {line}")
    world.run_for(300)
    for phone in phones:
        (chat,) = chats_of(world, phone)
        assert words(chat) == ["Hello", "line 0", "line 1", "line 2"]
    most, throttled = per_second(world, "SendMessage")
    assert most <= 15 + 10
    assert throttled == 0
    assert world.router.operations()["connectparticipant.GetTranscript"] == 0, "nothing was begun"
    assert not unfinished()


def test_a_talkative_agent_is_held_to_metas_pair_rate_and_nothing_is_refused(limited):
    world = limited
    talk = live_chat(world)
    said = [f"line {number}" for number in range(70)]
    for text in said:
        talk.agent.say(text)
    world.run_for(10)
    assert len(sent_texts(talk.customer)) < len(said)
    world.run_for(900)
    assert sent_texts(talk.customer) == said
    assert all("failed" not in message.statuses for message in world.network.sent)
    assert not unfinished()


def test_whatsapp_that_does_not_answer_is_left_alone_for_a_while(limited):
    """LA-30: an outage must not cost every invocation its time-out."""
    world = limited
    talks = [live_chat(world, f"Customer {n}", f"1555000{n:04}") for n in range(8)]
    now = world.clock.now()
    world.router.faults.outage("socialmessaging", now, now + OUTAGE, Action.SERVER_ERROR)
    world.router.faults.arm()
    before = len(world.router.calls)
    for talk in talks:
        talk.agent.say("Are you there?", chat=talk.chat)
    world.run_for(60)
    tried = [c for c in world.router.calls[before:] if c.operation == "SendWhatsAppMessage"]
    assert len(tried) <= 5 + 3, "five failures open it, then one try in thirty seconds"
    world.run_for(OUTAGE.total_seconds() + 600)
    for talk in talks:
        assert sent_texts(talk.customer)[-1] == "Are you there?"
    assert not unfinished()
