"""A process may die before or after any call: the customer and the agent notice nothing of it.

The calls are enumerated by a run without a crash; every case is a customer of its own.
"""

from collections.abc import Callable

import pytest

from sandbox.faults import Action
from sandbox.phones import Phone
from sandbox.world import World
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios import ai
from tests.scenarios.people import (
    GREETING,
    LONG_ENOUGH_S,
    QUEUES,
    chats_of,
    dead_letters,
    files,
    lines,
    still_queued,
    unfinished,
)

pytestmark = pytest.mark.deep

CRASHES = (Action.KILL_BEFORE, Action.KILL_AFTER)
Act = Callable[[Phone], object]


def calls_of(world: World, act: Act, phone: Phone) -> int:
    """How many calls `act` and all that follows at once make, nothing failing."""
    world.router.faults.clear()
    world.router.faults.arm()
    act(phone)
    world.run_for(2)
    count = world.router.faults.calls()
    world.router.faults.clear()
    return count


def crashed(world: World, act: Act, phone: Phone, index: int, action: Action) -> None:
    """`act`, with the process of call number `index` dying at it; then time to recover."""
    world.router.faults.clear()
    world.router.faults.at(index, action)
    world.router.faults.arm()
    start = len(world.deliverer.deliveries)
    act(phone)
    world.run_for(LONG_ENOUGH_S)
    world.router.faults.clear()
    outcomes = [one.outcome for one in world.deliverer.deliveries[start:]]
    assert "killed" in outcomes or action in {call.outcome for call in world.router.calls}


def cases(count: int) -> list[tuple[int, Action]]:
    return [(index, action) for index in range(count) for action in CRASHES]


def test_a_first_text_is_shown_once_in_one_chat(world):
    def act(phone: Phone) -> object:
        return phone.says("Hello")

    count = calls_of(world, act, world.phones.add("first", "15550200000"))
    assert count >= 5
    for number, (index, action) in enumerate(cases(count)):
        phone = world.phones.add(f"Mia {number}", f"1555030{number:04}")
        crashed(world, act, phone, index, action)
        where = f"{action} call {index}"
        [chat] = chats_of(world, phone)
        assert lines(chat) == ["Hello"], where
        assert sum(text.startswith(GREETING) for text in phone.texts) == 1, where
        assert not unfinished(), where
    assert not still_queued(world)
    assert not dead_letters(world)


def test_a_live_text_is_shown_once(world):
    def act(phone: Phone) -> object:
        return phone.says("More")

    count = calls_of(world, act, opened(world, "first", "15550200000"))
    assert count >= 4
    for number, (index, action) in enumerate(cases(count)):
        phone = opened(world, f"Mia {number}", f"1555030{number:04}")
        crashed(world, act, phone, index, action)
        [chat] = chats_of(world, phone)
        assert lines(chat) == ["Hello", "More"], f"{action} call {index}"
        assert not unfinished()
    assert not still_queued(world)
    assert not dead_letters(world)


@pytest.mark.parametrize("text", ["Answer", "Long answer.\n" * 500], ids=["short", "in pieces"])
def test_an_answer_reaches_the_phone_once_and_whole(world, text):
    agent = world.desk.agent("Ana", QUEUES)

    def act(phone: Phone) -> object:
        [chat] = chats_of(world, phone)
        agent.accept()
        return agent.say(text, chat=chat)

    count = calls_of(world, act, opened(world, "first", "15550200000"))
    agent.end()
    assert count >= 4
    for number, (index, action) in enumerate(cases(count)):
        phone = opened(world, f"Mia {number}", f"1555030{number:04}")
        crashed(world, act, phone, index, action)
        agent.end()
        world.settle()
        said = "\n".join(line for line in phone.texts if line.startswith(text[:6]))
        assert said.strip() == text.strip(), f"{action} call {index}"
        assert not unfinished()
    assert not still_queued(world)
    assert not dead_letters(world)


def test_a_voice_note_that_opens_a_chat_is_shown_once_with_its_sound(world):
    ai.brain(world)
    note = encoded(tone(5.0), "ogg", "libopus", 48000)

    def act(phone: Phone) -> object:
        return phone.sends_voice_note(note)

    count = calls_of(world, act, world.phones.add("first", "15550200000"))
    assert count >= 12
    # Dying before a call leaves what dying after the one before it leaves.
    for number, (index, action) in enumerate(cases(count)[1::2]):
        phone = world.phones.add(f"Mia {number}", f"1555030{number:04}")
        crashed(world, act, phone, index, action)
        where = f"{action} call {index}"
        live = [chat for chat in chats_of(world, phone) if not chat.is_over]
        assert len(live) == 1, where
        assert sum(ai.WORDS in line for line in lines(live[0])) == 1, where
        assert len(files(live[0])) == 1, where
        assert not unfinished(), where
    assert not still_queued(world)
    assert not dead_letters(world)


def opened(world: World, name: str, number: str) -> Phone:
    phone = world.phones.add(name, number)
    phone.says("Hello")
    world.run_for(2)
    return phone
