"""A customer asks to be forgotten: afterwards nothing is stored but a salted hash (LA-37)."""

import json

import pytest

from chalicelib import redrive
from tests.scenarios.forgetting import WORDS, Story, items, objects, queued


@pytest.fixture
def story(world):
    return Story(world)


def test_nothing_but_a_hash_is_left(story):
    assert len(story.left()) > 5, "the scan sees what is there"
    story.wishes_to_be_forgotten()
    story.world.run_for(1200)
    assert story.left() == []
    every = [item for table in items(story.world).values() for item in table]
    assert {item["kind"]["S"] for item in every} == {"erased"}
    assert all(set(item) == {"key", "kind", "erased_before", "expires"} for item in every)
    assert objects() == []
    assert not any(queued(story.world).values())


def test_the_first_look_leaves_only_what_the_second_one_needs(story):
    """Nobody waits a quarter of an hour for what can be deleted at once."""
    story.wishes_to_be_forgotten()
    story.world.run_for(5)
    assert set(story.left()) <= set(story.keys), "the second look waits in the queue, by keys"


def test_the_open_chat_is_closed(story):
    story.wishes_to_be_forgotten()
    story.world.run_for(60)
    assert story.chat.ended_at is not None


def test_who_was_forgotten_and_writes_again_is_a_new_customer(story):
    story.wishes_to_be_forgotten()
    story.world.run_for(30)
    story.mia.says("Hello, a new question")
    story.world.run_for(10)
    chat = story.ana.accept()
    story.world.run_for(1200)
    seen = [line.text for line in story.ana.desk_view(chat) if line.role == "CUSTOMER"]
    assert seen == ["Hello, a new question"]
    assert [trace for trace in story.left() if trace in WORDS] == []
    story.mia.says("And another")
    story.world.run_for(5)
    assert "And another" in [line.text for line in story.ana.desk_view(chat)]


def test_a_message_from_before_that_comes_late_brings_nobody_back(story):
    """SNS delivers a copy of the first message after the erase, to nobody and to the new chat."""
    story.wishes_to_be_forgotten()
    story.world.run_for(400)
    _again(story.world, story.first_event)
    assert story.left() == [] or set(story.left()) <= set(story.keys)
    story.mia.says("Hello, a new question")
    story.world.run_for(10)
    chat = story.ana.accept()
    _again(story.world, story.first_event)
    story.world.run_for(1200)
    seen = [line.text for line in story.ana.desk_view(chat) if line.role == "CUSTOMER"]
    assert seen == ["Hello, a new question"]


def test_a_letter_that_was_sent_again_too_late_is_dropped(story):
    """An operator redrives a letter while the wish is waiting: it comes out behind it."""
    letters = story.world.sqs.queues["dead-letters.fifo"].messages.values()
    body = json.loads(next(each.body for each in letters if "lost in the letters" in each.body))
    story.wishes_to_be_forgotten()
    story.world.run_for(400)
    wamid, original = next(iter(body["bodies"].items()))
    story.world.app.queues.send([redrive.inbound(original, wamid, 1, body["conversation"])])
    story.world.run_for(1200)
    assert story.left() == []


def test_a_status_that_comes_after_the_erase_leaves_no_wamid(story):
    story.wishes_to_be_forgotten()
    story.world.run_for(1200)
    story.mia.reads()
    story.world.run_for(10)
    assert story.left() == []


def test_every_item_carries_its_customer_and_expires(story):
    """And the customer's index leads to each of them, or it could not be erased."""
    now = story.world.clock.now().timestamp()
    every = [item for table in items(story.world).values() for item in table]
    assert len(every) > 8
    for item in every:
        assert item.get("customer", {}).get("S"), item
        assert float(item["expires"]["N"]) > now, item
        assert "key" in item or "sent_at" in item, item


def _again(world, body):
    world.sqs.send("whatsapp-events", {"MessageBody": body})
    world.run_for(10)
