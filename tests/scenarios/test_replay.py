"""Recorded payloads are fed to the product, and nothing of them vanishes unnoticed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.__main__ import app
from sandbox.product_output import caught
from sandbox.recorded import Recorded
from sandbox.replay import Stage, replay
from sandbox.sqs import limits
from sandbox.world import World

EVENTS = Path(__file__).parent.parent / "events" / "whatsapp"
OURS = sorted(EVENTS.glob("*.json"))
CORPUS = Path(__file__).parents[3] / "shared" / "data" / "whatsapp_webhooks"
FATES = {"delivered", "placeholder", "status", "event", "dead_letter"}


def outcomes(name, *, fresh_chat=False):
    return list(replay([EVENTS / f"{name}.json"], fresh_chat=fresh_chat))


def play(*messages, fresh_chat=False, meddle=lambda world: None, **parts):
    """Outcomes of one made-up event, in a world that `meddle` may have changed."""
    value = {"metadata": {"phone_number_id": "1", "display_phone_number": "15550100200"}}
    change = {"field": "messages", "value": {**value, "messages": list(messages), **parts}}
    document = {"id": "9", "changes": [change]}
    recorded = Recorded(file="made.json", text=json.dumps(document), document=document)
    with caught() as printed, World() as world:
        stage = Stage(world, printed, recorded)
        meddle(world)
        return stage.in_fresh_chats() if fresh_chat else stage.in_live_chats()


def text(body, wamid="wamid.1", sender="15550100001"):
    sent = {"id": wamid, "timestamp": "1795017600", "type": "text", "text": {"body": body}}
    return {"from": sender, **sent}


@pytest.mark.deep
@pytest.mark.parametrize("fresh_chat", [False, True])
def test_nothing_of_our_own_events_vanishes(fresh_chat):
    """A part of the samples in each mode; `python -m sandbox replay tests/events` takes all."""
    files = OURS[4::8] if fresh_chat else OURS[::8]
    seen = list(replay(files, fresh_chat=fresh_chat))
    assert [one for one in seen if one.fate not in FATES] == []
    assert {one.file for one in seen} == {path.name for path in files}


@pytest.mark.deep
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not on this machine")
def test_nothing_of_the_worlds_recorded_messages_vanishes():
    """A part of the corpus; the whole of it is replayed by hand, in both modes."""
    files = sorted(CORPUS.glob("*_text.json"))[:6] + sorted(CORPUS.glob("*_location.json"))[:3]
    seen = list(replay(files, fresh_chat=True))
    content = [one for one in seen if one.kind in ("text", "location")]
    assert content
    assert {one.fate for one in content} == {"delivered"}


def test_the_agent_reads_a_text_in_a_live_chat_and_in_a_new_one():
    for fresh_chat in (False, True):
        (told,) = outcomes("text", fresh_chat=fresh_chat)
        body = json.loads((EVENTS / "text.json").read_text())
        assert told.fate == "delivered"
        assert told.agent_text in json.dumps(body, ensure_ascii=False)


def test_a_voice_note_arrives_as_card_and_sound():
    (told,) = outcomes("voice")
    assert told.fate == "delivered"
    assert told.agent_text.startswith("Voice note")
    assert told.attachments[0]["content_type"] == "audio/wav"


def test_statuses_are_kept_and_account_events_counted():
    sent = {"id": "wamid.9", "status": "delivered", "timestamp": "1795017600"}
    (status,) = play(statuses=[sent])
    assert (status.kind, status.fate, status.wamid) == ("delivered", "status", "wamid.9")
    (event,) = outcomes("account_update")
    assert (event.kind, event.fate) == ("account_update", "event")


def test_what_nobody_can_read_becomes_a_dead_letter(tmp_path):
    (tmp_path / "broken.json").write_text("{not json")
    (told,) = replay([tmp_path], fresh_chat=False)
    assert (told.kind, told.fate) == ("unreadable", "dead_letter")


def test_a_kind_invented_tomorrow_is_named_by_a_placeholder():
    message = text("x") | {"type": "hologram"}
    del message["text"]
    (told,) = play(message)
    assert (told.kind, told.fate) == ("unknown", "placeholder")
    assert "hologram" in told.agent_text


def test_messages_that_travel_together_are_told_apart():
    messages = [text("first"), text("second", "wamid.2"), text("other", "wamid.3", "15550100009")]
    for fresh_chat in (False, True):
        told = play(*messages, fresh_chat=fresh_chat)
        assert [one.fate for one in told] == ["delivered"] * 3
        assert all(
            said in one.agent_text
            for said, one in zip(("first", "second", "other"), told, strict=True)
        )


def test_a_file_goes_to_the_message_it_came_with():
    document = {"id": "5", "mime_type": "application/pdf", "caption": "the bill"}
    media = {"from": "15550100001", "id": "wamid.2", "timestamp": "1795017601"}
    told = play(text("first"), {**media, "type": "document", "document": document})
    assert [len(one.attachments) for one in told] == [0, 1]
    assert told[1].attachments[0]["content_type"] == "application/pdf"


def test_a_file_without_words_is_not_taken_for_the_text_before_it():
    image = {"id": "5", "mime_type": "image/jpeg"}
    media = {"from": "15550100001", "id": "wamid.2", "timestamp": "1795017601"}
    told = play(text("first"), {**media, "type": "image", "image": image})
    assert [len(one.attachments) for one in told] == [0, 1]
    assert [one.fate for one in told] == ["delivered", "delivered"]


def test_words_that_a_flow_answered_by_itself_are_found_in_its_chat():
    """Who asks to be left alone gets no agent; the words stand in the contact's record."""
    (told,) = play(text("Stop"), fresh_chat=True)
    assert (told.fate, told.agent_text) == ("delivered", "Stop")


def test_an_event_larger_than_a_queue_takes_is_not_forgotten():
    """It cannot come through SNS; as a direct webhook it goes to the function itself."""
    huge = "x" * limits.MESSAGE_BYTES
    told = play(text("small"), unknown=huge)
    assert [one.kind for one in told] == ["text"]
    assert told[0].fate in (*FATES, "lost")


# --- a replay that finds fault ------------------------------------------------------------------


def swallow(queue):
    """A product that takes what lies in a queue and does nothing with it."""

    def meddle(world):
        mappings = world.deliverer.mappings
        mappings[:] = [
            replace(one, handler=lambda event, context: None) if one.queue == queue else one
            for one in mappings
        ]

    return meddle


def test_a_message_that_vanishes_is_found_out():
    (told,) = play(text("Hi"), fresh_chat=True, meddle=swallow("inbound.fifo"))
    assert (told.fate, told.why) == ("lost", "no record in the history")


def test_a_message_that_stays_in_a_queue_is_found_out():
    def forget(world):
        world.deliverer.mappings[:] = []

    (told,) = play(text("Hi"), fresh_chat=True, meddle=forget)
    assert (told.fate, told.why) == ("lost", "still in a queue")


def test_a_status_that_vanishes_is_found_out():
    sent = {"id": "wamid.9", "status": "delivered", "timestamp": "1795017600"}
    (told,) = play(statuses=[sent], meddle=swallow("outbound.fifo"))
    assert told.fate == "lost"


def test_events_that_vanish_are_found_out():
    (told,) = play(unheard_of={"a": 1}, meddle=swallow("whatsapp-events"))
    assert told.fate == "lost"


def test_an_unreadable_event_without_a_dead_letter_is_found_out():
    recorded = Recorded(file="x", text="{not json", document=None)
    with caught() as printed, World() as world:
        stage = Stage(world, printed, recorded)
        swallow("whatsapp-events")(world)
        (told,) = stage.in_live_chats()
    assert told.fate == "lost"


# --- the command ---------------------------------------------------------------------------------


def test_the_command_prints_one_json_line_a_piece_and_the_sums_beside():
    done = CliRunner().invoke(app, ["replay", str(EVENTS / "text.json"), "--json", "--summary"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert set(lines[0]) == {"file", "wamid", "kind", "fate", "agent_text", "attachments"}
    assert lines[1] == {"summary": {"text": {"delivered": 1}}}
    assert "delivered" in done.stderr


def test_the_command_prints_a_table_for_people():
    done = CliRunner().invoke(app, ["replay", str(EVENTS / "account_update.json"), "--fresh-chat"])
    assert done.stdout.splitlines()[0].startswith("file")
    assert "account_update" in done.stdout
    assert "each message opens a chat" in done.stderr


def test_the_command_fails_when_something_vanished(monkeypatch):
    lost = outcomes("account_update")[0]
    monkeypatch.setattr(
        "sandbox.replay.replay", lambda paths, fresh_chat: [replace(lost, fate="lost", why="gone")]
    )
    done = CliRunner().invoke(app, ["replay", str(EVENTS / "text.json"), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["why"] == "gone"


def test_a_path_that_does_not_exist_is_said_so():
    done = CliRunner().invoke(app, ["replay", "nowhere.json"])
    assert done.exit_code == 2
    assert "does not exist" in done.stderr
