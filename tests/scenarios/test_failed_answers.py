"""An answer that WhatsApp does not take: whatever else goes wrong then, somebody reads of it."""

from datetime import timedelta

from sandbox.faults import Action
from sandbox.whatsapp.meta_errors import MetaError
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    QUEUES,
    dead_letters,
    failing,
    live_chat,
    notices,
    redriven,
    sent_texts,
    still_queued,
    stored_status,
    unfinished,
)


def test_a_failed_status_after_the_chat_and_an_outage_of_connect_is_not_asked_about_for_ever(world):
    """Connect refuses the notice, and is asked whether the chat is over: both at one go."""
    talk = live_chat(world)
    world.network.switches.statuses = "late"
    world.network.handsets.remove(talk.customer)
    talk.agent.say("See you")
    world.run_for(1)
    talk.agent.end()
    world.run_for(5)
    failing(world, "connect", "ListAssociatedContacts", Action.CONNECT_TIMEOUT, 12)
    world.run_for(4 * LONG_ENOUGH_S)
    assert ("See you", "failed") in stored_status()
    assert not still_queued(world)
    assert not unfinished()


def test_a_failure_of_which_connect_will_not_tell_the_agent_is_an_operators(world):
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, 1)
    talk.agent.say("See you")
    world.run_for(LONG_ENOUGH_S)
    assert not notices(talk.chat)
    [letter] = dead_letters(world)
    assert letter["reason"] == "refused by connectparticipant: ValidationException"
    redriven(world)
    [notice] = notices(talk.chat)
    assert 'Not delivered: "See you"' in notice
    assert ("See you", "failed") in stored_status()
    assert not dead_letters(world)


def test_an_answer_refused_for_good_when_it_is_sent_once_more_is_told_with_its_words(world):
    talk = live_chat(world)
    world.network.refusals.append(MetaError(130429, "Rate limit hit"))
    talk.agent.say("See you")
    world.run_for(1)
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.VALIDATION, 1)
    world.run_for(LONG_ENOUGH_S)
    [notice] = notices(talk.chat)
    assert 'Not delivered: "See you"' in notice
    assert ("See you", "failed") in stored_status()
    assert not still_queued(world)


def test_an_agent_who_answers_before_the_chat_is_on_record_reads_of_a_failure_when_it_is(world):
    """The worker died between the opening and its record; another one comes two minutes later."""
    mia, ana = world.phones.add("Mia", "15550100001"), world.desk.agent("Ana", QUEUES)
    world.router.faults.on("dynamodb", "TransactWriteItems", Action.KILL_BEFORE, nth=2)
    world.router.faults.arm()
    mia.says("Hello")
    world.run_for(2)
    chat = ana.accept()
    world.network.refusals.append(MetaError(131026, "unreachable"))
    ana.say("Good morning")
    world.run_for(LONG_ENOUGH_S)
    [notice] = notices(chat)
    assert 'Not delivered: "Good morning"' in notice
    assert ("Good morning", "failed") in stored_status()
    assert not still_queued(world)
    assert not dead_letters(world)


def test_an_answer_of_which_connect_does_not_tell_whose_it_is_waits_for_an_operator(world):
    """Nothing is on record of the chat yet, so Connect is asked, and refuses for good."""
    mia, ana = world.phones.add("Mia", "15550100001"), world.desk.agent("Ana", QUEUES)
    world.router.faults.on("dynamodb", "TransactWriteItems", Action.KILL_BEFORE, nth=2)
    world.router.faults.on("connect", "GetContactAttributes", Action.VALIDATION)
    world.router.faults.arm()
    mia.says("Hello")
    world.run_for(LONG_ENOUGH_S)
    assert [letter["reason"] for letter in dead_letters(world)] == [
        "refused by connect: InvalidRequestException"
    ]
    ana.accept()
    redriven(world)
    assert mia.texts[-1].startswith("Thank you for writing")
    assert not dead_letters(world)


def test_a_refused_answer_is_sent_again_through_a_quarter_of_an_hour_without_answers(world):
    """SA-46: nothing is given up before such an outage is over."""
    talk = live_chat(world)
    world.network.refusals.append(MetaError(130429, "Rate limit hit"))
    talk.agent.say("See you")
    world.run_for(1)
    until = world.clock.now() + timedelta(minutes=15)
    world.router.faults.when(
        lambda call: call.service == "socialmessaging" and call.at < until, Action.SERVER_ERROR
    )
    world.router.faults.arm()
    world.run_for(3 * LONG_ENOUGH_S)
    assert sent_texts(talk.customer)[-1] == "See you"
    assert ("See you", "delivered") in stored_status()
    [notice] = notices(talk.chat)
    assert "the customer may have it twice" in notice
    assert '("See you")' in notice
    assert not still_queued(world)
