"""Tokens and ends (issue 4, item 5): however a chat ends, the next message opens one new chat."""

import pytest

from sandbox.faults import Action
from sandbox.world import World
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    lines,
    live_chat,
    still_queued,
    unfinished,
    words,
)

DAY = 24 * 3600


def agent_leaves(world, talk):
    talk.agent.end(talk.chat)


def customer_was_idle_too_long(world, talk):
    world.desk.auto_disconnect(talk.chat)


def time_is_up(world, talk):
    world.chats.end(talk.chat, "EXPIRED")


def somebody_stops_the_contact(world, talk):
    world.chats.end(talk.chat, "API")


def agent_and_connect_at_once(world, talk):
    talk.agent.end(talk.chat)
    world.chats.end(talk.chat, "CUSTOMER_DISCONNECT")


def handed_over_and_then_ended(world, talk):
    talk.agent.transfer("Billing", talk.chat)
    talk.agent.accept()
    talk.agent.end(talk.chat)


ENDS = [
    agent_leaves,
    customer_was_idle_too_long,
    time_is_up,
    somebody_stops_the_contact,
    agent_and_connect_at_once,
    handed_over_and_then_ended,
]
every_end = pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)


@every_end
def test_the_message_after_an_end_opens_one_new_chat_with_nothing_lost(world, end):
    talk = live_chat(world)
    end(world, talk)
    world.settle()
    assert talk.chat.is_over
    talk.customer.says("One more thing")
    world.run_for(5)
    talk.customer.says("And another")
    world.run_for(5)
    old, new = chats_of(world, talk.customer)
    assert lines(old) == ["Hello"]
    assert words(new) == ["One more thing", "And another"]
    assert not unfinished()


@every_end
@pytest.mark.parametrize("wait_s", [0, 0.2, 3])
def test_messages_written_during_the_end_open_exactly_one_new_chat(world, end, wait_s):
    """The news of the end is slower than the customer's words, before and after it."""
    talk = live_chat(world)
    world.topics.noise.reorder_rate, world.topics.noise.reorder_s = 1.0, 2.0
    talk.customer.says("before the end")
    world.run_for(wait_s)
    end(world, talk)
    for number in range(3):
        talk.customer.says(f"during the end {number}")
        world.run_for(wait_s)
    world.run_for(LONG_ENOUGH_S)
    talk.customer.says("long after it")
    world.run_for(5)
    chats = chats_of(world, talk.customer)
    assert len([chat for chat in chats if not chat.is_over]) == 1
    assert len(chats) == 2
    read = [word for chat in chats for word in words(chat)]
    said = ["Hello", "before the end", *(f"during the end {n}" for n in range(3)), "long after it"]
    assert sorted(read) == sorted(said)
    assert not dead_letters(world)
    assert not still_queued(world)
    assert not unfinished()


def test_an_agent_who_leaves_while_another_one_stays_ends_nothing(world):
    """participant.left is no end: the chat goes on in the queue it was handed to."""
    talk = live_chat(world)
    talk.agent.transfer("Billing")
    world.run_for(2)
    assert "participant.left" in talk.agent.events(talk.chat)
    talk.customer.says("Who helps me now?")
    world.run_for(2)
    ben = world.desk.agent("Ben", ["Billing"])
    assert ben.accept() is talk.chat
    ben.say("I do")
    world.run_for(2)
    assert chats_of(world, talk.customer) == [talk.chat]
    assert lines(talk.chat) == ["Hello", "Who helps me now?"]
    assert talk.customer.texts[-1] == "I do"


def test_a_connection_is_renewed_before_it_expires_without_a_refused_call():
    with World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        talk = live_chat(world)
        world.run_for(DAY - 120)
        before = len(world.router.calls)
        talk.customer.says("Still there?")
        world.run_for(2)
        calls = [c for c in world.router.calls[before:] if c.service == "connectparticipant"]
        assert [c.operation for c in calls] == ["CreateParticipantConnection", "SendMessage"]
        assert {c.outcome for c in calls} == {"ok"}
        talk.customer.says("Good")
        world.run_for(2)
        assert lines(talk.chat) == ["Hello", "Still there?", "Good"]


def test_answers_written_just_before_the_agent_leaves_arrive_and_in_order(world):
    talk = live_chat(world)
    world.topics.noise.reorder_rate, world.topics.noise.reorder_s = 1.0, 2.0
    talk.agent.say("It is on its way")
    world.clock.advance(1)
    talk.agent.say("Goodbye")
    talk.agent.end()
    world.run_for(LONG_ENOUGH_S)
    texts = talk.customer.texts
    assert sorted(texts[-2:]) == ["Goodbye", "It is on its way"]
    assert not unfinished()


def test_nobody_is_told_of_the_end_and_connect_refuses_to_say_so_for_a_while(world):
    """Whether the chat is over is not guessed: the message waits until Connect answers."""
    talk = live_chat(world)
    world.chats.end(talk.chat, "OTHER")
    world.sqs.queues["chat-events"].purge()
    world.router.faults.on("connect", "ListAssociatedContacts", Action.THROTTLE)
    world.router.faults.on("connect", "ListAssociatedContacts", Action.THROTTLE, nth=2)
    world.router.faults.arm()
    talk.customer.says("Anybody?")
    world.run_for(LONG_ENOUGH_S)
    old, new = chats_of(world, talk.customer)
    assert lines(old) == ["Hello"]
    assert [line.removeprefix("(repeated) ") for line in words(new)] == ["Anybody?"]
    assert not unfinished()
