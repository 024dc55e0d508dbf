"""A supervisor lints, renders and plays flows from a terminal."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.coverage import measure
from flowkit.engine import (
    BranchTaken,
    Event,
    EventHookSet,
    FlowEnded,
    LambdaAnswer,
    MessageSent,
    ModuleEntered,
    Note,
    TransferredToFlow,
    ViewShown,
    WaitStarted,
)
from flowkit.explore import as_text, explore
from flowkit.lint.sources import read
from flowkit.model import parse
from flowkit.play import answered, play, time_passes
from flowkit.stand_in import ObligingServices, answering, empty_bundle, one_after_another
from flowkit.telling import told
from tests.flows.desk import (
    CORPUS,
    OPEN,
    ROOT,
    action,
    contact,
    document,
    flow,
    said,
    say,
)

FLOWS = str(ROOT / "contact_flows")
WEDNESDAY = "2026-11-18T16:00:00"


def command(*arguments: str, input: str | None = None):  # noqa: A002
    return CliRunner().invoke(app, list(arguments), input=input)


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """A flow that asks, waits ten minutes for the customer, and says what came of it."""
    path = tmp_path / "asking.json"
    wait = action(
        "wait",
        "Wait",
        {"TimeLimitSeconds": "600", "Events": ["CustomerReturned"]},
        next_action="late",
        errors={"NoMatchingError": "late"},
        conditions=[("Equals", "WaitCompleted", "late"), ("Equals", "CustomerReturned", "thanks")],
    )
    asked = document(
        say("ask", "How was it?", "wait"), wait, say("late", "Bye"), say("thanks", "Thanks")
    )
    path.write_text(json.dumps(asked), encoding="utf-8")
    return path


def test_lint_of_our_flows_passes_with_exit_code_0():
    result = command("lint", FLOWS)
    assert result.exit_code == 0
    assert result.output.strip().endswith("0 errors, 0 warnings")


def test_lint_of_a_broken_flow_stops_a_pipeline_with_exit_code_1(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document(say("a", "x", "gone"))), encoding="utf-8")
    result = command("lint", str(broken), "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.output)["errors"] == 2


def test_warnings_alone_do_not_stop_a_pipeline(tmp_path):
    spoken = tmp_path / "spoken.json"
    prompt = action(
        "a",
        "MessageParticipant",
        {"PromptId": "p"},
        next_action="end",
        errors={"NoMatchingError": "end"},
    )
    spoken.write_text(json.dumps(document(prompt)), encoding="utf-8")
    assert command("lint", str(spoken)).exit_code == 0


def test_an_unknown_format_is_refused():
    assert command("lint", FLOWS, "--format", "xml").exit_code == 2


def test_render_prints_the_flow_as_connect_stores_it():
    result = command("render", f"{FLOWS}/whatsapp_inbound.json.j2")
    assert json.loads(result.output)["Version"] == "2019-10-30"
    module = command(
        "render", f"{FLOWS}/modules/voice_note.json.j2", "--settings", f"{FLOWS}/settings.yaml"
    )
    assert json.loads(module.output)["Settings"]


def test_render_tells_what_is_missing_and_where(tmp_path):
    for name in ("whatsapp_inbound.json.j2", "parts.j2"):
        shutil.copy(f"{FLOWS}/{name}", tmp_path)
    (tmp_path / "settings.yaml").write_text("stages: {sandbox: {}}", encoding="utf-8")
    result = command("render", str(tmp_path / "whatsapp_inbound.json.j2"))
    assert result.exit_code == 1
    assert "whatsapp_inbound.json.j2:" in result.output
    assert "missing value" in result.output


def test_run_shows_what_the_phone_and_the_desk_see():
    result = command(
        "run",
        "whatsapp_inbound",
        "--folder",
        FLOWS,
        "--at",
        WEDNESDAY,
        "--attribute",
        "messageType=voice",
        "--attribute",
        "language=es",
        "--attribute",
        "voiceNoteId=wamid.1",
    )
    assert result.exit_code == 0
    assert "PHONE Gracias por escribirnos" in result.output
    assert "DESK  the contact waits in queue" in result.output
    assert "urgency=high" in result.output


def test_run_takes_the_answer_of_a_function_from_the_command_line():
    result = command(
        "run",
        "voice_note",
        "--folder",
        FLOWS,
        "--at",
        WEDNESDAY,
        "--function",
        'transcribe={"status": "failed", "reason": "broken audio"}',
    )
    assert "voiceNoteReason=broken audio" in result.output
    assert "the flow ended: ended" in result.output
    assert "the chat is over" not in result.output


def test_run_asks_at_a_pause_what_happens_and_the_customer_may_answer(asking):
    result = command("run", str(asking), "--ask", input="c\n")
    assert "PHONE Thanks" in result.output
    assert "PHONE Bye" in command("run", str(asking), "--ask", input="\n").output
    assert "Bye" not in command("run", str(asking), "--ask", input="q\n").output
    assert "PHONE Bye" in command("run", str(asking)).output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere", "--folder", FLOWS), "there is no flow nowhere"),
        (("gone.json",), "no such file"),
        (("whatsapp_inbound", "--folder", FLOWS, "--stage", "moon"), "no stage 'moon'"),
    ],
)
def test_run_says_what_it_cannot_find(arguments, reason):
    result = command("run", *arguments)
    assert result.exit_code == 1
    assert reason in result.output


def test_an_attribute_without_a_value_is_refused():
    assert command("run", "voice_note", "--folder", FLOWS, "--attribute", "x").exit_code == 2


def test_a_folder_without_stand_ins_can_be_played_too(tmp_path):
    shutil.copytree(FLOWS, tmp_path / "flows")
    (tmp_path / "flows" / "stand_ins.yaml").unlink()
    result = command(
        "run", "voice_note", "--folder", str(tmp_path / "flows"), "--attribute", "voiceNoteId=w"
    )
    assert "no function stands in for this ARN" in result.output


def test_every_event_can_be_told_in_one_line():
    events = [
        TransferredToFlow("f-2"),
        ModuleEntered("m-1"),
        EventHookSet("CustomerQueue", "f-3"),
        ViewShown("v-1", {}),
        WaitStarted(OPEN, ("CustomerReturned",)),
        Note("careful"),
        MessageSent("hi"),
        FlowEnded("ended"),
        Event(),
    ]
    for event in events:
        assert told(event).strip()
        assert "\n" not in told(event)
    assert told(BranchTaken("f", "a", "next", "b")) == ""


def test_the_keyboard_says_what_ends_a_pause():
    assert answered("Q") is None
    assert len({answered(key) for key in ("", "c", "a", "l", "g")}) == 5


def test_virtual_time_moves_on_only_by_waiting(asking):
    played = parse(asking.read_text(encoding="utf-8"))
    moves = iter([answered("c")])
    events = list(play(played, contact(), _obliging(), OPEN, lambda _life: next(moves, None)))
    assert said(events) == ["How was it?", "Thanks"]


def _obliging(**facts) -> ObligingServices:
    return ObligingServices(empty_bundle(), **facts)


def test_a_flow_from_elsewhere_finds_every_queue_open_and_every_function_there():
    services = _obliging(queues={"q-7": {"size": 3}}, functions={"known": answering(a="b")})
    assert services.queue("arn:x/queue/q-7").size == 3
    assert services.is_open("any", None, OPEN)
    assert services.invoke_lambda("arn", {}, 8).payload == {}
    assert services.invoke_lambda("known", {}, 8).payload == {"a": "b"}
    assert not _obliging(always_open=False).is_open("any", None, OPEN)


def test_answers_in_turn_end_with_the_last_one():
    function = one_after_another(LambdaAnswer({"n": "1"}), LambdaAnswer({"n": "2"}))
    assert [function({}).payload["n"] for _ in range(3)] == ["1", "2", "2"]


def test_every_real_flow_runs_to_an_end_whatever_is_in_it():
    if not CORPUS.exists():
        pytest.skip("the corpus of real flows is not on this machine")
    for path in sorted(CORPUS.glob("*.json")):
        events = list(play(read(path), contact(), _obliging(), OPEN, time_passes))
        assert isinstance(events[-1], FlowEnded), path.name


def test_coverage_counts_what_runs_took_and_names_what_they_missed():
    branching = flow(
        action(
            "choose",
            "Compare",
            {"ComparisonValue": "$.Channel"},
            next_action="end",
            errors={"NoMatchingCondition": "end"},
            conditions=[("Equals", "CHAT", "it")],
        ),
        say("it", "chat"),
    )
    events = list(play(branching, contact(), _obliging(), OPEN, time_passes))
    coverage = measure(branching, events)
    assert [(b.action, b.label) for b in coverage.missing] == [
        ("choose", "error NoMatchingCondition"),
        ("it", "error NoMatchingError"),
    ]
    assert coverage.percent == 50
    assert coverage.entered == {"choose", "it", "end"}
    assert measure(flow(action("end", "DisconnectParticipant")), []).percent == 100


def test_a_play_is_written_down_as_a_scenario_that_holds(tmp_path):
    story = tmp_path / "story.yaml"
    arguments = ("--folder", FLOWS, "--at", WEDNESDAY, "--attribute", "language=es")
    played = command(
        "run", "whatsapp_inbound", *arguments, "--ask", "--repro", str(story), input="\na\ng\nl\n"
    )
    assert "DESK  view detail" in played.output
    assert "PHONE Gracias por hablar" in played.output
    again = command("scenario", str(story), "--flows", FLOWS)
    assert again.exit_code == 0, again.output
    assert "agent leaves" in story.read_text(encoding="utf-8")


def test_a_played_document_is_named_by_its_path(asking, tmp_path):
    story = tmp_path / "story.yaml"
    command("run", str(asking), "--ask", "--repro", str(story), input="c\n")
    assert command("scenario", str(story), "--flows", FLOWS).exit_code == 0


def test_a_functions_result_is_written_down_too(tmp_path):
    story = tmp_path / "story.yaml"
    broken = 'transcribe={"status": "failed", "reason": "broken audio"}'
    given = ("--attribute", "voiceNoteId=w", "--function", broken, "--repro", str(story))
    command("run", "voice_note", "--folder", FLOWS, *given)
    assert "broken audio" in story.read_text(encoding="utf-8")
    assert command("scenario", str(story), "--flows", FLOWS).exit_code == 0


def test_a_flow_that_waits_in_a_circle_is_left_alone_after_a_while(tmp_path):
    circle = action(
        "wait",
        "Wait",
        {"TimeLimitSeconds": "60"},
        next_action="wait",
        errors={"NoMatchingError": "wait"},
        conditions=[("Equals", "WaitCompleted", "wait")],
    )
    events = list(play(flow(circle), contact(), _obliging(), OPEN, time_passes))
    assert 400 < sum(isinstance(event, WaitStarted) for event in events) < 600


def test_every_branch_of_our_flows_is_explored():
    result = command("run", FLOWS, "--explore")
    assert result.exit_code == 0
    assert "missed" not in result.output
    assert "voice_note: 17 of 17 actions" in result.output
    alone = command("run", "voice_note", "--folder", FLOWS, "--explore")
    assert "35 of 35 branches" in alone.output


@pytest.mark.deep
def test_every_branch_of_every_real_flow_is_executed_without_an_internal_error():
    if not CORPUS.exists():
        pytest.skip("the corpus of real flows is not on this machine")
    for path in sorted(CORPUS.glob("*.json")):
        found = explore(read(path))
        assert found.missed == [], path.name
        assert found.coverage.entered >= found.reachable, path.name


def test_exploring_names_islands_and_conditions_that_never_win():
    odd = flow(
        action(
            "it",
            "Compare",
            {"ComparisonValue": "$.Channel"},
            next_action="end",
            errors={"NoMatchingCondition": "end"},
            conditions=[
                ("NumberGreaterThan", "3", "end"),
                ("NumberGreaterThan", "7", "never"),
                ("TextStartsWith", "a", "end"),
                ("NumberLessThan", "3", "end"),
                ("KeyExists", "k", "end"),
            ],
        ),
        say("never", "never"),
        say("island", "x"),
    )
    found = explore(odd)
    assert found.missed == []
    assert [b.label for b in found.overshadowed] == ["NumberGreaterThan 7"]
    text = as_text([("odd", found)])
    assert "2 actions nothing leads to, 1 branches an earlier one always wins over" in text
    assert text.endswith("1 flows: 2 of 4 actions, 5 of 10 branches")
