"""The bucket and the queues, through boto3's own clients."""

import json
import urllib.request
from datetime import timedelta

import pytest

from chalicelib import batches
from chalicelib.batches import Record
from chalicelib.conversation import Member
from chalicelib.errors import Rejected, Throttled
from chalicelib.ports.queues import Parked
from chalicelib.routing import Entry, read
from sandbox.world import World


def bodies(world: World, queue: str) -> list[str]:
    return [message.body for message in world.sqs.queues[queue].messages.values()]


def test_a_file_is_read_back_and_its_link_opens_without_credentials(world):
    media = world.app.media
    media.write("inbound/k/x", b"sound", "audio/ogg")
    assert media.read("inbound/k/x") == b"sound"
    with urllib.request.urlopen(media.link("inbound/k/x")) as answer:  # noqa: S310  (loopback)
        assert answer.read() == b"sound"


def test_links_are_signed_so_that_they_expire(world):
    """CP-27. SigV2 links of S3 ignore expiry in some set-ups; ours name their seconds."""
    assert "X-Amz-Signature=" in world.app.media.link("k")
    assert "X-Amz-Expires=43200" in world.app.media.link("k")
    assert "X-Amz-Expires=300" in world.app.media.put_url("k")


def test_a_file_that_is_not_there_is_rejected(world):
    with pytest.raises(Rejected):
        world.app.media.read("inbound/none")


def entry(number: int, queue: str = "inbound", body: str = "{}") -> Entry:
    return Entry(queue=queue, group="g", dedup=f"d{number}", body=body)  # type: ignore[arg-type]


def test_more_than_ten_entries_go_in_several_batches_and_each_once(world):
    entries = [entry(number) for number in range(23)]
    world.app.queues.send([*entries, entry(99, "outbound")])
    world.app.queues.send(entries)
    assert len(bodies(world, "inbound.fifo")) == 23
    assert len(bodies(world, "outbound.fifo")) == 1


def test_an_entry_that_was_not_taken_fails_the_send(world):
    world.sqs.fail_entry = lambda _queue, sent: sent["MessageDeduplicationId"] == "d1"
    with pytest.raises(Throttled):
        world.app.queues.send([entry(0), entry(1)])
    assert len(bodies(world, "inbound.fifo")) == 1


def test_a_parked_message_holds_what_is_needed_to_send_it_again(world):
    parked = Parked(
        reason="crashed three times",
        conversation="k1",
        members=[Member(wamid="wamid.1", sent_at=5, text="Hello")],
        bodies={"wamid.1": "{...}"},
    )
    world.app.queues.park(parked)
    world.app.queues.park(parked)  # twice at worst, and then the queue drops it
    [letter] = map(json.loads, bodies(world, "dead-letters.fifo"))
    assert letter["reason"] == "crashed three times"
    assert letter["members"][0]["text"] == "Hello"
    assert letter["bodies"] == {"wamid.1": "{...}"}


def test_an_unreadable_event_is_parked_whole(world):
    world.app.queues.park_unreadable("not_json", "garbage", "receipt-1")
    [letter] = map(json.loads, bodies(world, "dead-letters.fifo"))
    assert letter == {"reason": "not_json", "body": "garbage"}


def test_a_slow_voice_note_is_handed_over_once(world):
    for _ in range(2):
        world.app.queues.hand_over("k1", "wamid.1")
    [body] = bodies(world, "voice-notes.fifo")
    assert read(body) == ("voice_note", {"conversation": "k1", "wamid": "wamid.1"})


def test_a_failed_message_comes_back_when_it_was_told_to(world):
    world.app.queues.send([entry(1)])
    queue = world.sqs.queues["inbound.fifo"]
    [message] = queue.receive(world.clock.now(), 10)
    world.app.queues.delay("inbound", queue.handle_of(message), 4)
    assert message.visible_at == world.clock.now() + timedelta(seconds=4)
    with pytest.raises(Rejected):
        world.app.queues.delay("inbound", "no-handle", 4)


def waits(message: str) -> list[int]:
    """How long a message waits after each of its receipts."""
    return [
        batches.delay(
            Record(message_id=message, receipt_handle="", body="", group="", received=received)
        )
        for received in range(12)
    ]


def test_back_off_doubles_up_to_two_minutes():
    """SA-18."""
    longest = [2, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120]
    for wait, most in zip(waits("m1"), longest, strict=True):
        assert 0.75 * most - 0.5 <= wait <= most


def test_what_failed_together_does_not_come_back_together():
    """SA-18."""
    assert len({waits(f"m{number}")[8] for number in range(30)}) > 10
    assert waits("m1") == waits("m1")
