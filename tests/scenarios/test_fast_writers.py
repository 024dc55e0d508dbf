"""SA-67: over ten pieces a minute are held and merged, with one notice; nothing is dropped."""

from collections import Counter

from tests.scenarios.people import (
    dead_letters,
    lines,
    live_chat,
    notices,
    still_queued,
    unfinished,
    words,
)

PIECES = 10


def test_a_customer_who_writes_every_two_seconds_is_read_whole_in_ten_pieces_a_minute(world):
    talk = live_chat(world)
    other = live_chat(world, "Ben", "15550100002")
    said = [f"line {number}" for number in range(60)]
    for text in said:
        talk.customer.says(text)
        world.run_for(2)
    other.customer.says("nobody waits for me")
    world.run_for(2)
    assert words(other.chat)[-1] == "nobody waits for me"
    world.run_for(300)
    assert words(talk.chat) == ["Hello", *said]
    assert len(lines(talk.chat)) <= 1 + 3 * PIECES
    shown_at = [item.at.timestamp() for item in talk.chat.items if item.role == "CUSTOMER"]
    per_minute = Counter(int(at // 60) for at in shown_at)
    assert max(per_minute.values()) <= PIECES + 2  # a notice, and a minute is cut somewhere
    assert len([notice for notice in notices(talk.chat) if "faster than is shown" in notice]) == 1
    assert not dead_letters(world)
    assert not still_queued(world)
    assert not unfinished()


def test_a_burst_at_once_costs_a_few_messages_and_no_waiting(world):
    talk = live_chat(world)
    said = [f"line {number}" for number in range(30)]
    for text in said:
        talk.customer.says(text)
    world.run_for(5)
    assert words(talk.chat) == ["Hello", *said]
    assert len(lines(talk.chat)) <= 1 + 4
    assert not notices(talk.chat)
