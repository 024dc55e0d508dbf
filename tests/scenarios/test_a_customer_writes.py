"""Customer to agent: what the desk shows of what the phone wrote."""

import pytest

from sandbox.world import World
from tests.scenarios.people import (
    GREETING,
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    everything_read,
    lines,
    live_chat,
    unfinished,
)

DAY = 24 * 3600


def test_a_first_text_opens_one_chat_that_waits_in_a_queue(world):
    """CP-02."""
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello, where is my order 12345?")
    world.run_for(2)
    [chat] = world.desk.waiting("General")
    assert lines(chat) == ["Hello, where is my order 12345?"]
    assert chat.customer.display_name == "Mia"
    assert chat.attributes["messageType"] == "text"
    assert chat.attributes["channel"] == "whatsapp"


def test_a_text_in_a_live_chat_reaches_the_same_agent(world):
    talk = live_chat(world)
    talk.customer.says("It is order 12345")
    world.settle()
    assert lines(talk.chat) == ["Hello", "It is order 12345"]
    assert chats_of(world, talk.customer) == [talk.chat]


def test_a_live_text_costs_four_calls_and_a_tick(world):
    """Protocol section 7: hop, claim, SendMessage, record; the read receipt is policy."""
    talk = live_chat(world)
    start = len(world.router.calls)
    talk.customer.says("It is order 12345")
    world.settle()
    assert world.router.operations(start) == {
        "sqs.SendMessageBatch": 1,
        "dynamodb.UpdateItem": 1,
        "connectparticipant.SendMessage": 1,
        "dynamodb.TransactWriteItems": 1,
        "socialmessaging.SendWhatsAppMessage": 1,
    }


def test_four_texts_that_waited_together_are_one_message_in_order(world):
    """Every Connect message is billed, and people write in bursts."""
    talk = live_chat(world)
    start = len(world.router.calls)
    for text in ("It", "is", "order", "12345"):
        talk.customer.says(text)
    world.settle()
    assert lines(talk.chat)[1:] == ["It\nis\norder\n12345"]
    assert world.router.operations(start)["connectparticipant.SendMessage"] == 1


def test_a_very_long_text_arrives_whole(world):
    talk = live_chat(world)
    text = " ".join(f"word{number}" for number in range(600))  # 4096 characters at most
    talk.customer.says(text[:4096])
    world.settle()
    assert " ".join(lines(talk.chat)[1:]) == text[:4096]


def test_a_text_after_the_agent_closed_the_chat_opens_a_new_one(world):
    """UT-12."""
    talk = live_chat(world)
    talk.agent.end()
    world.settle()
    start = len(world.router.calls)
    talk.customer.says("One more thing")
    world.settle()
    old, new = chats_of(world, talk.customer)
    assert lines(old) == ["Hello"]
    assert lines(new) == ["One more thing"]
    assert world.router.operations(start)["connectparticipant.SendMessage"] == 0


def test_a_text_that_overtakes_the_news_of_the_chats_end_opens_a_new_one(world):
    """Nobody told us: the refused connection does, and the message is not marked as a repeat."""
    talk = live_chat(world)
    world.topics.noise.delay_s = 60  # the chat.ended record is slow
    talk.agent.end()
    world.topics.noise.delay_s = 0
    talk.customer.says("One more thing")
    world.run_for(LONG_ENOUGH_S)
    old, new = chats_of(world, talk.customer)
    assert lines(old) == ["Hello"]
    assert lines(new) == ["One more thing"]
    talk.customer.says("And another")
    world.settle()
    assert lines(new) == ["One more thing", "And another"]


def test_two_customers_at_once_stay_apart(world):
    """CP-29."""
    mia = world.phones.add("Mia", "15550100001")
    ben = world.phones.add("Ben", "15550100002")
    for number in range(3):
        mia.says(f"Mia {number}")
        ben.says(f"Ben {number}")
    world.run_for(2)
    mia.says("Mia 3")
    ben.says("Ben 3")
    world.settle()
    [mias], [bens] = chats_of(world, mia), chats_of(world, ben)
    assert lines(mias) == ["Mia 0\nMia 1\nMia 2", "Mia 3"]
    assert lines(bens) == ["Ben 0\nBen 1\nBen 2", "Ben 3"]
    agent = world.desk.agent("Ana", ["General"])
    agent.accept()
    agent.accept()
    agent.say("Hello Mia", chat=mias)
    agent.say("Hello Ben", chat=bens)
    world.run_for(2)
    assert mia.texts[-1] == "Hello Mia"
    assert ben.texts[-1] == "Hello Ben"


def test_the_connection_token_that_expires_after_a_day_does_not_tear_the_chat():
    with World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        talk = live_chat(world)
        world.run_for(DAY + 3600)
        talk.customer.says("Still there?")
        world.settle()
        assert lines(talk.chat) == ["Hello", "Still there?"]
        talk.agent.say("Yes")
        world.run_for(2)
        assert talk.customer.texts[-1] == "Yes"
        assert chats_of(world, talk.customer) == [talk.chat]


def test_a_chat_whose_time_is_up_is_replaced_and_the_message_arrives(world):
    """After the default 25 hours Connect ends the chat by itself."""
    talk = live_chat(world)
    world.run_for(26 * 3600)
    talk.customer.says("Good morning")
    world.run_for(2)
    old, new = chats_of(world, talk.customer)
    assert old.is_over
    assert lines(new) == ["Good morning"]


def test_duplicates_and_disorder_change_nothing(world):
    """SA-53. SNS delivers at least once and in any order."""
    world.topics.noise.duplicate_rate = 1.0
    world.topics.noise.duplicate_s = 900  # later than the queue's five-minute memory
    world.topics.noise.reorder_rate = 0.5
    world.topics.noise.reorder_s = 3
    mia = world.phones.add("Mia", "15550100001")
    for number in range(6):
        mia.says(f"line {number}")
        world.run_for(20)
    world.run_for(2000)
    agent = world.desk.agent("Ana", ["General"])
    agent.accept()
    for number in range(3):
        agent.say(f"answer {number}")
        world.run_for(20)
    world.run_for(2000)
    assert everything_read(world, mia) == [f"line {number}" for number in range(6)]
    answers = [text for text in mia.texts if text.startswith("answer")]
    assert answers == ["answer 0", "answer 1", "answer 2"]
    assert not dead_letters(world)
    assert not unfinished()


def test_what_waits_together_is_shown_by_whatsapps_time(world):
    """Delivered the wrong way round, read the right way round."""
    talk = live_chat(world)
    world.topics.noise.delay_s = 10
    talk.customer.says("first")
    world.clock.advance(1)
    world.topics.noise.delay_s = 0
    talk.customer.says("second")
    with_both_waiting(world, 12)
    assert lines(talk.chat)[-1] == "first\nsecond"


def with_both_waiting(world: World, seconds: float) -> None:
    """Let events collect in the inbound queue, then let the worker run."""
    mapping = next(one for one in world.deliverer.mappings if one.queue == "inbound.fifo")
    world.deliverer.mappings.remove(mapping)
    world.run_for(seconds)
    world.deliverer.mappings.append(mapping)
    world.settle()


def test_a_customer_who_hides_the_phone_number_is_answered_by_user_id(world):
    zoe = world.phones.add("Zoe", None, username="zoe.b")
    zoe.says("Hello")
    world.run_for(2)
    agent = world.desk.agent("Ana", ["General"])
    chat = agent.accept()
    assert lines(chat) == ["Hello"]
    agent.say("Hello Zoe")
    world.run_for(2)
    assert zoe.texts[-1] == "Hello Zoe"
    assert zoe.texts[0].startswith(GREETING)


def test_a_customer_first_seen_by_number_then_by_user_id_has_one_chat(world):
    mia = world.phones.add("Mia", "15550100001")
    world.network.switches.user_ids = False
    mia.says("known by number")
    world.run_for(2)
    world.network.switches.user_ids = True
    mia.says("known by both")
    world.run_for(2)
    mia.number = None
    mia.says("known by user id only")
    world.run_for(2)
    [chat] = chats_of(world, mia)
    assert lines(chat) == ["known by number", "known by both", "known by user id only"]


def test_both_names_of_a_customer_at_the_same_moment_still_make_one_chat(world):
    mia = world.phones.add("Mia", "15550100001")
    world.topics.noise.delay_s = 5
    mia.says("with both names")
    world.network.switches.user_ids = False
    mia.says("by number only")
    world.run_for(LONG_ENOUGH_S)
    chats = [chat for chat in chats_of(world, mia) if not chat.is_over]
    assert len(chats) == 1
    assert sorted(" ".join(lines(chats[0])).split()) == sorted(
        ["with", "both", "names", "by", "number", "only"]
    )


@pytest.mark.parametrize(("policy", "tick"), [("on_delivery", "read"), ("never", "delivered")])
def test_blue_ticks_follow_the_policy(policy, tick):
    with World(settings={"READ_RECEIPTS": policy}) as world:
        mia = world.phones.add("Mia", "15550100001")
        wamid = mia.says("Hello")
        world.run_for(5)
        assert mia.tick(wamid) == tick


def test_blue_ticks_may_wait_until_the_agent_has_read():
    with World(settings={"READ_RECEIPTS": "on_agent"}) as world:
        talk = live_chat(world)
        wamid = talk.customer.says("Hello again")
        world.run_for(5)
        assert talk.customer.tick(wamid) == "delivered"
        talk.agent.reads()
        world.run_for(5)
        assert talk.customer.tick(wamid) == "read"


def test_the_classic_three_calls_open_a_chat_as_well():
    with World(settings={"START_CHAT_IN_ONE_CALL": "false"}) as world:
        talk = live_chat(world)
        assert lines(talk.chat) == ["Hello"]
        talk.agent.say("Hello Mia")
        world.run_for(2)
        assert talk.customer.texts[-1] == "Hello Mia"
        operations = world.router.operations()
        assert operations["connect.StartContactStreaming"] == 1
        assert operations["connectparticipant.CreateParticipantConnection"] == 1


def test_outside_opening_hours_the_customer_is_told_when_we_answer(world):
    """LA-73."""
    world.clock.advance(12 * 3600)
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Anybody there?")
    world.run_for(2)
    assert mia.texts[0].startswith("Thank you for writing. We are closed right now")
