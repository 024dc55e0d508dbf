"""An error of ours costs the message it happened on, never its neighbours, never the customer."""

import json
import time
from collections import Counter

import boto3
import pytest

from chalicelib import routing
from chalicelib.bundles import follow_up
from chalicelib.conversation import Member, Pending
from chalicelib.errors import Throttled
from chalicelib.gateways.items import ConversationItem, MessageItem
from chalicelib.routing import Entry
from chalicelib.to_customer import GIVE_UP_SECONDS
from chalicelib.whatsapp import apart, webhook
from sandbox.faults import Action
from sandbox.whatsapp.envelope import entry
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios import ai
from tests.scenarios.forgetting import PNG
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
    sent_texts,
    still_queued,
    text_value,
    unfinished,
    words,
)


def breaks_on(monkeypatch, door, method, is_poison):
    """A programming error that one content triggers."""
    works = getattr(door, method)

    def broken(*args, **more):
        if is_poison(*args):
            raise KeyError("a bug of ours")
        return works(*args, **more)

    monkeypatch.setattr(door, method, broken)


def test_a_text_that_breaks_our_code_is_parked_in_seconds(world, monkeypatch):
    talk = live_chat(world)
    breaks_on(
        monkeypatch, world.app.chat, "send_text", lambda _chat, text, _token: "poison" in text
    )
    talk.customer.says("poison")
    world.settle()
    talk.customer.says("after it")
    world.run_for(60)
    shown = lines(talk.chat)
    assert "could not be shown" in shown[1]
    assert words(talk.chat)[-1] == "after it"
    assert len(dead_letters(world)) == 1
    assert not unfinished()


def test_texts_that_waited_beside_a_poisoned_one_are_shown(world, monkeypatch):
    """Merged they break together; the claim finds out which one it is."""
    talk = live_chat(world)
    breaks_on(
        monkeypatch, world.app.chat, "send_text", lambda _chat, text, _token: "poison" in text
    )
    failing(world, "connectparticipant", "SendMessage", Action.THROTTLE, 1)
    for text in ("before it", "poison", "after it"):
        talk.customer.says(text)
    world.run_for(LONG_ENOUGH_S)
    assert [line for line in words(talk.chat) if "could not be" not in line] == [
        "Hello",
        "before it",
        "after it",
    ]
    [letter] = dead_letters(world)
    assert [member["text"] for member in letter["members"]] == ["poison"]
    assert not unfinished()


def test_another_customer_does_not_notice(world, monkeypatch):
    talk = live_chat(world)
    ben = world.phones.add("Ben", "15550100002")
    breaks_on(
        monkeypatch, world.app.chat, "send_text", lambda _chat, text, _token: "poison" in text
    )
    talk.customer.says("poison")
    ben.says("Hello")
    world.settle()
    [chat] = chats_of(world, ben)
    assert lines(chat) == ["Hello"]


def test_a_message_that_kills_its_process_costs_nobody_else_of_its_batch(world, monkeypatch):
    """Ten customers' messages die with it, three times over; nine are shown, once each."""
    talks = [live_chat(world, f"Customer {n}", f"1555010000{n}") for n in range(10)]
    poisoned, others = talks[4], [*talks[:4], *talks[5:]]
    works = world.app.chat.send_text

    def deadly(chat, text, token):
        if "poison" in text:
            time.sleep(0.05)  # by then the others have their claims
            raise world.router.faults.kill("a poisoned message")
        time.sleep(0.1 if text == "harmless" else 0)
        return works(chat, text, token)

    monkeypatch.setattr(world.app.chat, "send_text", deadly)
    for talk in talks:
        talk.customer.says("poison" if talk is poisoned else "harmless")
    world.settle()
    assert len(world.deliverer.deliveries[-1].message_ids) > 1, "they came in one batch"
    poisoned.customer.says("after it")
    world.run_for(2 * LONG_ENOUGH_S)
    for talk in others:
        assert words(talk.chat) == ["Hello", "harmless"]
    [letter] = dead_letters(world)
    assert letter["reason"] == "crashed three times"
    assert words(poisoned.chat)[-1] == "after it"
    assert any("could not be shown" in line for line in lines(poisoned.chat))
    assert not unfinished()


def kills_on(world, monkeypatch, word):
    """A message that takes its process along."""
    works = world.app.chat.send_text

    def deadly(chat, text, token):
        if word in text:
            raise world.router.faults.kill("a poisoned message")
        return works(chat, text, token)

    monkeypatch.setattr(world.app.chat, "send_text", deadly)


def test_a_message_that_kills_its_process_holds_its_customer_four_minutes(world, monkeypatch):
    """120 s by the queue after the first death, a minute after each further one."""
    talk = live_chat(world)
    kills_on(world, monkeypatch, "poison")
    talk.customer.says("poison")
    world.settle()
    talk.customer.says("after it")
    world.run_for(250)
    assert words(talk.chat)[-1] == "after it"
    [letter] = dead_letters(world)
    assert letter["reason"] == "crashed three times"
    assert not unfinished()


def test_who_meets_the_claim_of_a_killing_message_first_parks_it_whole(world, monkeypatch):
    """A picture that was written before it arrives after it, and is handled before it."""
    talk = live_chat(world)
    with monkeypatch.context() as bug:
        kills_on(world, bug, "poison")
        talk.customer.says("poison")
        world.settle()
        world.network.switches.clock_ahead_s = -30
        talk.customer.sends("image", media=PNG)
        world.network.switches.clock_ahead_s = 0
        talk.customer.says("after it")
        world.run_for(250)
        assert words(talk.chat)[-1] == "after it"
        assert len(dead_letters(world)) == 1
    redriven(world)
    assert words(talk.chat)[-1] == "poison"
    assert not dead_letters(world)


def test_one_of_three_that_kills_its_process_holds_the_others_ten_minutes(world, monkeypatch):
    """Merged they die together; one after the other they show which one it is."""
    talk = live_chat(world)
    kills_on(world, monkeypatch, "poison")
    failing(world, "connectparticipant", "SendMessage", Action.THROTTLE, 1)
    for text in ("before it", "poison", "after it"):
        talk.customer.says(text)
    world.run_for(605)
    shown = [line for line in words(talk.chat) if "could not be shown" not in line]
    assert shown == ["Hello", "before it", "after it"]
    [letter] = dead_letters(world)
    assert [member["text"] for member in letter["members"]] == ["poison"]
    assert not unfinished()


def test_an_answer_that_breaks_our_code_is_parked_and_told(world, monkeypatch):
    talk = live_chat(world)
    breaks_on(monkeypatch, world.app.whatsapp, "send", lambda _number, body: "poison" in str(body))
    talk.agent.say("poison")
    world.clock.advance(1)
    talk.agent.say("after it")
    world.run_for(LONG_ENOUGH_S)
    assert talk.customer.texts[-1] == "after it"
    assert any("could not be sent" in notice for notice in notices(talk.chat))
    assert len(dead_letters(world)) == 1
    assert not unfinished()


def test_a_long_answer_that_was_parked_halfway_goes_on_where_it_was(world, monkeypatch):
    """However often it is parked and sent again; the history has each part once."""
    talk = live_chat(world)
    parts = ["part0 " * 600, "part1 " * 600, "part2 " * 600]
    for breaking in (["part1", "part2"], ["part2"]):
        with monkeypatch.context() as bug:
            breaks_on(
                bug,
                world.app.whatsapp,
                "send",
                lambda _number, body, at=breaking: any(word in str(body) for word in at),
            )
            if breaking == ["part2"]:
                redriven(world)
            else:
                talk.agent.say("\n\n".join(parts))
                world.run_for(LONG_ENOUGH_S)
        assert len(dead_letters(world)) == 1
    redriven(world)
    assert [text.strip() for text in talk.customer.texts[-3:]] == [part.strip() for part in parts]
    assert len(talk.customer.texts) == 4, "the greeting, and three parts"
    fates = Counter((row.fate, row.status) for row in MessageItem.scan() if row.direction == "out")
    assert fates[("sent", "delivered")] == 4
    assert not dead_letters(world)
    assert not unfinished()


def test_a_long_answer_is_not_sent_on_when_the_window_has_closed_since(world, monkeypatch):
    talk = live_chat(world)
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.whatsapp, "send", lambda _number, body: "part1" in str(body))
        talk.agent.say("part0 " * 600 + "\n\n" + "part1 " * 600)
        world.run_for(LONG_ENOUGH_S)
    world.run_for(24 * 3600)
    redriven(world)
    assert "part1" not in str(talk.customer.texts)
    assert "More than 24 hours" in notices(talk.chat)[-1]
    assert not dead_letters(world)
    assert not unfinished()


def test_a_late_voice_note_that_breaks_our_code_is_parked_in_seconds_and_told(world, monkeypatch):
    """The agent, who has the sound, is not left waiting; mended and sent again, the card comes."""
    brain = ai.brain(world)
    working, brain.hears = brain.hears, lambda: ai.refused(503, "overloaded")
    talk = live_chat(world)
    talk.customer.sends_voice_note(encoded(tone(2.0), "ogg", "libopus", 48000))
    world.settle()
    brain.hears = working
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.voice_notes, "understand", lambda *_: True)
        world.run_for(20)
        assert "broke on our side" in lines(talk.chat)[-1]
        [letter] = dead_letters(world)
        assert letter["reason"] == "KeyError"
        assert not still_queued(world)
    redriven(world)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert not dead_letters(world)
    assert not unfinished()


def test_a_late_file_that_breaks_our_code_is_parked_in_seconds_and_told(world, monkeypatch):
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, 5)
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.inbound_files, "arrived_text", lambda *_: True)
        talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
        world.run_for(60)
        [letter] = dead_letters(world)
        assert letter["reason"] == "KeyError"
        assert "could not be loaded" in lines(talk.chat)[-1]
        assert not still_queued(world)
    redriven(world)
    assert files(talk.chat)[-1][0] == "bill.pdf"
    assert not unfinished()


def test_a_status_that_breaks_our_code_holds_up_no_other_and_can_be_sent_again(world, monkeypatch):
    talk = live_chat(world)
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.history, "save_status", lambda *_: True)
        talk.agent.say("On its way")
        world.run_for(60)
    letters = dead_letters(world)
    assert {letter["reason"] for letter in letters} == {"KeyError"}
    assert not still_queued(world)
    redriven(world)
    [row] = [one for one in MessageItem.scan() if one.text == "On its way"]
    assert row.status == "delivered"
    assert not dead_letters(world)


def test_an_event_that_breaks_the_parser_is_parked_whole(world, monkeypatch):
    talk = live_chat(world)
    from chalicelib import routing

    breaks_on(monkeypatch, routing, "route", lambda body: "poison" in body)
    talk.customer.says("poison")
    talk.customer.says("after it")
    world.settle()
    assert lines(talk.chat)[1:] == ["after it"]
    [letter] = dead_letters(world)
    assert letter["reason"] == "KeyError"
    assert "poison" in letter["body"]


def wrote(number, text):
    sent = {"timestamp": "1795212000", "type": "text", "text": {"body": text}}
    return {"from": number, "id": f"wamid.{text}", **sent}


def event_of_several(world, ben):
    """One event of two customers, the poison in the midst of it."""
    mia = "15550100001"
    value = text_value(world, wrote(mia, "before it"))
    value["contacts"].append({"profile": {"name": "Ben"}, "wa_id": ben})
    value["messages"] += [
        wrote(mia, "poison"),
        wrote(ben, "Hello from Ben"),
        wrote(mia, "after it"),
    ]
    return entry(world.network.account, "messages", value)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (webhook, "parse"),
        (webhook.senders, "contacts_of"),
        pytest.param(routing, "write", marks=pytest.mark.deep),
        pytest.param(routing, "fits", marks=pytest.mark.deep),
    ],
)
def test_a_message_that_breaks_ingest_costs_nothing_else_of_its_event(
    world, monkeypatch, module, name
):
    """Protocol, promise I1: one event of Meta's holds messages of several customers."""
    talk = live_chat(world)
    ben = world.phones.add("Ben", "15550100002")
    with monkeypatch.context() as bug:
        breaks_on(bug, module, name, lambda *args: "poison" in str(args))
        talk.customer.publish_raw(event_of_several(world, ben.number))
        world.settle()
        assert words(talk.chat)[1:] == ["before it", "after it"]
        assert lines(chats_of(world, ben)[0]) == ["Hello from Ben"]
        [letter] = dead_letters(world)
        assert letter["reason"] == "KeyError"
        assert "poison" in letter["body"]
        assert "Ben" not in letter["body"]
    redriven(world)
    assert words(talk.chat)[1:] == ["before it", "after it", "poison"]
    assert lines(chats_of(world, ben)[0]) == ["Hello from Ben"]
    assert not dead_letters(world)
    assert not unfinished()


def test_two_poisoned_messages_of_one_event_are_two_letters(world, monkeypatch):
    talk = live_chat(world)
    value = text_value(world, wrote("15550100001", "poison one"))
    value["messages"] += [wrote("15550100001", "poison two"), wrote("15550100001", "after it")]
    with monkeypatch.context() as bug:
        breaks_on(bug, webhook, "parse", lambda *args: "poison" in str(args))
        talk.customer.publish_raw(entry(world.network.account, "messages", value))
        world.settle()
    assert words(talk.chat)[1:] == ["after it"]
    assert len(dead_letters(world)) == 2
    redriven(world)
    assert words(talk.chat)[1:] == ["after it", "poison one", "poison two"]


@pytest.mark.deep
def test_what_cannot_be_queued_beside_a_poisoned_message_comes_again_once(world, monkeypatch):
    talk = live_chat(world)
    breaks_on(monkeypatch, webhook, "parse", lambda *args: "poison" in str(args))
    failing(world, "sqs", "SendMessageBatch", Action.THROTTLE, 4)
    talk.customer.publish_raw(event_of_several(world, "15550100002"))
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat)[1:] == ["before it", "after it"]
    assert not still_queued(world)
    assert not unfinished()


def test_what_nobody_can_read_beside_a_poisoned_message_lies_with_the_operator(world, monkeypatch):
    talk = live_chat(world)
    breaks_on(monkeypatch, webhook, "parse", lambda *args: "poison" in str(args))
    event = event_of_several(world, "15550100002")
    event["changes"].append("nobody knows what")
    talk.customer.publish_raw(event)
    world.settle()
    assert words(talk.chat)[1:] == ["before it", "after it"]
    assert [letter["reason"] for letter in dead_letters(world)] == ["KeyError", "partly unreadable"]


def test_an_event_that_cannot_even_be_taken_apart_is_parked_whole(world, monkeypatch):
    talk = live_chat(world)
    breaks_on(monkeypatch, webhook, "parse", lambda *args: "poison" in str(args))
    breaks_on(monkeypatch, apart, "told_apart", lambda *_: True)
    talk.customer.publish_raw(event_of_several(world, "15550100002"))
    world.settle()
    [letter] = dead_letters(world)
    assert "before it" in letter["body"]
    assert not still_queued(world)


@pytest.mark.parametrize("queue", ["inbound", "outbound", "voice_notes"])
def test_garbage_in_our_own_queues_is_parked(world, queue):
    world.app.queues.send([Entry(queue=queue, group="g", dedup="d", body="garbage")])
    world.settle()
    assert [letter["body"] for letter in dead_letters(world)] == ["garbage"]


def test_garbage_that_cannot_be_parked_yet_does_not_hold_up_the_batch(world):
    talk = live_chat(world)
    failing(world, "sqs", "SendMessage", Action.THROTTLE, 2)
    world.app.queues.send([Entry(queue="inbound", group="g", dedup="d", body="garbage")])
    talk.customer.says("neighbour")
    world.run_for(5)
    assert lines(talk.chat)[1:] == ["neighbour"]
    world.run_for(LONG_ENOUGH_S)
    assert len(dead_letters(world)) == 1


def poisoned(_key, pending):
    return any("poison" in member.text for member in pending.members)


def test_a_text_that_breaks_our_code_before_it_is_claimed_is_parked_in_seconds(world, monkeypatch):
    """No claim counts its attempts, so the queue's count parks it; a redrive brings it."""
    talk, ben = live_chat(world), world.phones.add("Ben", "15550100002")
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.conversations, "claim", poisoned)
        breaks_on(bug, world.app.conversations, "load", lambda _key: True)
        talk.customer.says("poison")
        world.settle()
        talk.customer.says("after it")
        ben.says("Hello")
        world.run_for(30)
        assert words(talk.chat)[1:] == ["after it"]
        assert lines(chats_of(world, ben)[0]) == ["Hello"]
        [letter] = dead_letters(world)
        assert letter["reason"] == "KeyError"
        assert not still_queued(world)
    redriven(world)
    assert words(talk.chat)[-1] == "poison"
    assert not dead_letters(world)
    assert not unfinished()


@pytest.mark.deep
def test_a_text_whose_very_parking_breaks_our_code_blocks_nobody(world, monkeypatch):
    talk = live_chat(world)
    with monkeypatch.context() as bug:
        breaks_on(bug, world.app.chat, "send_text", lambda _chat, text, _token: "poison" in text)
        breaks_on(bug, world.app.showing, "show_parked", lambda _work: True)
        talk.customer.says("poison")
        world.settle()
        talk.customer.says("after it")
        world.run_for(60)
    assert words(talk.chat)[1:] == ["after it"]
    assert {letter["reason"] for letter in dead_letters(world)} >= {"KeyError"}
    assert not still_queued(world)
    assert not unfinished()


def test_an_answer_that_breaks_our_code_before_it_is_claimed_is_parked_in_seconds(
    world, monkeypatch
):
    talk = live_chat(world)
    with monkeypatch.context() as bug:
        talk.agent.say("poison")
        poison = talk.chat.items[-1].id
        breaks_on(bug, world.app.contacts, "claim", lambda _contact, mine: mine.event == poison)
        world.clock.advance(1)
        talk.agent.say("after it")
        world.run_for(30)
        assert sent_texts(talk.customer) == ["after it"]
        [letter] = dead_letters(world)
        assert letter["reason"] == "KeyError"
        assert any("could not be sent" in notice for notice in notices(talk.chat))
        assert not still_queued(world)
    redriven(world)
    assert talk.customer.texts[-1] == "poison"


def test_an_event_that_breaks_the_parser_of_the_way_back_costs_no_other_group(world, monkeypatch):
    talk, others = live_chat(world), live_chat(world, "Ben", "15550100002")
    from chalicelib import outbound_entries

    with monkeypatch.context() as bug:
        breaks_on(bug, outbound_entries, "parse_chat", lambda body: "poison" in body)
        talk.agent.say("poison")
        others.agent.say("Hello Ben")
        world.run_for(5)
    assert others.customer.texts[-1] == "Hello Ben"
    assert [letter["reason"] for letter in dead_letters(world)] == ["KeyError"]
    assert not still_queued(world)


def test_a_message_whose_very_placeholder_is_refused_still_lets_the_next_one_through(world):
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, 2)
    talk.customer.says("poison")
    world.settle()
    talk.customer.says("after it")
    world.run_for(5)
    assert lines(talk.chat)[1:] == ["after it"]
    assert len(dead_letters(world)) == 1
    assert not unfinished()


def test_a_claim_whose_message_left_the_queue_does_not_block_the_next_answer(world):
    """Law 8 on the way back: the agent is told that one message is uncertain."""
    talk = live_chat(world)
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.KILL_BEFORE, 1)
    talk.agent.say("lost with its worker")
    world.settle()
    world.sqs.queues["outbound.fifo"].purge()
    talk.agent.say("after it")
    world.run_for(GIVE_UP_SECONDS + LONG_ENOUGH_S)
    assert talk.customer.texts[-1] == "after it"
    assert any("may or may not have reached" in notice for notice in notices(talk.chat))
    assert not unfinished()


def test_a_claim_whose_message_left_the_queue_does_not_block_the_customer(world):
    """Law 8, trace 8: the successor finishes it, so it is not lost either."""
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 1)
    talk.customer.says("left behind")
    world.settle()
    world.sqs.queues["inbound.fifo"].purge()
    world.run_for(60)
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat)[1:] == ["left behind", "after it"]
    assert not unfinished()


def test_a_second_chat_that_nobody_recorded_is_stopped(world):
    """Protocol 4.4: a streaming event names a contact that carries our attribute."""
    talk = live_chat(world)
    [row] = [one for one in ConversationItem.scan() if one.kind == "conversation"]
    stray = boto3.client("connect").start_chat_contact(
        InstanceId=world.instance.id,
        ContactFlowId=world.bundle.settings["flows"]["whatsapp_inbound"]["id"],
        ParticipantDetails={"DisplayName": "stray"},
        Attributes={"conversation": row.key},
        ChatStreamingConfiguration={"StreamingEndpointArn": world.chat_topic},
        ConnectionTypes=["CONNECTION_CREDENTIALS"],
    )
    world.run_for(LONG_ENOUGH_S)
    assert world.chats.find(stray["ContactId"]).is_over
    assert not talk.chat.is_over
    talk.customer.says("More")
    world.settle()
    assert lines(talk.chat)[-1] == "More"


@pytest.mark.deep
def test_what_the_ring_has_forgotten_the_history_still_knows(world):
    """Law 4: 64 messages later a repeat of the first one, from either side, is not shown again."""
    talk = live_chat(world)
    kept: list[tuple[str, str, dict]] = []
    publish = world.topics.publish
    world.topics.publish = lambda *args: (kept.append(args), publish(*args))[1]
    talk.customer.says("the first")
    talk.agent.say("first answer")
    world.run_for(5)
    world.topics.publish = publish
    for number in range(66):
        talk.customer.says(f"q{number}")
        talk.agent.say(f"a{number}")
        world.run_for(10)
    asked, answered = words(talk.chat), list(talk.customer.texts)
    for args in kept:
        publish(*args)
    world.run_for(LONG_ENOUGH_S)
    assert len(asked) == 68
    assert words(talk.chat) == asked
    assert talk.customer.texts == answered
    assert not unfinished()


def written_by_a_later_version(row, attribute, plain):
    row.update(actions=[attribute.set(json.dumps(plain))])


def test_what_a_later_version_left_in_hand_is_finished_after_a_step_back(world):
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendMessage", Action.KILL_BEFORE, 1)
    talk.customer.says("left behind")
    world.settle()
    [row] = [one for one in ConversationItem.scan() if one.pending_id]
    members = [{**member, "tomorrow": 1} for member in json.loads(row.pending_members)]
    written_by_a_later_version(row, ConversationItem.pending_members, members)
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat)[1:] == ["left behind", "after it"]
    assert not dead_letters(world)
    assert not unfinished()


@pytest.mark.deep
def test_a_file_that_a_later_version_promised_comes_after_a_step_back(world):
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, 3)
    talk.customer.sends("document", media=b"%PDF-1.4 a bill", filename="bill.pdf")
    world.settle()
    [row] = [one for one in MessageItem.scan() if one.file]
    written_by_a_later_version(row, MessageItem.file, {**json.loads(row.file), "tomorrow": 1})
    world.run_for(LONG_ENOUGH_S)
    assert files(talk.chat)[-1][0] == "bill.pdf"
    assert not dead_letters(world)


def test_who_finishes_the_claim_of_another_parks_nothing_that_cannot_be_sent_again(world):
    """A late card, or an event under another identifier, comes through another group."""
    talk = live_chat(world)
    [row] = [one for one in ConversationItem.scan() if one.kind == "conversation"]
    failing(world, "connectparticipant", "SendMessage", Action.THROTTLE, 9)
    talk.customer.says("poison")
    world.settle()
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, 2)
    conversation = world.app.conversations.load(row.key)
    late = follow_up(
        conversation, Member(wamid="wamid.late#card", sent_at=1, text="its card"), "receipt"
    )
    with pytest.raises(Throttled, match="who has its event"):
        world.app.to_agent.deliver(late, lambda: 20.0)
    world.run_for(LONG_ENOUGH_S)
    assert len(dead_letters(world)) == 1
    redriven(world)
    assert words(talk.chat)[-1] == "poison"
    assert not dead_letters(world)
    assert not unfinished()


def test_what_breaks_frees_no_claim_of_a_worker_that_may_live(world):
    """Law 6: under another identifier somebody is at the customer's other message."""
    live_chat(world)
    [row] = [one for one in ConversationItem.scan() if one.kind == "conversation"]
    door, now = world.app.conversations, int(world.clock.now().timestamp())
    others = Member(wamid="wamid.theirs", sent_at=now, text="theirs")
    door.claim(row.key, Pending(id="theirs", members=(others,), since=now, claimed_at=now))
    mine = Member(wamid="wamid.mine", sent_at=now, text="mine")
    broken = follow_up(door.load(row.key), mine, "receipt")
    assert not world.app.to_agent.abandon(broken)
    assert door.load(row.key).pending.since == now
