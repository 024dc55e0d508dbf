"""The demo: a story that really happens, and one voice note from phone to agent and back."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.list_prices import PRICES
from sandbox.__main__ import app
from sandbox.demo import CLAIM, Story
from sandbox.one_note import REPLY, one_note
from sandbox.product_output import caught
from sandbox.sample_files import sample_file
from sandbox.world import World

SPANISH = CLAIM.with_name("claim_es.ogg")
KEYS = {
    *("status", "transcript", "confidence", "engine", "language", "facts", "queue", "agent_saw"),
    *("customer_received", "flow_path", "calls", "timings_ms"),
}
STATUSES = {
    *("ok", "draft", "no_speech", "unsupported_language", "too_long", "unsupported_format"),
    "failed",
}


def told(meddle=lambda story: None):
    """The story and its lines."""
    lines: list[str] = []
    with caught(), World() as world:
        story = Story(world, lines.append, 120)
        meddle(story)
        story.tell()
    return story, "\n".join(lines)


@pytest.fixture(scope="module")
def story():
    return told()


@pytest.fixture(scope="module")
def claim():
    with caught(), World() as world:
        return one_note(world, CLAIM.read_bytes())


def note(audio, language="en"):
    with caught(), World() as world:
        return one_note(world, audio, language)


# --- the story -----------------------------------------------------------------------------------


def test_everything_the_story_promises_happens(story):
    """CP-59."""
    assert story[0].problems == []


def test_phone_flow_and_desk_stand_side_by_side(story):
    heading = story[1].splitlines()[0]
    assert [heading.index(name) for name in ("Phone", "Flow", "Desk")] == sorted(
        heading.index(name) for name in ("Phone", "Flow", "Desk")
    )
    for what in ("Mia: [voice note]", "=> queue", "calls transcribe", "accepts a chat", "✓✓ read"):
        assert what in story[1]


def test_the_card_of_the_story_is_what_the_recogniser_heard(story):
    """Nothing on the desk comes from a table: the note is recognised while the story is told."""
    world = story[0].world
    heard = [call for call in world.router.calls if call.service == "http:openai"]
    assert len(heard) >= 2
    assert "parcel" in story[1]


def test_the_second_customer_reaches_another_queue_and_agent(story):
    assert "Ben accepts a chat from Claims" in story[1]
    assert "La lámpara" in story[1]


def test_the_story_ends_with_calls_milliseconds_bytes_and_dollars_of_each_kind(story):
    """LA-78."""
    table = story[1].partition("per message")[2]
    for kind in dict.fromkeys(one.kind for one in story[0].meter.measures):
        assert kind in table
    assert f"${PRICES['connect_message'].usd}" in table
    assert all(one.calls > 0 and one.ms > 0 and one.bytes > 0 for one in story[0].meter.measures)


def test_a_voice_note_costs_more_than_a_text_and_its_speech_is_billed(story):
    by_kind = {one.kind: one for one in story[0].meter.measures}
    voice = by_kind["voice note that opens a chat"]
    assert voice.dollars > by_kind["text in a live chat"].dollars
    assert voice.counts["speech_second"] == 12


def test_a_story_that_goes_wrong_says_what_did_not_happen():
    def nobody_reads_statuses(story):
        story.world.network.switches.statuses = "never"

    story, _ = told(nobody_reads_statuses)
    assert "the business knows that Mia read it" in story.problems


def test_a_story_that_gets_stuck_is_told_to_its_end():
    def no_second_agent(story):
        story.ben.queue_ids = []

    story, text = told(no_second_agent)
    assert any("Ben" in problem for problem in story.problems)
    assert "per message" in text


# --- one voice note ------------------------------------------------------------------------------


def test_a_voice_note_is_told_as_one_object(claim):
    assert claim.keys() >= KEYS
    assert claim["status"] == "ok"
    assert "parcel arrived damaged" in claim["transcript"]
    assert claim["engine"].startswith("offline-")
    assert claim["facts"]["entities"]["order_number"] == "38152"
    assert claim["customer_received"][-1] == REPLY
    json.dumps(claim)


def test_the_agent_sees_card_and_sound(claim):
    texts = [one["text"] for one in claim["agent_saw"] if one["content_type"] == "text/plain"]
    sounds = [one for one in claim["agent_saw"] if one["content_type"] == "audio/wav"]
    assert any(claim["transcript"] in one for one in texts)
    assert sounds[0]["bytes"] > 300_000


def test_the_flow_shows_the_way_it_took_to_the_queue(claim):
    actions = [step["action"] for step in claim["flow_path"]]
    assert "Transcribe" in actions
    assert claim["queue"] == "Urgent"


def test_calls_and_times_are_those_of_this_note(claim):
    assert claim["calls"]["connect.StartChatContact"] == 1
    assert 0 < claim["timings_ms"]["ai"] < claim["timings_ms"]["total"]


@pytest.mark.parametrize(
    ("audio", "status"),
    [
        (b"", "unsupported_format"),
        (b"this is no sound at all", "unsupported_format"),
        (CLAIM.read_bytes()[:200], "unsupported_format"),
        (sample_file("image/jpeg"), "unsupported_format"),
        (sample_file("audio/ogg"), "no_speech"),
    ],
)
def test_whatever_the_file_is_the_agent_gets_a_card(audio, status):
    result = note(audio)
    assert result["status"] == status
    assert result["transcript"] == ""
    assert result["agent_saw"][0]["content_type"] == "text/plain"
    assert REPLY in result["customer_received"]


def test_a_language_nobody_understands_offline_is_not_guessed_at():
    result = note(SPANISH.read_bytes(), "es")
    assert result["status"] == "unsupported_language"
    assert result["transcript"] == ""
    assert result["facts"] is None
    assert any(one["content_type"] == "audio/wav" for one in result["agent_saw"])
    assert "Gracias" in result["customer_received"][0]


# --- the command ---------------------------------------------------------------------------------


def test_the_command_prints_nothing_but_the_json_object(tmp_path):
    file = tmp_path / "silence.ogg"
    file.write_bytes(sample_file("audio/ogg"))
    done = CliRunner().invoke(app, ["demo", "--voice-note", str(file), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["status"] in STATUSES


def test_a_missing_file_is_one_clear_sentence_and_status_two():
    done = CliRunner().invoke(app, ["demo", "--voice-note", "nowhere.ogg", "--json"])
    assert done.exit_code == 2
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_story_is_not_json():
    done = CliRunner().invoke(app, ["demo", "--json"])
    assert done.exit_code == 2
    assert "--voice-note" in done.stderr


def test_the_command_fails_when_the_story_does(monkeypatch):
    def tell(story: Story) -> None:
        story.problems.append("the sun rises")

    monkeypatch.setattr(Story, "tell", tell)
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 1
    assert "the sun rises" in done.stderr


def test_the_demo_ships_its_voice_notes():
    assert Path(CLAIM).stat().st_size > 10_000
