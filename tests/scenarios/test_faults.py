"""Whatever a service does to one call, or to three in a row: everything arrives once, in order."""

from datetime import timedelta

import pytest

from chalicelib.gateways.items import ContactRow
from chalicelib.texts import Texts
from sandbox.faults import Action
from sandbox.world import World
from tests.scenarios.people import (
    GREETING,
    LONG_ENOUGH_S,
    QUEUES,
    Talk,
    chats_of,
    dead_letters,
    failing,
    files,
    lines,
    live_chat,
    notices,
    redriven,
    sent_texts,
    still_queued,
    unfinished,
    words,
)

OPERATIONS = [
    ("sqs", "SendMessageBatch"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "TransactWriteItems"),
    ("connect", "StartChatContact"),
    ("connectparticipant", "SendMessage"),
    ("socialmessaging", "SendWhatsAppMessage"),
]
REFUSALS = [
    Action.THROTTLE,
    Action.SERVER_ERROR,
    Action.TIMEOUT_BEFORE,
    Action.TIMEOUT_AFTER,
    Action.CONNECT_TIMEOUT,
]


@pytest.mark.deep
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_texts_of_both_sides_survive_a_failing_operation(world, service, operation):
    """Once and three times each: throttled, 5xx, cut off before and after it happened."""
    agent = world.desk.agent("Ana", QUEUES)
    cases = [(action, times) for action in REFUSALS for times in (1, 3)]
    for number, (action, times) in enumerate(cases):
        mia = world.phones.add(f"Mia {number}", f"1555010{number:04}")
        failing(world, service, operation, action, times)
        said_by_customer(world, mia)
        failing(world, service, operation, action, times)
        mia.says("two")
        world.run_for(LONG_ENOUGH_S)
        chat = agent.accept()
        failing(world, service, operation, action, times)
        answered(world, Talk(mia, agent, chat))
        where = f"{operation} {action} x{times}"
        assert [line for one in chats_of(world, mia) for line in lines(one)] == ["one", "two"], (
            where
        )
        assert [text for text in mia.texts if text in ("a1", "a2")] == ["a1", "a2"], where
        assert sum(text.startswith(GREETING) for text in mia.texts) == 1, where
        assert not unfinished(), where
        assert not still_queued(world), where
        agent.end()
        world.router.faults.clear()
        world.settle()
    assert not dead_letters(world)


def said_by_customer(world, mia):
    mia.says("one")
    world.run_for(LONG_ENOUGH_S)


def answered(world, talk: Talk):
    talk.agent.say("a1", chat=talk.chat)
    world.run_for(150)  # an event that could not be queued comes back after two minutes
    talk.agent.say("a2", chat=talk.chat)
    world.run_for(LONG_ENOUGH_S)


def test_two_answers_keep_their_order_when_the_queue_refuses_the_first(world):
    talk = live_chat(world)
    failing(world, "sqs", "SendMessageBatch", Action.THROTTLE, 2)
    talk.agent.say("a1")
    world.clock.advance(1)
    talk.agent.say("a2")
    world.run_for(LONG_ENOUGH_S)
    assert [text for text in talk.customer.texts if text in ("a1", "a2")] == ["a1", "a2"]


def test_an_outage_of_connect_for_an_hour_loses_nothing(world):
    """SA-09."""
    talk = live_chat(world)
    now = world.clock.now()
    for service in ("connect", "connectparticipant"):
        world.router.faults.outage(service, now, now.replace(hour=now.hour + 1))
    world.router.faults.arm()
    ben = world.phones.add("Ben", "15550100002")
    for minute in range(3):
        talk.customer.says(f"Mia {minute}")
        ben.says(f"Ben {minute}")
        world.run_for(600)
    world.run_for(2 * 3600)
    assert words(talk.chat)[1:] == ["Mia 0", "Mia 1", "Mia 2"]
    [chat] = chats_of(world, ben)
    assert words(chat) == ["Ben 0", "Ben 1", "Ben 2"]
    assert not unfinished()
    assert not dead_letters(world)


def test_an_outage_of_whatsapp_for_an_hour_loses_no_answer(world):
    talk = live_chat(world)
    now = world.clock.now()
    world.router.faults.outage("socialmessaging", now, now.replace(hour=now.hour + 1))
    world.router.faults.arm()
    for minute in range(3):
        talk.agent.say(f"answer {minute}")
        world.run_for(600)
    world.run_for(2 * 3600)
    assert talk.customer.texts[1:] == ["answer 0", "answer 1", "answer 2"]
    assert not unfinished()


def test_a_queue_that_takes_only_some_entries_gets_the_others_again(world):
    """`Failed` in an answer with status 200."""
    talk = live_chat(world)
    refused: list[str] = []

    def every_second(queue, entry):
        refused.append(entry["MessageDeduplicationId"])
        return queue == "inbound.fifo" and len(refused) in (1, 3)

    world.sqs.fail_entry = every_second
    talk.customer.says("one")
    talk.customer.says("two")
    world.run_for(LONG_ENOUGH_S)
    assert sorted(words(talk.chat)[1:]) == ["one", "two"]
    assert not still_queued(world)


def test_a_partial_failure_returns_the_failed_only(world):
    """Two customers in one batch: the one whose chat is refused does not repeat the other."""
    talk = live_chat(world)
    ben = world.phones.add("Ben", "15550100002")
    failing(world, "connect", "StartChatContact", Action.THROTTLE, 4)
    start = len(world.deliverer.deliveries)
    mapping = next(one for one in world.deliverer.mappings if one.queue == "inbound.fifo")
    world.deliverer.mappings.remove(mapping)
    talk.customer.says("live")
    ben.says("new")
    world.settle()
    world.deliverer.mappings.append(mapping)
    world.settle()
    [first] = [one for one in world.deliverer.deliveries[start:] if one.queue == "inbound.fifo"]
    assert first.outcome == "partial"
    assert len(first.message_ids) == 2
    assert len(first.failed) == 1
    assert lines(talk.chat)[-1] == "live"
    world.run_for(LONG_ENOUGH_S)
    [chat] = chats_of(world, ben)
    assert lines(chat) == ["new"]
    assert lines(talk.chat) == ["Hello", "live"]


def test_a_refused_connection_token_is_renewed_before_anything_is_given_up(world):
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.ACCESS_DENIED, 1)
    talk.customer.says("Still there?")
    world.run_for(5)
    assert lines(talk.chat) == ["Hello", "Still there?"]
    assert chats_of(world, talk.customer) == [talk.chat]


def test_a_chat_that_refuses_us_for_good_is_replaced_with_the_message(world):
    talk = live_chat(world)
    world.chats.end(talk.chat, "OTHER")  # nobody tells us: the record is dropped
    world.sqs.queues["chat-events"].purge()
    talk.customer.says("Still there?")
    world.run_for(5)
    old, new = chats_of(world, talk.customer)
    assert lines(old) == ["Hello"]
    assert lines(new) == ["Still there?"]


def test_what_a_chat_showed_before_it_ended_half_way_is_marked_in_the_next(world, monkeypatch):
    """Promise I2: two agents may read it, and the second one knows."""
    talk = live_chat(world)
    attach = world.app.chat.attach

    def over_by_then(*about):
        if not talk.chat.is_over:
            world.chats.end(talk.chat, "OTHER")
        return attach(*about)

    monkeypatch.setattr(world.app.chat, "attach", over_by_then)
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="a.pdf", caption="Look")
    world.run_for(10)
    old, new = chats_of(world, talk.customer)
    shown, again = lines(old)[1], lines(new)[0]
    assert "Look" in shown
    assert again == f"({Texts('en').get('notice.repeated')}) {shown}"
    assert files(new)
    assert not unfinished()


@pytest.mark.parametrize("transferred", [False, True])
def test_a_live_chat_that_refuses_every_token_for_a_while_stays_the_one_chat(world, transferred):
    """Issue 4, item 5: AccessDenied never tears a live chat, not even when renewals are denied."""
    talk = live_chat(world)
    if transferred:
        talk.agent.transfer("Billing")
        talk.agent.accept()
    refused = world.clock.now() + timedelta(minutes=15)
    world.router.faults.outage(
        "connectparticipant", world.clock.now(), refused, Action.ACCESS_DENIED
    )
    world.router.faults.arm()
    talk.customer.says("Still there?")
    world.run_for(60)
    talk.customer.says("I wait")
    talk.agent.say("Sorry, here I am")
    world.run_for(15 * 60 + LONG_ENOUGH_S)
    assert words(talk.chat) == ["Hello", "Still there?", "I wait"]
    assert chats_of(world, talk.customer) == [talk.chat]
    assert "Sorry, here I am" in talk.customer.texts
    assert not dead_letters(world)
    assert not unfinished()


def test_an_answer_that_is_not_sent_and_cannot_be_told_lies_with_the_operator(world):
    """The agent has gone: WhatsApp refuses the last words, and nobody reads a notice."""
    talk = live_chat(world)
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.VALIDATION, 1)
    talk.agent.say("Goodbye")
    world.chats.end(talk.chat, "AGENT_DISCONNECT")
    world.run_for(LONG_ENOUGH_S)
    [letter] = dead_letters(world)
    assert letter["reason"].endswith("and the agent could not be told")
    assert "Goodbye" in str(letter["bodies"])
    assert not unfinished()


def test_a_message_connect_refuses_for_good_is_parked_and_the_next_one_delivered(world):
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, 1)
    talk.customer.says("poison")
    world.settle()
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    shown = lines(talk.chat)
    assert "could not be shown" in shown[1]
    assert shown[2] == "after it"
    [letter] = dead_letters(world)
    assert letter["reason"] == "refused by connectparticipant: ValidationException"
    [body] = letter["bodies"].values()
    assert "poison" in body
    assert not unfinished()


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def refusing_file_and_placeholder(world, first_text):
    """Connect takes the words beside a file, then neither file, link nor placeholder, for good."""
    faults = world.router.faults
    faults.on("connectparticipant", "StartAttachmentUpload", Action.VALIDATION)
    for nth in (first_text, first_text + 1):
        faults.on("connectparticipant", "SendMessage", Action.VALIDATION, nth=nth)
    faults.arm()


def test_a_chat_that_refuses_even_the_placeholder_is_the_chat_of_the_next_message(world):
    """It lives, an agent sees it, and only it may live (protocol I3)."""
    mia = world.phones.add("Mia", "15550100001")
    refusing_file_and_placeholder(world, 1)
    mia.sends("image", media=PNG, caption="look")
    world.run_for(5)
    world.desk.agent("Ana", QUEUES).accept()
    mia.says("Did you see it?")
    world.run_for(5)
    [chat] = chats_of(world, mia)
    assert lines(chat) == ["[Photo] look", "Did you see it?"]
    [letter] = dead_letters(world)
    assert [member["kind"] for member in letter["members"]] == ["image"]
    assert not unfinished()


def test_a_chat_whose_record_is_refused_twice_is_the_chat_of_the_next_message(world):
    mia, faults = world.phones.add("Mia", "15550100001"), world.router.faults
    for nth in (2, 3):  # the first one creates the conversation
        faults.on("dynamodb", "TransactWriteItems", Action.VALIDATION, nth=nth)
    faults.arm()
    mia.says("Hello")
    world.run_for(5)
    mia.says("Anybody there?")
    world.run_for(5)
    [chat] = chats_of(world, mia)
    assert lines(chat)[-1] == "Anybody there?"
    assert len(dead_letters(world)) == 1


def test_what_was_shown_of_a_parked_message_does_not_count_for_the_next_one(world):
    """The next one's worker dies: whoever comes after it counts what stands in the transcript."""
    talk = live_chat(world)
    refusing_file_and_placeholder(world, 2)
    talk.customer.sends("image", media=PNG, caption="look")
    world.run_for(5)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 1)
    talk.customer.says("Did you see it?")
    world.run_for(LONG_ENOUGH_S)
    assert lines(talk.chat) == ["Hello", "[Photo] look", "Did you see it?"]
    assert len(dead_letters(world)) == 1


@pytest.mark.parametrize("live", [True, False])
def test_what_was_parked_by_a_worker_that_died_over_it_can_be_sent_again(world, live):
    """Its placeholder stands in the chat; it is not the message."""
    talk = live_chat(world)
    if not live:
        talk.agent.end()
        world.settle()
    showing = ("connectparticipant", "SendMessage") if live else ("connect", "StartChatContact")
    failing(world, *showing, Action.VALIDATION, 1)
    world.router.faults.on("dynamodb", "TransactWriteItems", Action.KILL_BEFORE)
    talk.customer.says("My number is 7")
    world.run_for(LONG_ENOUGH_S)
    assert len(dead_letters(world)) == 1
    chat = talk.chat if live else chats_of(world, talk.customer)[-1]
    assert [("could not be shown" in line) for line in lines(chat)][-1:] == [True]
    redriven(world)
    assert lines(chat)[-1].startswith("My number is 7")
    assert not dead_letters(world)
    assert not unfinished()


def test_what_is_sent_again_is_shown_beside_its_old_placeholder_after_a_crash_too(world):
    """The placeholder opened the chat, and is on record: this time nothing was parked."""
    failing(world, "connect", "StartChatContact", Action.VALIDATION, 1)
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(LONG_ENOUGH_S)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 1)
    redriven(world)
    [chat] = chats_of(world, mia)
    assert [line.partition("\n")[0] for line in lines(chat)][1:] == ["Hello"]
    assert not dead_letters(world)
    assert not unfinished()


def test_a_chat_whose_record_and_whose_look_were_refused_is_the_customers_all_the_same(world):
    """The record of its opening, and the look for what stands there before a placeholder."""
    failing(world, "connectparticipant", "GetTranscript", Action.VALIDATION, 1)
    world.router.faults.on("dynamodb", "TransactWriteItems", Action.VALIDATION, nth=2)
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(LONG_ENOUGH_S)
    mia.says("More")
    world.settle()
    [chat] = chats_of(world, mia)
    assert [line for line in lines(chat) if "could not be shown" not in line] == ["Hello", "More"]
    assert len(dead_letters(world)) == 1
    assert not unfinished()


def test_a_message_that_kills_its_worker_is_parked_at_the_third_time(world):
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 3)
    talk.customer.says("killer")
    world.settle()
    talk.customer.says("after it")
    world.run_for(2 * LONG_ENOUGH_S)
    shown = lines(talk.chat)
    assert any("could not be shown" in line for line in shown)
    assert words(talk.chat)[-1] == "after it"
    [letter] = dead_letters(world)
    assert letter["reason"] == "crashed three times"
    assert not unfinished()


def test_an_answer_that_kills_its_worker_is_parked_and_told(world):
    talk = live_chat(world)
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.KILL_BEFORE, 9)
    talk.agent.say("killer")
    world.run_for(2 * LONG_ENOUGH_S)
    world.router.faults.clear()
    talk.agent.say("after it")
    world.run_for(LONG_ENOUGH_S)
    assert talk.customer.texts[-1] == "after it"
    [letter] = dead_letters(world)
    assert "crashed" in letter["reason"]
    assert any("could not be sent" in line for line in customer_side(talk))
    assert not unfinished()


def customer_side(talk: Talk) -> list[str]:
    return [item.content or "" for item in talk.chat.items if item.role == "CUSTOMER"]


def test_a_repeated_start_without_a_participant_token_still_ends_in_one_live_chat(world):
    """Whether Connect gives the token again is not documented (protocol section 1)."""
    world.switches.repeat_returns_participant_token = False
    failing(world, "connect", "StartChatContact", Action.KILL_AFTER, 1)
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(LONG_ENOUGH_S)
    live = [chat for chat in chats_of(world, mia) if not chat.is_over]
    assert len(live) == 1
    assert lines(live[0])[-1].endswith("Hello")
    mia.says("More")
    world.settle()
    assert lines(live[0])[-1] == "More"


def two_chats_at_once(world):
    """Connect forgot the token of an opening whose worker died: Mia, her chat, and the stray one
    that Ana has taken meanwhile."""
    world.switches.token_memory = world.switches.token_memory.NONE
    mia, ana = world.phones.add("Mia", "15550100001"), world.desk.agent("Ana", QUEUES)
    failing(world, "connect", "StartChatContact", Action.KILL_AFTER, 1)
    mia.says("Hello")
    world.run_for(10)
    stray = ana.accept()
    world.run_for(180)
    _, hers = chats_of(world, mia)
    return mia, hers, stray, ana


def test_a_stray_chat_ends_when_its_agent_writes_and_what_was_written_arrives(world):
    """I3 and O1: Connect without any memory of tokens opens two chats for one message."""
    mia, hers, stray, ana = two_chats_at_once(world)
    ana.say("Hello Mia", chat=stray)
    world.run_for(5)
    assert sent_texts(mia) == ["Hello Mia"]
    assert (stray.is_over, hers.is_over) == (True, False)
    mia.says("Hello Ana")
    world.run_for(5)
    assert lines(hers)[-1] == "Hello Ana"


def test_what_an_agent_writes_in_a_stray_chat_that_nobody_heard_of_arrives(world):
    """Its greeting was lost, so no contact item leads to its customer."""
    mia, _, stray, ana = two_chats_at_once(world)
    for row in [one for one in ContactRow.scan() if one.key.endswith(stray.id)]:
        row.delete()
    ana.say("Hello Mia", chat=stray)
    world.run_for(5)
    assert sent_texts(mia) == ["Hello Mia"]
    assert stray.is_over


def test_connect_without_any_memory_of_tokens_shows_a_live_text_once(world):
    """Readback carries the promise alone (trace 3)."""
    world.switches.token_memory = world.switches.token_memory.NONE
    talk = live_chat(world)
    failing(world, "dynamodb", "TransactWriteItems", Action.KILL_BEFORE, 1)
    talk.customer.says("once")
    world.run_for(LONG_ENOUGH_S)
    assert lines(talk.chat) == ["Hello", "once"]


@pytest.mark.deep
def test_random_trouble_everywhere_loses_nothing():
    """A tenth of all calls fail, in every way that is not a crash; three seeds."""
    for seed in (1, 2, 3):
        with World(seed=seed) as world:
            talk = live_chat(world)
            kinds = (*REFUSALS[:3], Action.TIMEOUT_AFTER)
            world.router.faults.randomly(seed, dict.fromkeys(kinds, 0.025))
            world.router.faults.arm()
            for number in range(10):
                talk.customer.says(f"q{number}")
                talk.agent.say(f"a{number}")
                # An event that ingest could not queue comes back after the queue's two minutes.
                world.run_for(150)
            world.router.faults.clear()
            world.run_for(2 * LONG_ENOUGH_S)
            assert words(talk.chat)[1:] == [f"q{number}" for number in range(10)], seed
            assert talk.customer.texts[1:] == [f"a{number}" for number in range(10)], seed
            assert not unfinished()


def test_writers_in_each_others_way_are_no_reason_to_park_or_to_doubt(world):
    """The greeting's record and the chat's own meet on one item: DynamoDB cancels one of them."""
    talk = live_chat(world)
    failing(world, "dynamodb", "TransactWriteItems", Action.CONFLICT, 4)
    talk.customer.says("Where is it?")
    world.run_for(LONG_ENOUGH_S)
    failing(world, "dynamodb", "TransactWriteItems", Action.CONFLICT, 4)
    talk.agent.say("On its way")
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat) == ["Hello", "Where is it?"]
    assert sent_texts(talk.customer) == ["On its way"]
    assert not notices(talk.chat)
    assert not dead_letters(world)
    assert not unfinished()


@pytest.mark.deep
@pytest.mark.parametrize("refused", ["TransactWriteItems", "GetItem"])
def test_a_table_that_refuses_for_minutes_is_no_reason_to_park_what_was_sent(world, refused):
    """Law 9: what a service refuses for now counts no attempt. Only the answer's record fails."""
    talk = live_chat(world)
    failing(world, "dynamodb", refused, Action.THROTTLE, 16)
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.TIMEOUT_AFTER)
    talk.agent.say("On its way")
    world.run_for(3 * LONG_ENOUGH_S)
    assert sent_texts(talk.customer)[0] == "On its way"
    assert not any("could not be sent" in notice for notice in notices(talk.chat))
    assert not dead_letters(world)
    assert not unfinished()
    assert not still_queued(world)


def test_a_claim_is_left_alone_as_long_as_its_worker_may_live(world):
    """Law 6: known by a second identifier, the customer has a second worker; it waits."""
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 1)
    talk.customer.says("one")
    world.settle()
    world.network.switches.user_ids = False
    talk.customer.says("two")
    world.run_for(20)
    assert words(talk.chat) == ["Hello"]
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat) == ["Hello", "one", "two"]
    assert chats_of(world, talk.customer) == [talk.chat]
    assert not unfinished()
