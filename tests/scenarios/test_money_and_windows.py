"""What operators are woken for is counted: closed windows and what the speech service costs."""

import importlib
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import ai_prices, log
from chalicelib.errors import UnreadableEvent
from infra.functions import FUNCTIONS
from sandbox.product_output import caught
from sandbox.world import World
from tests.scenarios.people import live_chat, text_value, words

NOTE = Path(__file__).parents[2] / "sandbox" / "voice_notes" / "claim_en.ogg"
HOUR = 3600


def test_a_reply_after_24_hours_is_counted() -> None:
    """Whether our clock or WhatsApp's word closed the window."""
    with caught() as output, World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        talk = live_chat(world)
        world.run_for(25 * HOUR)
        talk.agent.say("Are you still there?")
        world.run_for(5)
        assert output.metrics()["WindowClosed"] == 1
        talk.customer.says("Yes")
        world.run_for(5)
        talk.customer.last_wrote.clear()
        talk.agent.say("Good")
        world.run_for(5)
        assert output.metrics()["WindowClosed"] == 2


def test_an_older_message_that_comes_late_closes_no_window() -> None:
    """WhatsApp counts from the newest message, whichever came last."""
    with World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        talk = live_chat(world)
        world.run_for(10 * HOUR)
        written = int(world.clock.now().timestamp()) - 9 * HOUR
        talk.customer.says("Yes")
        world.run_for(5)
        late = {"from": talk.customer.number, "id": "wamid.late", "timestamp": str(written)}
        late |= {"type": "text", "text": {"body": "came late"}}
        world.network.publish_change("messages", text_value(world, late))
        world.run_for(16 * HOUR)
        assert words(talk.chat) == ["Hello", "Yes", "came late"]
        talk.agent.say("Good")
        world.run_for(5)
        assert talk.customer.texts[-1] == "Good"


def test_a_voice_note_counts_what_it_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transcript and facts; the offline engines are free, so they get a price here."""
    monkeypatch.setattr(ai_prices, "of_audio", lambda model, seconds: Decimal(2))
    monkeypatch.setattr(ai_prices, "of_text", lambda model, tokens_in, tokens_out: Decimal(1))
    with caught() as output, World() as world:
        talk = live_chat(world)
        assert output.metrics()["AiCostUsd"] == 0
        talk.customer.sends_voice_note(NOTE.read_bytes())
        world.run_for(60)
        assert output.metrics()["AiCostUsd"] == 3


@pytest.mark.parametrize("handler", [one.handler for one in FUNCTIONS if one.flow])
def test_what_a_flows_function_counts_leaves_with_its_call(handler: str) -> None:
    """In AWS nobody else does: the alarm on cost would not hear of it. Refused calls too."""
    module, _, name = handler.rpartition(".")
    with caught() as output:
        log.count("AiCostUsd", 2)
        with pytest.raises(UnreadableEvent):
            getattr(importlib.import_module(module), name)({}, None)
        assert output.metrics()["AiCostUsd"] == 2
