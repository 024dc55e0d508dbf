"""Late cards and files that were parked: an operator sends them again like every other letter."""

import pytest
from typer.testing import CliRunner

from chalicelib import redrive
from chalicelib.conversation import GIVEN_UP, LATE_CARD, LATE_FILE, LATE_RUN
from ops.__main__ import app as operator
from sandbox.faults import Action
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios import ai
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    failing,
    files,
    lines,
    live_chat,
    notices,
    redriven,
    still_queued,
    unfinished,
)
from tests.scenarios.test_bugs_of_ours import breaks_on


def ops(*command):
    return CliRunner().invoke(operator, command)


def cards(talk):
    return [line for line in lines(talk.chat) if ai.WORDS in line]


def with_a_note_on_its_way(world):
    """The agent has the sound; the card follows as soon as speech is understood again."""
    brain = ai.brain(world)
    working, brain.hears = brain.hears, lambda: ai.refused(503, "overloaded")
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(encoded(tone(2.0), "ogg", "libopus", 48000))
    world.settle()
    brain.hears = working
    return talk, wamid


def refusing(world, times, action=Action.VALIDATION):
    failing(world, "connectparticipant", "SendMessage", action, times)


@pytest.mark.parametrize(
    ("action", "times"),
    [
        (Action.VALIDATION, 1),
        pytest.param(Action.VALIDATION, 2, marks=pytest.mark.deep),
        pytest.param(Action.KILL_BEFORE, 3, marks=pytest.mark.deep),
    ],
)
def test_a_late_card_that_was_parked_is_sent_again(world, action, times):
    """Refused with or without its placeholder, or three times the death of its worker."""
    talk, _ = with_a_note_on_its_way(world)
    refusing(world, times, action)
    world.run_for(LONG_ENOUGH_S)
    assert not cards(talk)
    [letter] = dead_letters(world)
    assert letter["members"][0]["wamid"].endswith(LATE_CARD)
    heard = len(world.router.calls)
    redriven(world)
    assert len(cards(talk)) == 1
    assert not any("transcriptions" in call.operation for call in world.router.calls[heard:])
    assert not dead_letters(world)
    assert not still_queued(world)
    assert not unfinished()


@pytest.mark.deep
def test_a_late_card_that_is_refused_again_can_be_sent_again_at_once(world):
    talk, _ = with_a_note_on_its_way(world)
    refusing(world, 1)
    world.run_for(LONG_ENOUGH_S)
    refusing(world, 1)
    ops("dlq", "redrive", "--all")
    world.run_for(5)
    assert not cards(talk)
    assert len(dead_letters(world)) == 1
    redriven(world)
    assert len(cards(talk)) == 1
    assert not dead_letters(world)


@pytest.mark.deep
def test_the_card_of_a_note_that_was_understood_once_more_is_sent_again(world):
    talk, wamid = with_a_note_on_its_way(world)
    world.run_for(LONG_ENOUGH_S)
    assert len(cards(talk)) == 1
    assert ops("reprocess", wamid).exit_code == 0
    refusing(world, 1)
    world.run_for(LONG_ENOUGH_S)
    redriven(world)
    assert len(cards(talk)) == 2
    assert " - understood later - " in cards(talk)[-1]
    assert not dead_letters(world)


def test_a_late_file_that_was_parked_is_sent_again(world):
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, 3)
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
    world.settle()
    refusing(world, 1)
    world.run_for(LONG_ENOUGH_S)
    assert not files(talk.chat)
    redriven(world)
    assert [name for name, *_ in files(talk.chat)] == ["bill.pdf"]
    assert not dead_letters(world)
    assert not unfinished()


@pytest.mark.parametrize(("action", "times"), [(Action.SERVER_ERROR, 9), (Action.KILL_BEFORE, 1)])
def test_a_late_file_whose_chat_ended_between_two_tries_leaves_no_claim(world, action, times):
    """The customer's next message would open its chat with that file."""
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, 3)
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
    world.settle()
    refusing(world, times, action)
    world.run_for(30)
    assert unfinished()
    talk.agent.end()
    world.run_for(LONG_ENOUGH_S)
    assert not unfinished()
    assert not still_queued(world)
    talk.customer.says("Did you get it?")
    world.settle()
    assert lines(talk.agent.accept()) == ["Did you get it?"]
    assert not dead_letters(world)


def test_a_late_file_opens_no_chat_for_whoever_finds_its_claim_either(world):
    """The customer wrote before its own entry came again: the next chat is for their words."""
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, 3)
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
    world.settle()
    refusing(world, 9, Action.SERVER_ERROR)
    world.run_for(30)
    assert unfinished()
    talk.agent.end()
    talk.customer.says("Did you get it?")
    world.run_for(LONG_ENOUGH_S)
    _, chat = chats_of(world, talk.customer)
    assert [line.removeprefix("(repeated) ").split("\n")[0] for line in lines(chat)] == [
        "Did you get it?"
    ]
    assert not unfinished()
    assert not still_queued(world)


def test_a_note_that_broke_our_code_and_of_which_nobody_could_be_told_is_shown_once(
    world, monkeypatch
):
    """Two letters speak of it: what broke, and the word about it that Connect refused."""
    talk, _ = with_a_note_on_its_way(world)
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.voice_notes, "understand", lambda *_: True)
        refusing(world, 2)
        world.run_for(LONG_ENOUGH_S)
    assert len(dead_letters(world)) == 2
    redriven(world)
    assert len(cards(talk)) == 1
    assert not dead_letters(world)
    assert not unfinished()


@pytest.mark.deep
def test_a_late_card_whose_chat_is_over_by_now_opens_none(world):
    """As when it comes by itself: the transcript is in the history."""
    talk, _ = with_a_note_on_its_way(world)
    refusing(world, 2)
    world.run_for(LONG_ENOUGH_S)
    talk.agent.end()
    world.settle()
    redriven(world)
    assert list(world.chats) == [talk.chat]
    assert not dead_letters(world)
    assert not notices(talk.chat)


@pytest.mark.parametrize(
    ("shown_as", "wamid", "kind"),
    [
        (f"wamid.A{LATE_CARD}", "wamid.A", redrive.CARD),
        (f"wamid.A{LATE_RUN}12{LATE_CARD}", "wamid.A", redrive.CARD),
        (f"wamid.A{GIVEN_UP}{LATE_CARD}", "wamid.A", redrive.CARD),
        (f"wamid.A#2{LATE_CARD}", "wamid.A#2", redrive.CARD),
        (f"wamid.A{LATE_FILE}", "wamid.A", redrive.FILE),
        (f"wamid.A{GIVEN_UP}{LATE_FILE}", "wamid.A", redrive.FILE),
    ],
)
def test_the_letter_tells_whose_card_or_file_it_is(shown_as, wamid, kind):
    entry = redrive.late("conversation", shown_as, 1)
    told = {"conversation": "conversation", "wamid": wamid, "n": 1}
    assert redrive.routing.read(entry.body) == (kind, told)


def test_a_message_is_neither_a_card_nor_a_file():
    assert redrive.late("conversation", "wamid.A", 1) is None
