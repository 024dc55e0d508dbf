"""What a supervisor changed here goes to the instance, and comes back when it was wrong.

The instance is the sandbox's; boto3's own client talks to it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.bundle import load
from flowkit.diff import diff
from flowkit.instance import Instance, PublishError
from flowkit.model import parse
from flowkit.order import publishing_order
from flowkit.publish import History, publish
from sandbox.world import World
from tests.flows.desk import ROOT, action, bundle, document, flow, say


@pytest.fixture
def world():
    with World() as world:
        yield world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "contact_flows", tmp_path / "flows")
    return tmp_path / "flows"


def command(*arguments: Any, input: str | None = None):  # noqa: A002
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)


def change(folder: Path, old: str, new: str) -> None:
    settings = folder / "settings.yaml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), encoding="utf-8")


def greeting_of(world: World) -> str:
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.settle()
    world.run_for(2)
    return mia.texts[0]


def content(name: str, kind: str = "flows") -> dict[str, Any]:
    instance = Instance(bundle().settings["instance"])
    return json.loads(instance.content(kind, instance.ids(kind)[name]))


def emptied(world: World) -> None:
    """An instance without flows: everything has to be created."""
    world.instance.flows._stored.clear()


def test_what_is_published_already_is_left_alone(world, folder):
    result = command("publish", folder, "--yes")
    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith("0 of 6 changed")
    assert not (folder / ".published").exists()


def test_a_changed_text_is_shown_published_and_read_by_the_customer(world, folder):
    change(folder, "Thank you for writing. We have your message", "Welcome. We have your message")
    assert "Thank you" in greeting_of(world)
    result = command("publish", folder, input="y\n")
    assert result.exit_code == 0, result.output
    assert '-> "Welcome. We have your message' in result.output
    assert "1 of 6 changed" in result.output
    ana = world.phones.add("Ana", "15550100009")
    ana.says("Hello")
    world.settle()
    world.run_for(2)
    assert ana.texts[0].startswith("Welcome.")


def test_nothing_is_published_without_a_yes(world, folder):
    change(folder, "Thank you for writing. We have", "Welcome. We have")
    assert command("publish", folder, input="n\n").exit_code == 1
    assert "Thank you" in greeting_of(world)


@pytest.mark.deep
def test_a_dry_run_and_a_diff_only_show(world, folder):
    change(folder, "poll_seconds: 2 ", "poll_seconds: 3 ")
    shown = command("publish", folder, "--dry-run")
    assert "voice_note: updated" in shown.output
    assert "1 of 6 would change" in shown.output
    compared = command("diff", folder)
    assert compared.exit_code == 1
    assert '\'Wait for the text\': TimeLimitSeconds: "2" -> "3"' in compared.output
    assert '"TimeLimitSeconds": "2"' in json.dumps(content("voice_note", "modules"))


@pytest.mark.deep
def test_rolling_back_brings_the_last_flow_again_as_often_as_there_were_changes(world, folder):
    for seconds in ("3", "4"):
        before = "2" if seconds == "3" else "3"
        change(folder, f"poll_seconds: {before} ", f"poll_seconds: {seconds} ")
        assert command("publish", folder, "--yes").exit_code == 0
    for seconds in ("3", "2"):
        assert command("rollback", "voice_note", folder).exit_code == 0
        assert f'"TimeLimitSeconds": "{seconds}"' in json.dumps(content("voice_note", "modules"))
    nothing = command("rollback", "voice_note", folder)
    assert nothing.exit_code == 1
    assert "nothing is kept of voice_note" in nothing.output


@pytest.mark.deep
def test_a_numbered_version_of_the_instance_can_be_brought_back(world, folder):
    change(folder, "queue_texts: 3", "queue_texts: 4")
    command("publish", folder, "--yes")
    changed = content("customer_queue")
    change(folder, "queue_texts: 4", "queue_texts: 5")
    command("publish", folder, "--yes")
    assert content("customer_queue") != changed
    result = command("rollback", "customer_queue", folder, "--version", "1")
    assert "customer_queue (flows) is as it was" in result.output
    assert content("customer_queue") == changed
    assert command("rollback", "gone", folder, "--version", "1").exit_code == 1


def test_an_empty_instance_gets_every_flow_with_the_ids_it_gives_them(world, folder):
    emptied(world)
    result = command("publish", folder, "--yes")
    assert result.exit_code == 0, result.output
    assert result.output.count(": created") == 6
    ids = Instance(bundle().settings["instance"]).ids("flows")
    hooks = json.dumps(content("whatsapp_inbound"))
    assert all(ids[name] in hooks for name in ("customer_queue", "disconnect", "agent_guide"))
    assert command("publish", folder, "--yes").output.strip().endswith("0 of 6 changed")
    listed = boto3.client("connect").list_contact_flows(InstanceId=world.instance.id)
    types = {one["Name"]: one["ContactFlowType"] for one in listed["ContactFlowSummaryList"]}
    assert types["customer_queue"] == "CUSTOMER_QUEUE"
    assert types["agent_whisper"] == "AGENT_WHISPER"


def test_what_is_referred_to_comes_first():
    order = publishing_order(bundle())
    assert order[0] == ("modules", "voice_note")
    assert order[-1] == ("flows", "whatsapp_inbound")


@pytest.mark.deep
def test_flows_that_lead_in_a_circle_are_published_too(world, folder):
    emptied(world)
    text = (folder / "disconnect.json.j2").read_text(encoding="utf-8")
    back = action(
        "Back",
        "TransferToFlow",
        {"ContactFlowId": "INBOUND"},
        next_action="End the chat",
        errors={"NoMatchingError": "End the chat"},
    )
    back_text = json.dumps(back).replace('"INBOUND"', "{{ arns.flows.whatsapp_inbound | tojson }}")
    text = text.replace('"Actions": [\n', f'"Actions": [\n    {back_text},\n')
    text = text.replace('case("yes", "End the chat")', 'case("yes", "Back")')
    (folder / "disconnect.json.j2").write_text(text, encoding="utf-8")
    result = command("publish", folder, "--yes")
    assert result.exit_code == 0, result.output
    ids = Instance(bundle().settings["instance"]).ids("flows")
    assert ids["whatsapp_inbound"] in json.dumps(content("disconnect"))
    assert ids["disconnect"] in json.dumps(content("whatsapp_inbound"))
    assert command("publish", folder, "--yes").output.strip().endswith("0 of 6 changed")


def test_an_error_of_lint_stops_publishing_before_anything_changes(world, folder):
    change(folder, "poll_seconds: 2 ", "poll_seconds: 0 ")
    change(folder, "queue_texts: 3", "queue_texts: 4")
    result = command("publish", folder, "--yes")
    assert result.exit_code == 1
    assert "lint finds errors: voice_note" in result.output
    assert '"LoopCount": "2"' in json.dumps(content("customer_queue"))


def test_a_setting_nobody_reads_stops_publishing(world, folder):
    change(folder, "thresholds:\n", "thresholds:\n  tea_breaks: 2\n")
    assert "no flow reads thresholds.tea_breaks" in command("publish", folder, "--yes").output


def test_a_queue_the_instance_does_not_have_stops_publishing(world, folder):
    change(folder, "  Urgent: {desc", "  Moon: {desc")
    change(folder, "      Urgent: {id", "      Moon: {id")
    change(folder, "urgent_queue: Urgent", "urgent_queue: Moon")
    assert "the instance has no queues: Moon" in command("publish", folder, "--yes").output


def test_settings_of_another_instance_are_not_published(world, folder):
    change(folder, world.instance.id, "99999999-1111-4111-8111-111111111111")
    instance = Instance(world.instance.id)
    with pytest.raises(PublishError, match="is for the instance"):
        publish(folder, "sandbox", instance, History(folder), lambda _change: None)


def test_what_the_service_refuses_is_said_in_its_words(world, folder):
    text = (folder / "disconnect.json.j2").read_text(encoding="utf-8")
    padded = text.replace('"Metadata": {', '"Metadata": {"padding": "' + "x" * 300_000 + '", ')
    (folder / "disconnect.json.j2").write_text(padded, encoding="utf-8")
    result = command("publish", folder, "--yes")
    assert result.exit_code == 1
    assert "256" in result.output


def test_pulling_brings_templates_that_render_to_the_live_flows(world, tmp_path):
    result = command("pull", tmp_path / "pulled", "--instance", world.instance.id)
    assert "6 flows and settings.yaml" in result.output
    pulled = load(tmp_path / "pulled")
    for name in bundle().flows:
        assert pulled.flows[name].document == content(name)
    assert pulled.modules["voice_note"].document == content("voice_note", "modules")
    text = (tmp_path / "pulled" / "whatsapp_inbound.json.j2").read_text(encoding="utf-8")
    assert '{{ arns.queues["Claims"] | tojson }}' in text
    assert world.instance.id not in text


def test_pulling_keeps_braces_that_are_no_templates(world, tmp_path):
    odd = document(say("s", "Hello {{name}} {% if %} {# no #}"))
    world.instance.flows.add("odd one", json.dumps(odd))
    command("pull", tmp_path / "pulled", "--instance", world.instance.id)
    assert load(tmp_path / "pulled").flows["odd_one"].document == odd


def test_commands_that_cannot_reach_the_instance_say_so(world, folder, tmp_path):
    nowhere = "88888888-1111-4111-8111-111111111111"
    assert command("pull", tmp_path / "p", "--instance", nowhere).exit_code == 1
    assert command("diff", folder, "--instance", nowhere).exit_code == 1
    assert command("rollback", "x", folder, "--instance", nowhere, "--version", 1).exit_code == 1


def test_two_documents_are_compared_action_by_action(tmp_path):
    old = flow(say("hi", "Hello", "ask"), say("ask", "How are you?"), say("old", "x"))
    new = flow(
        say("start", "new"),
        say("hi", "Hello!", "question"),
        say("question", "How are you?"),
        Settings={"a": 1},
    )
    assert diff(old, new) == [
        "~ starts at 'start' instead of 'hi'",
        '~ Settings: nothing -> {"a": 1}',
        "+ 'start' (MessageParticipant)",
        '~ \'hi\': Text: "Hello" -> "Hello!"',
        "~ 'ask' is now 'question'",
        "- 'old' (MessageParticipant)",
    ]
    changed = flow(action("hi", "Wait", {"Text": "Hello"}, next_action="end"), name="x")
    lines = diff(flow(say("hi", "Hello")), changed)
    assert lines == [
        "~ 'hi': MessageParticipant became Wait",
        "~ 'hi': error NoMatchingError leads to None instead of 'end'",
    ]
    for name, one in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(one.to_json(), encoding="utf-8")
    result = command("diff", tmp_path / "old.json", tmp_path / "new.json")
    assert result.exit_code == 1
    assert "'ask' is now 'question'" in result.output
    same = command("diff", tmp_path / "old.json", tmp_path / "old.json")
    assert same.output.strip() == "no differences"
    assert command("diff", tmp_path / "old.json", tmp_path / "gone.json").exit_code == 1
    assert parse(old.to_json()).document == old.document
