"""What operators are woken for is counted: closed windows and what the speech service costs."""

from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import ai_prices
from sandbox.product_output import caught
from sandbox.world import World
from tests.scenarios.people import live_chat

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
