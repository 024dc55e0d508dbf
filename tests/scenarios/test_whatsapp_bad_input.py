"""Bad input on the customer's side: nothing is lost, nothing breaks, the neighbours arrive."""

import json
from typing import Any

import pytest

from chalicelib.gateways.items import MessageItem
from sandbox.sample_files import sample_file
from sandbox.whatsapp.envelope import entry
from sandbox.world import World
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    QUEUES,
    Talk,
    dead_letters,
    files,
    lines,
    live_chat,
    notices,
    still_queued,
    text_value,
)

HOSTILE = {
    "null everywhere": {"from": None, "id": None, "timestamp": None, "type": None, "text": None},
    "wrong types": {"from": 5, "id": [1], "timestamp": {}, "type": "text", "text": [["deep"]]},
    "a hostile name": {
        "from": "15550100001",
        "id": "wamid.NAME",
        "type": "document",
        "document": {"id": "404", "filename": "../../\u202egpj.exe\x00", "mime_type": "image/png"},
    },
    "4,096 emoji": {
        "from": "15550100001",
        "id": "wamid.EMOJI",
        "type": "text",
        "text": {"body": "👩‍👩‍👧‍👦" * 1024},
    },
    "a kind invented tomorrow": {
        "from": "15550100001",
        "id": "wamid.HOLO",
        "type": "hologram",
        "hologram": {"title": "Cube"},
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_nothing_is_lost_and_the_neighbours_arrive(world: World, name: str) -> None:
    talk = live_chat(world)
    value = text_value(world, HOSTILE[name])
    value["messages"].append(
        {"from": "15550100001", "id": "wamid.OK", "type": "text", "text": {"body": "Next"}}
    )
    talk.customer.publish_raw(entry(world.network.account, "messages", value))
    world.run_for(LONG_ENOUGH_S)
    shown = [part for chat in world.chats for line in lines(chat) for part in line.split("\n")]
    assert "Next" in shown
    assert len(shown) >= 3 or dead_letters(world), "the odd one is shown or parked"
    assert not still_queued(world)


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", '{"entry": 5}', '{"object": null}', "[" * 500]
)
def test_what_nobody_can_read_lies_with_the_operator(world: World, body: str) -> None:
    world.topics.publish(world.whatsapp_topic, body or " ", {})
    world.settle()
    assert len(dead_letters(world)) == 1
    assert not still_queued(world)


def test_an_event_larger_than_a_queue_entry_reaches_the_agent_shortened(world: World) -> None:
    """SNS carries 256 KB; through the direct webhook Meta sends up to 3 MB."""
    talk = live_chat(world)
    message = {
        "from": "15550100001",
        "id": "wamid.HUGE",
        "timestamp": str(int(world.clock.now().timestamp())),
        "type": "text",
        "text": {"body": "long " * 500_000},
    }
    event = {"entry": [{"id": "1", "changes": [{"value": text_value(world, message)}]}]}
    assert world.app.ingest.take(json.dumps(event))
    world.settle()
    assert sum(len(line) for line in lines(talk.chat)) > 10_000
    assert "cut: the message is too long to show" in lines(talk.chat)[-1]
    pieces = dead_letters(world)
    assert "".join(piece["body"] for piece in pieces).count("long ") == 500_000
    assert [piece["part"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert notices(talk.chat) == []


def says(world: World, talk: Talk, message: dict[str, Any]) -> None:
    """One message of Mia's, exactly as written here."""
    now = str(int(world.clock.now().timestamp()))
    told = {"from": "15550100001", "timestamp": now, **message}
    talk.customer.publish_raw(entry(world.network.account, "messages", text_value(world, told)))
    world.settle()


def test_a_caption_longer_than_a_chat_message_comes_in_pieces(world: World) -> None:
    """WhatsApp ends captions at 1,024 characters; a message of Connect ends at 16,384 bytes."""
    talk = live_chat(world)
    picture = sample_file("image/jpeg")
    talk.customer.sends("image", media=picture, caption="word " * 4000)
    world.settle()
    assert "".join(lines(talk.chat)[1:]).count("word") == 4000
    assert len(files(talk.chat)) == 1
    assert dead_letters(world) == []


def test_a_text_of_100_kilobytes_arrives_whole(world: World) -> None:
    talk = live_chat(world)
    text = {"body": " ".join(map(str, range(20_000)))}
    says(world, talk, {"id": "wamid.LONG", "type": "text", "text": text})
    assert " ".join(lines(talk.chat)[1:]).split() == text["body"].split()


def test_what_nobody_can_show_is_kept_as_it_came(world: World) -> None:
    talk = live_chat(world)
    says(world, talk, {"id": "wamid.HOLO", "type": "hologram", "hologram": {"title": "Cube"}})
    item = world.app.db.get(MessageItem, "wamid.HOLO")
    assert item.fate == "placeholder"
    assert json.loads(item.raw)["payload"]["value"]["messages"][0]["hologram"] == {"title": "Cube"}


def test_an_event_that_is_partly_readable_is_shown_and_kept_whole(world: World) -> None:
    talk = live_chat(world)
    message = {"from": "15550100001", "id": "wamid.OK", "type": "text", "text": {"body": "Next"}}
    value = text_value(world, message)
    event = {"entry": ["broken", {"id": "1", "changes": [{"value": "broken"}, {"value": value}]}]}
    world.topics.publish(world.whatsapp_topic, json.dumps(event), {})
    world.settle()
    assert lines(talk.chat)[-1] == "Next"
    [letter] = dead_letters(world)
    assert json.loads(json.loads(letter["body"])["Message"]) == event


@pytest.mark.parametrize("word", ["InitialContactId", "whatsAppWebhookEntry", "MessageAttributes"])
def test_the_words_of_our_own_records_are_only_words(world: World, word: str) -> None:
    """A customer of the direct webhook and an agent may write them."""
    talk = live_chat(world)
    message = {"from": "15550100001", "id": "wamid.W", "type": "text", "text": {"body": word}}
    event = {"entry": [{"id": "1", "changes": [{"value": text_value(world, message)}]}]}
    assert world.app.ingest.take(json.dumps(event))
    talk.agent.say(f"What is {word}?")
    world.run_for(5)
    assert lines(talk.chat)[-1] == word
    assert talk.customer.texts[-1] == f"What is {word}?"
    assert dead_letters(world) == []


def test_an_answer_to_somebody_whatsapp_does_not_name_is_refused_at_once(world: World) -> None:
    message = {"id": "wamid.NOBODY", "type": "text", "text": {"body": "Who am I?"}}
    value = {**text_value(world, message), "contacts": []}
    world.topics.publish(world.whatsapp_topic, json.dumps({"changes": [{"value": value}]}), {})
    world.run_for(10)
    agent = world.desk.agent("Ana", QUEUES)
    chat = agent.accept()
    assert lines(chat) == ["Who am I?"]
    agent.say("I do not know")
    world.run_for(10)
    told = notices(chat)[-1]
    assert 'Not delivered: "I do not know". WhatsApp did not say who this customer is' in told
    assert not still_queued(world)


def test_a_strange_name_costs_no_message_and_tricks_no_agent(world):
    names = ["n" * 40_000, "\u202eevil", "\u0000\u0001", "a\nb", "   ", "\u200b"]
    for number, name in enumerate(names):
        world.phones.add(name, f"1555010000{number}").says("Hello")
    world.run_for(5)
    shown = [chat.customer.display_name for chat in world.chats]
    assert [lines(chat) for chat in world.chats] == [["Hello"]] * len(names)
    assert all(name.isprintable() and name.strip() for name in shown)
    assert not dead_letters(world)
