"""Clocks that are ten minutes wrong: WhatsApp's timestamps, or that of the machine we run on."""

import pytest

from chalicelib import erasure
from chalicelib.whatsapp.limits import WINDOW_SECONDS
from sandbox import wishes
from sandbox.faults import Action
from sandbox.phones import Phone
from sandbox.world import World
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    failing,
    lines,
    live_chat,
    notices,
    sent_texts,
    still_queued,
    unfinished,
    words,
)

TEN_MINUTES = 600
MINUTE = 60


def all_is_over(world: World, *, but_the_second_look: bool = False) -> None:
    assert not dead_letters(world)
    assert not unfinished()
    assert len(still_queued(world)) == but_the_second_look


def wrong(world: World, whose: str, seconds: int) -> None:
    if whose == "whatsapp":
        world.network.switches.clock_ahead_s = seconds
    else:
        world.product_ahead_s = seconds


WRONG = pytest.mark.parametrize(
    ("whose", "seconds"),
    [(whose, way * TEN_MINUTES) for whose in ("whatsapp", "ours") for way in (1, -1)],
)


@pytest.mark.deep
@WRONG
def test_both_ways_everything_arrives_once_and_in_order(
    world: World, whose: str, seconds: int
) -> None:
    wrong(world, whose, seconds)
    talk = live_chat(world)
    for number in range(3):
        talk.customer.says(f"question {number}")
        world.run_for(20)
        talk.agent.say(f"answer {number}")
        world.run_for(20)
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat) == ["Hello", "question 0", "question 1", "question 2"]
    assert sent_texts(talk.customer)[:3] == ["answer 0", "answer 1", "answer 2"]
    assert not notices(talk.chat)
    all_is_over(world)


@pytest.mark.parametrize(
    ("whose", "seconds"),
    [
        pytest.param("whatsapp", TEN_MINUTES, marks=pytest.mark.deep),
        ("whatsapp", -TEN_MINUTES),
        ("ours", TEN_MINUTES),
        pytest.param("ours", -TEN_MINUTES, marks=pytest.mark.deep),
    ],
)
def test_an_answer_shortly_before_the_window_closes_reaches_the_phone(
    world: World, whose: str, seconds: int
) -> None:
    """By our reckoning it may be over: WhatsApp has the last word."""
    wrong(world, whose, seconds)
    talk = live_chat(world)
    world.run_for(WINDOW_SECONDS - MINUTE - 5)
    talk.agent.say("Just in time")
    world.run_for(MINUTE)
    assert sent_texts(talk.customer)[-1] == "Just in time"
    assert not notices(talk.chat)


@pytest.mark.deep
@WRONG
def test_an_answer_after_the_window_has_closed_is_told_as_such(
    world: World, whose: str, seconds: int
) -> None:
    wrong(world, whose, seconds)
    talk = live_chat(world)
    world.run_for(WINDOW_SECONDS + MINUTE)
    talk.agent.say("Too late")
    world.run_for(MINUTE)
    assert "Too late" not in talk.customer.texts
    [notice] = notices(talk.chat)
    assert "More than 24 hours have passed" in notice


def test_one_message_from_the_future_makes_no_later_one_look_overtaken(world: World) -> None:
    """What a server ten minutes ahead took is the past all the same when we read it."""
    wrong(world, "whatsapp", TEN_MINUTES)
    talk = live_chat(world)
    wrong(world, "whatsapp", 0)
    world.run_for(20)
    talk.customer.says("Are you there?")
    world.run_for(5)
    assert lines(talk.chat) == ["Hello", "Are you there?"]


def test_a_machine_whose_clock_was_ahead_leaves_no_customer_who_seems_to_write_too_fast(
    world: World,
) -> None:
    """SA-67: ten pieces of a minute that has not come yet are no reason to hold the next one."""
    talk = live_chat(world)
    world.product_ahead_s = TEN_MINUTES
    for number in range(10):
        talk.customer.says(f"line {number}")
        world.run_for(10)
    world.product_ahead_s = 0
    talk.customer.says("and now?")
    world.run_for(5)
    assert words(talk.chat)[-1] == "and now?"
    assert not notices(talk.chat)


def erased(world: World, operator_ahead_s: int = 0) -> Phone:
    """A customer who was forgotten five seconds ago, and whose chat is over."""
    talk = live_chat(world)
    world.run_for(20)
    wishes.forget(world, talk.customer.number or "", ahead_s=operator_ahead_s)
    world.run_for(5)
    assert talk.chat.is_over
    return talk.customer


@pytest.mark.parametrize("whose", ["whatsapp", "the operator's"])
def test_what_is_written_after_an_erase_is_shown_whosever_clock_is_wrong(
    world: World, whose: str
) -> None:
    """It came after the wish, whatever time it bears (LA-37)."""
    customer = erased(world, TEN_MINUTES if whose == "the operator's" else 0)
    wrong(world, "whatsapp", 0 if whose == "the operator's" else -TEN_MINUTES)
    customer.says("A new question")
    world.run_for(5)
    customer.says("and another")
    world.run_for(5)
    [new] = chats_of(world, customer)[1:]
    assert words(new) == ["A new question", "and another"]
    all_is_over(world, but_the_second_look=True)


@pytest.mark.deep
def test_what_was_parked_after_an_erase_is_left_alone_by_its_second_look(world: World) -> None:
    customer = erased(world)
    wrong(world, "whatsapp", -TEN_MINUTES)
    failing(world, "connect", "StartChatContact", Action.VALIDATION, 1)
    customer.says("A new question")
    world.run_for(erasure.SWEEP_AFTER_SECONDS + LONG_ENOUGH_S)
    [letter] = dead_letters(world)
    assert "A new question" in str(letter)


@pytest.mark.deep
@pytest.mark.parametrize("before", [TEN_MINUTES, -TEN_MINUTES])
@pytest.mark.parametrize("when", [Action.KILL_BEFORE, Action.KILL_AFTER])
def test_what_a_machine_with_a_wrong_clock_left_behind_is_finished_by_the_next(
    world: World, before: int, when: Action
) -> None:
    """Shown once. Ahead, its claim seems to have begun in the future: it is waited for so long."""
    talk = live_chat(world)
    world.product_ahead_s = before
    failing(world, "connectparticipant", "SendMessage", when, 1)
    talk.customer.says("left behind")
    world.settle()
    world.product_ahead_s = 0
    world.run_for(LONG_ENOUGH_S + TEN_MINUTES)
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat)[1:] == ["left behind", "after it"]
    all_is_over(world)


@pytest.mark.deep
def test_an_answer_left_behind_by_a_machine_that_was_ahead_is_proven_by_its_status(
    world: World,
) -> None:
    talk = live_chat(world)
    world.product_ahead_s = TEN_MINUTES
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.KILL_AFTER, 1)
    talk.agent.say("On its way")
    world.settle()
    world.product_ahead_s = 0
    world.run_for(LONG_ENOUGH_S + 2 * TEN_MINUTES)
    assert sent_texts(talk.customer) == ["On its way"]
    assert not notices(talk.chat)
    all_is_over(world)
