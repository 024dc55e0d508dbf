"""What an operator reads of each day: how much passed, and about what it cost (LA-69)."""

import json
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from benchmarks import quick_speech
from chalicelib.gateways.items import MessageItem
from ops.__main__ import app
from ops.daily import DAY, days
from sandbox.product_output import caught
from sandbox.world import OPENING_TIME, World
from tests.scenarios import ai


@pytest.fixture
def world():
    with caught(), World() as running:
        quick_speech.mount(running)
        yield running


def report(*options):
    done = CliRunner().invoke(app, ["report", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def told(*options):
    return json.loads(report("--json", *options))["days"]


def talk(world):
    mia = world.phones.add("Mia", "15550100001")
    agent = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
    mia.says("Hello")
    world.run_for(5)
    agent.accept()
    world.run_for(5)
    mia.sends_voice_note(quick_speech.voice_note(2), "audio/wav")
    world.run_for(20)
    agent.say("On its way")
    world.run_for(5)
    return mia


def test_a_day_is_counted_and_billed(world):
    """LA-69. One text, one voice note, a greeting and an answer."""
    talk(world)
    (today,) = told("--days", "1")
    assert today["day"] == OPENING_TIME.date().isoformat()
    assert (today["customers"], today["chats"]) == (1, 1)
    assert (today["received"], today["voice_notes"]) == (2, 1)
    assert (today["sent"], today["failed"]) == (2, 0)
    # Two in, two out and the card of the note; four over WhatsApp, none billed by Meta.
    assert today["usd"]["Connect"] == "0.0500"
    assert today["usd"]["WhatsApp"] == "0.0200"
    assert float(today["usd"]["AI"]) > 0
    assert today["usd_total"] == today["usd_a_chat"]


def test_what_listening_and_reading_cost_is_in_the_days_bill_for_each_run(world):
    """gpt-4o-transcribe 0.006 a minute, gpt-5-mini 0.25 and 2.00 for a million tokens."""
    world.router.mount("/v1/chat", lambda _: reading("gpt-5-mini"), name="openai", locked=False)
    talk(world)
    once = Decimal("0.006") * 10 / 60 + (Decimal("0.25") * 4000 + 2 * 500) / 1_000_000
    assert told("--days", "1")[0]["usd"]["AI"] == f"{once:.4f}" == "0.0030"
    [note] = [one for one in MessageItem.scan() if one.voice_note]
    world.run_for(60)
    assert CliRunner().invoke(app, ["reprocess", note.id]).exit_code == 0
    world.run_for(60)
    assert told("--days", "1")[0]["usd"]["AI"] == f"{2 * once:.4f}"


def reading(model):
    answer = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps(ai.FACTS)},
            }
        ],
        "usage": {"prompt_tokens": 4000, "completion_tokens": 500, "total_tokens": 4500},
    }
    return ai.answer(answer)


def test_a_note_of_before_that_was_kept_still_tells_what_listening_cost():
    note = json.dumps({"transcript": {"cost_usd": "0.0012"}})
    (day,) = days([item(direction="in", kind="voice", voice_note=note)], 0, DAY)
    assert day.as_json()["usd"]["AI"] == "0.0012"


def test_each_day_has_its_own_line_the_quiet_ones_too(world):
    mia = talk(world)
    world.run_for(2 * DAY)
    mia.says("Are you there?")
    world.run_for(5)
    first, quiet, last = told("--days", "3")
    assert (first["received"], quiet["received"], last["received"]) == (2, 0, 1)
    assert quiet["usd_total"] == "0.0000"
    lines = report("--days", "3").splitlines()
    assert [line.split()[0] for line in lines[-3:]] == [one["day"] for one in (first, quiet, last)]


def test_without_days_no_message_is_read(world):
    talk(world)
    before = len(world.router.calls)
    assert told() == []
    assert "Scan" not in [call.operation for call in world.router.calls[before:]]


def item(**values):
    empty = dict.fromkeys(("customer", "contact", "kind", "status", "pricing", "voice_note"))
    return SimpleNamespace(**{**empty, "direction": "out", "sent_at": 0, **values})


def billed(category):
    return json.dumps({"billable": True, "category": category})


def test_what_meta_bills_is_what_its_statuses_say():
    sent = [
        item(pricing=billed("service")),
        item(pricing=billed("utility")),
        item(pricing=billed("marketing")),
        item(pricing=json.dumps({"billable": False, "category": "service"})),
        item(pricing=billed("service"), status="failed"),
        item(direction=None),
    ]
    (day,) = days(sent, 0, DAY)
    found = day.as_json()
    assert (found["sent"], found["failed"], found["unpriced"]) == (4, 1, 1)
    assert found["usd"]["WhatsApp"] == "0.0268"  # four to Amazon, two to Meta
    assert datetime.fromisoformat(found["day"]).year == 1970
