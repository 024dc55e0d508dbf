"""After an outage of the AI services the words of a voice note follow by themselves (VN-08, VN-14).

The agent has the sound at once, and within some minutes a card that says what is missing for now.
"""

import itertools

import pytest
from typer.testing import CliRunner

from chalicelib.late_cards import MAX_TRIES
from ops.__main__ import app as operator
from sandbox.faults import Action
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios import ai
from tests.scenarios.people import (
    chats_of,
    dead_letters,
    failing,
    files,
    lines,
    live_chat,
    still_queued,
    unfinished,
)

OUTAGE_S = 15 * 60
BACK_S = 5 * 60  # the slowest back-off is two minutes, for two notes one after the other
TRIED_FOR_S = 2 * 3600
FOR_NOW = "Could not transcribe for now"
LATER = " - understood later - "
MOST_CALLS = 60


@pytest.fixture(scope="module")
def note() -> bytes:
    return encoded(tone(5.0), "ogg", "libopus", 48000)


def down():
    return ai.refused(503, "overloaded")


@pytest.fixture
def brain(world):
    return ai.brain(world)


@pytest.fixture
def speech_is_away(brain):
    """Calling it ends the outage."""
    working, brain.hears = brain.hears, down

    def back() -> None:
        brain.hears = working

    return back


def ops(*args):
    return CliRunner().invoke(operator, args)


@pytest.mark.parametrize(
    "refusal",
    [(503, "overloaded"), (429, "insufficient_quota"), (401, "invalid_api_key"), (400, "no_model")],
)
def test_after_an_outage_the_words_follow_by_themselves(
    world, note, brain, speech_is_away, refusal
):
    """No answer, no credit, a wrong key or model: whatever was wrong is mended meanwhile."""
    brain.hears = lambda: ai.refused(*refusal)
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    assert FOR_NOW in lines(talk.chat)[-1]
    assert "its words follow here if that changes within the hour" in lines(talk.chat)[-1]
    speech_is_away()
    world.run_for(BACK_S)
    assert [LATER in line for line in lines(talk.chat)] == [False, False, False, True]
    assert ai.WORDS in lines(talk.chat)[-1]
    assert "Intent: refund" in lines(talk.chat)[-1]
    assert len(files(talk.chat)) == 1
    assert not dead_letters(world)
    assert not still_queued(world)
    assert not unfinished()


def test_two_notes_of_one_outage_are_understood_in_their_order(world, note, brain, speech_is_away):
    talk = live_chat(world)
    for _ in range(2):
        talk.customer.sends_voice_note(note)
        world.run_for(60)
    world.run_for(OUTAGE_S)
    speech_is_away()
    heard = itertools.count(1)
    brain.hears = lambda: ai.answer({"text": f"{ai.WORDS}, note {next(heard)}"})
    world.run_for(BACK_S)
    told = [line for line in lines(talk.chat) if LATER in line]
    assert ["note 1" in line for line in told] == [True, False]
    assert ["note 2" in line for line in told] == [False, True]


def test_what_waits_for_words_holds_up_no_file_and_no_new_note(world, note, speech_is_away):
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    speech_is_away()
    world.router.faults.when(
        lambda call: call.operation == "GetWhatsAppMessageMedia", Action.THROTTLE, times=1
    )
    world.router.faults.arm()
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
    world.run_for(10)
    assert [name for name, *_ in files(talk.chat)][-1] == "bill.pdf"


def test_fields_that_could_not_be_read_for_now_follow_alone(world, note, brain):
    working, brain.thinks = brain.thinks, down
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert "Fields cannot be read for now; if that changes" in lines(talk.chat)[-1]
    brain.thinks = working
    heard = brain.asked.count("speech")
    world.run_for(BACK_S)
    assert LATER in lines(talk.chat)[-1]
    assert "Intent: refund" in lines(talk.chat)[-1]
    assert sum(ai.WORDS in line for line in lines(talk.chat)) == 1
    assert len(lines(talk.chat)) == 4
    assert brain.asked.count("speech") == heard, "what was transcribed is not paid for twice"


def test_a_model_that_answers_nonsense_is_not_asked_for_an_hour(world, note, brain):
    """Every answer costs tokens; four tries, each with its repair, are enough."""
    brain.thinks = lambda: ai.completion('{"intent": "something else"}')
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    asked = len(brain.asked)
    world.run_for(OUTAGE_S)
    assert len(brain.asked) == asked
    assert "Fields could not be read from it." in lines(talk.chat)[-1]
    assert not still_queued(world)


def test_words_that_stay_away_are_a_letter_that_an_operator_sends_again(
    world, note, speech_is_away
):
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(note)
    world.run_for(TRIED_FOR_S)
    assert FOR_NOW in lines(talk.chat)[-1]
    assert len(lines(talk.chat)) == 3
    [letter] = dead_letters(world)
    assert letter["reason"] == "the AI services stayed away too long"
    assert wamid in letter["body"]
    assert not still_queued(world)
    speech_is_away()
    assert ops("dlq", "redrive", "--all").exit_code == 0
    world.run_for(BACK_S)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert len(lines(talk.chat)) == 4
    assert not dead_letters(world)
    assert not unfinished()


def test_a_letter_sent_again_while_speech_is_still_away_is_tried_for_another_hour(
    world, note, speech_is_away
):
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(TRIED_FOR_S)
    ops("dlq", "redrive", "--all")
    world.run_for(OUTAGE_S)
    assert not dead_letters(world)
    speech_is_away()
    world.run_for(BACK_S)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert len(lines(talk.chat)) == 4


def test_a_service_that_comes_back_and_finds_no_words_is_told(world, note, brain):
    brain.hears = down
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    brain.hears = lambda: ai.answer({"text": "", "usage": {"type": "duration", "seconds": 5}})
    world.run_for(BACK_S)
    assert LATER in lines(talk.chat)[-1]
    assert "Nothing understood" in lines(talk.chat)[-1]
    assert not still_queued(world)


def test_an_operator_who_asks_meanwhile_costs_the_agent_no_second_card(world, note, speech_is_away):
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    speech_is_away()
    world.run_for(30)
    ops("reprocess", wamid)
    world.run_for(BACK_S)
    assert sum(ai.WORDS in line for line in lines(talk.chat)) == 1
    assert not still_queued(world)
    assert not unfinished()


def test_words_whose_chat_is_over_open_none_and_are_kept(world, note, speech_is_away):
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(note)
    world.run_for(OUTAGE_S)
    talk.agent.end()
    world.settle()
    speech_is_away()
    world.run_for(BACK_S)
    assert chats_of(world, talk.customer) == [talk.chat]
    assert world.app.voice_notes.load(wamid).note.transcript.text == ai.WORDS
    assert not dead_letters(world)
    assert not still_queued(world)


def test_a_card_without_words_that_was_parked_and_comes_late_leaves_it_to_the_words(
    world, note, brain, speech_is_away
):
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    before_it_is_told(world, brain)
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, times=1)
    world.run_for(OUTAGE_S)
    assert len(dead_letters(world)) == 1
    assert ops("dlq", "redrive", "--all").exit_code == 0
    world.run_for(BACK_S)
    speech_is_away()
    world.run_for(BACK_S)
    assert not any(FOR_NOW in line for line in lines(talk.chat))
    assert sum(ai.WORDS in line for line in lines(talk.chat)) == 1
    assert not dead_letters(world)
    assert not still_queued(world)


def before_it_is_told(world, brain):
    """The last try before the agent reads that there are no words for now."""
    asked = len(brain.asked)
    while len(brain.asked) < asked + 2 * (MAX_TRIES - 1):
        world.run_for(1)


def before_it_is_understood(world, _brain):
    world.run_for(OUTAGE_S)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("moment", "armed_s"), [(before_it_is_told, 15), (before_it_is_understood, 130)]
)
def test_a_crash_costs_neither_words_nor_a_second_card(world, note, brain, moment, armed_s):
    """Every call from that moment on kills its worker once, each for another customer."""
    working = brain.hears
    for nth in range(1, MOST_CALLS):
        brain.hears = down
        talk = live_chat(world, f"Mia {nth}", f"1555010{nth:04}")
        talk.customer.sends_voice_note(note)
        moment(world, brain)
        if moment is before_it_is_understood:
            brain.hears = working
        left = itertools.count(1)
        killed = killing(world, lambda _call, left=left, nth=nth: next(left) == nth)
        world.run_for(armed_s)
        world.router.faults.clear()
        brain.hears = working
        world.run_for(2 * BACK_S)
        told = lines(talk.chat)
        assert sum(FOR_NOW in line for line in told) <= 1, (nth, killed, told)
        assert sum(ai.WORDS in line for line in told) == 1, (nth, killed, told)
        assert len(files(talk.chat)) == 1, (nth, killed)
        assert not dead_letters(world), (nth, killed)
        assert not still_queued(world), (nth, killed)
        if not killed:
            break
    assert not killed, "every call was tried"
    assert nth > 10, "there were calls to try"
    assert not unfinished()


def killing(world, when):
    """Kill at a call; the list returned names it once it happened."""
    killed = []

    def now(call):
        if killed or not when(call):
            return False
        killed.append(f"{call.service}.{call.operation}")
        return True

    world.router.faults.when(now, Action.KILL_AFTER)
    world.router.faults.arm()
    return killed
