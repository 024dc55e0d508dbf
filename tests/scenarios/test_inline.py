"""Phase 1 and phase 2 are the same code (VN-01, VN-20): mode `inline` of the container.

The container's own readers empty the queues here, on the sandbox's clock; no function does.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.inline import CALM_SECONDS
from chalicelib.wiring_doors import WAITING
from container.__main__ import pollers
from container.poller import Poller
from sandbox.faults import Action
from sandbox.whatsapp.envelope import entry
from sandbox.world import World
from tests.scenarios.people import QUEUES, chats_of, dead_letters, failing, lines, text_value, words

URLS = {"WHATSAPP_EVENTS_QUEUE_URL": "whatsapp-events", "CHAT_EVENTS_QUEUE_URL": "chat-events"}


class Service:
    """A world in which one process does everything; `settle` lets it read what is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.readers: list[Poller] = pollers(world.app)

    def settle(self, seconds: float = 0) -> None:
        """Let time pass in steps and the process read all its queues after each."""
        for _ in range(max(1, int(seconds))):
            if seconds:
                self.world.run_for(1)
            self.world.settle()
            while self._turns():
                self.world.settle()

    def _turns(self) -> bool:
        """Every reader has its turn, whatever the one before it found."""
        found = [reader.turn() for reader in self.readers]
        return any(found)

    def queued(self) -> int:
        """How often entries were put into FIFO queues."""
        return sum(call.operation == "SendMessageBatch" for call in self.world.router.calls)


@pytest.fixture
def service() -> Iterator[Service]:
    with World(settings={"RUN_MODE": "inline"}) as world:
        world.deliverer.mappings.clear()
        world.app.settings = replace(
            world.app.settings,
            **{name.lower(): world.sqs.url(queue) for name, queue in URLS.items()},
        )
        running = Service(world)
        running.settle(CALM_SECONDS + 1)
        yield running


def test_a_conversation_needs_no_fifo_queue(service: Service) -> None:
    world = service.world
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    service.settle(2)
    agent = world.desk.agent("Ana", QUEUES)
    chat = agent.accept()
    agent.say("Good morning")
    service.settle(2)
    assert lines(chat) == ["Hello"]
    assert mia.texts[-1] == "Good morning"
    assert service.queued() == 0


def test_a_service_that_starts_first_looks_what_was_left_behind(service: Service) -> None:
    """Else a new message would overtake one that its predecessor had queued."""
    fresh = type(service.world.app)(service.world.app.settings).inline
    assert fresh.behind == {"inbound", "outbound"}


@pytest.mark.deep
def test_what_fails_for_now_waits_in_its_queue_and_nothing_overtakes_it(service: Service) -> None:
    world = service.world
    mia = world.phones.add("Mia", "15550100001")
    failing(world, "connect", "StartChatContact", Action.THROTTLE, times=6)
    mia.says("first")
    service.settle(1)
    assert service.queued() == 1
    mia.says("second")
    service.settle(60)
    agent = world.desk.agent("Ana", QUEUES)
    chat = agent.accept()
    assert "\n".join(lines(chat)).split("\n")[:2] == ["first", "second"]
    service.settle(CALM_SECONDS + 60)
    before = service.queued()
    mia.says("third")
    service.settle(1)
    assert lines(chat)[-1] == "third"
    assert service.queued() == before
    assert len(chats_of(world, mia)) == 1


def test_reading_waits_longer_than_the_queue_does() -> None:
    from chalicelib.gateways.queue_reader import WAIT_SECONDS

    assert WAITING.read_timeout > WAIT_SECONDS


def test_an_event_with_more_texts_than_one_transaction_takes_is_shown_once(
    service: Service,
) -> None:
    """Meta puts up to 1,000 updates into one call; DynamoDB records 100 items at once."""
    world = service.world
    mia = world.phones.add("Mia", "15550100001")
    sent_at = str(int(world.clock.now().timestamp()))
    told = {"from": mia.number, "timestamp": sent_at, "type": "text"}
    said = [f"line {number}" for number in range(120)]
    value = text_value(world, {})
    value["messages"] = [{**told, "id": f"wamid.{text}", "text": {"body": text}} for text in said]
    assert world.app.ingest.take(json.dumps(entry(world.network.account, "messages", value)))
    service.settle(150)
    [chat] = chats_of(world, mia)
    assert words(chat) == said
    assert not dead_letters(world)
