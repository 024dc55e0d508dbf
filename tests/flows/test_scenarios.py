"""Supervisors write down what customers should meet; the computer tells them when it is not so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.model import parse
from flowkit.scenario import ScenarioError, read_scenarios, run_scenario
from flowkit.scenario.doing import ACTS
from flowkit.scenario.expecting import EXPECTATIONS
from flowkit.scenario.running import matching, sentences
from flowkit.scenario.surroundings import Nothing, named
from flowkit.stand_in import answering
from tests.flows.desk import ROOT, bundle, document, say

FLOWS = ROOT / "contact_flows"
OURS = read_scenarios([FLOWS / "scenarios"])


def command(*arguments: str):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(tmp_path: Path, steps: str, *, more: str = "") -> Path:
    """A scenario file about whatsapp_inbound with these steps, one per line."""
    lines = "\n".join(f"      - {line.strip()}" for line in steps.strip().splitlines())
    path = tmp_path / "story.yaml"
    path.write_text(
        "flow: whatsapp_inbound\ngiven:\n  - at: 2026-11-18 16:00\nscenarios:\n"
        f"  - name: a story\n{more}    steps:\n{lines}\n",
        encoding="utf-8",
    )
    return path


def played(tmp_path: Path, steps: str, **given):
    (scenario,) = read_scenarios([written(tmp_path, steps)])
    return run_scenario(scenario, bundle(), **given)


def failure(tmp_path: Path, steps: str, **given):
    found = played(tmp_path, steps, **given).failure
    assert found is not None
    return found


def holds(tmp_path: Path, steps: str, **given) -> None:
    assert played(tmp_path, steps, **given).failure is None


def test_everything_promised_about_our_flows_holds_and_every_branch_is_shown():
    result = command("coverage", FLOWS, "--min", "100")
    assert result.exit_code == 0, result.output
    assert result.output.count("100.0 %") == len(bundle().flows) + len(bundle().modules)


def test_coverage_below_the_minimum_stops_a_pipeline(tmp_path):
    shutil.copytree(FLOWS, tmp_path / "flows")
    (tmp_path / "flows" / "scenarios" / "agent.yaml").unlink()
    result = command("coverage", tmp_path / "flows", "--min", "100")
    assert result.exit_code == 1
    assert "not taken: May we still write -> Equals yes" in result.output


def test_a_scenario_that_fails_makes_coverage_fail(tmp_path):
    shutil.copytree(FLOWS, tmp_path / "flows")
    written(tmp_path / "flows" / "scenarios", "customer says: Hello\nexpect queue Claims")
    result = command("coverage", tmp_path / "flows")
    assert result.exit_code == 1
    assert "FAILED" in result.output


def test_the_command_runs_every_scenario_of_a_folder():
    result = command("scenario", FLOWS / "scenarios", "--only", "rating", "--verbose")
    assert result.exit_code == 0
    assert "ok    The rating 5 is kept and takes no agent's time" in result.output
    assert result.output.strip().endswith("scenarios hold")


def test_a_failure_names_the_place_the_difference_and_the_way_taken(tmp_path):
    path = written(tmp_path, "customer says: Hello\nexpect text greeting\nexpect queue Claims")
    result = command("scenario", path, "--flows", FLOWS)
    assert result.exit_code == 1
    assert f"{path}:9: a story" in result.output
    assert 'expected  "Claims"' in result.output
    assert 'found     "General"' in result.output
    assert "whatsapp_inbound: Queue General" in result.output
    assert "0 of 1 scenarios hold" in result.output


def test_only_the_end_of_a_long_way_is_shown(tmp_path):
    path = written(tmp_path, "queue General is full\ncustomer says: Hi\nafter 9 h\nexpect queue X")
    assert "last 30 lines of" in command("scenario", path, "--flows", FLOWS).output


@pytest.mark.parametrize(
    ("steps", "difference"),
    [
        ("customer says: Hi\nexpect message: Hello", ('"Hello"', '"Thank you')),
        ("customer says: Hi\nexpect text closed", ('"Thank you', '"Thank you')),
        ("customer says: Hi\nexpect no message", ("no message", '"Thank you')),
        ("customer says: Hi\nexpect text greeting\nexpect text busy", ('"All our', "nothing")),
        ("customer says: Hi\nexpect text greeting\nexpect no queue", ("no queue", "General")),
        ("customer says: 5\nexpect text rated\nexpect queue General", ('"General"', "nothing")),
        ("customer says: 5\nexpect no attribute satisfaction", ("no attribute satisfaction", "5")),
        ("customer says: 5\nexpect attribute satisfaction = 4", ('"4"', '"5"')),
        ("customer says: 5\nexpect chat is open", ('"open"', '"over"')),
        ("customer says: 5\nexpect end queued", ('"queued"', '"disconnected"')),
        (
            "customer says: 5\nexpect hook CustomerQueue = customer_queue",
            ("customer_qu", "nothing"),
        ),
        ("customer says: 5\nexpect action Greet", ("past 'Greet'", "does not")),
        ("customer says: Hi\nexpect no action Greet", ("not to lead past", "does")),
        ("customer says: Hi\nexpect view Voice note", ("Voice note", "nothing")),
        ("customer says: Hi\nexpect function transcribe called 1 times", ('"1"', '"0"')),
        ("customer says: Hi\nexpect whisper: x", ('"x"', "nothing")),
    ],
)
def test_every_expectation_tells_what_it_found_instead(tmp_path, steps, difference):
    found = failure(tmp_path, steps)
    wanted, instead = difference
    assert wanted in found.wanted
    assert instead in found.found


def test_an_unexpected_whisper_is_a_difference(tmp_path):
    steps = """
        attributes: {greeted: yes, toldBusy: yes}
        customer says: Hi
        agent answers
        expect no whisper
    """
    assert "busy" in failure(tmp_path, steps).found


def test_a_message_nobody_expected_is_a_difference(tmp_path):
    found = failure(tmp_path, "customer says: Hello\nexpect queue General")
    assert found.wanted == "no further message"
    assert found.append


def test_update_writes_what_happens_now_and_leaves_the_rest_as_it_was(tmp_path):
    path = written(
        tmp_path,
        """
        customer says: Hello   # the first words
        expect message: Good morning
        expect queue Claims
        expect attribute greeted = no
        """,
    )
    result = command("scenario", path, "--flows", FLOWS, "--update")
    assert result.exit_code == 0, result.output
    text = path.read_text(encoding="utf-8")
    assert "customer says: Hello   # the first words" in text
    assert 'expect message: "Thank you for writing.' in text
    assert "expect queue General" in text
    assert "expect attribute greeted = yes" in text
    assert command("scenario", path, "--flows", FLOWS).exit_code == 0


def test_update_adds_messages_the_scenario_forgot(tmp_path):
    path = written(tmp_path, "customer says: Hello\nexpect queue General")
    assert command("scenario", path, "--flows", FLOWS, "--update").exit_code == 0
    assert path.read_text(encoding="utf-8").count("expect message") == 1


def test_update_leaves_a_table_alone_since_its_steps_belong_to_every_row(tmp_path):
    steps = "customer says: Hello\nexpect text greeting\nexpect queue $queue"
    path = written(tmp_path, steps, more="    each: [{queue: General}, {queue: Claims}]\n")
    before = path.read_text(encoding="utf-8")
    assert command("scenario", path, "--flows", FLOWS, "--update").exit_code == 1
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("customer dances", "no such step"),
        ("at: tomorrow", "no time"),
        ("customer says: Hi\nat: 2026-11-18 16:00", "has started"),
        ("flow starts\nflow starts", "has started already"),
        ("queue Claims", "what the queue is like"),
        ("attributes: words", "an object"),
        ("customer says: Hi\nexpect text nowhere", "no text 'nowhere'"),
    ],
)
def test_a_step_that_cannot_be_done_is_named_with_its_line(tmp_path, steps, problem):
    with pytest.raises(ScenarioError, match=problem) as caught:
        played(tmp_path, steps)
    assert str(caught.value).startswith(f"{tmp_path / 'story.yaml'}:")
    assert caught.value.line >= 6


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "an object with keys"),
        ("scenarios: yes", "a list is needed"),
        ("scenario: []", "no key 'scenario'"),
        ("scenarios: [{name: a, steps: [{a: 1, b: 2}]}]", "one sentence"),
        ("scenarios: [{name: a, each: x}]", "each"),
        ("scenarios: [", "not YAML"),
    ],
)
def test_a_file_written_wrongly_is_named_with_its_line(tmp_path, text, problem):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=problem):
        read_scenarios([path])
    result = command("scenario", path, "--flows", FLOWS)
    assert result.exit_code == 1
    assert f"{path}:1" in result.output


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        read_scenarios([tmp_path / "gone.yaml"])


def test_a_flow_that_is_not_there_is_said(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_text("scenarios: [{name: a, flow: gone, steps: [flow starts]}]", encoding="utf-8")
    result = command("scenario", path, "--flows", FLOWS)
    assert result.exit_code == 1
    assert "there is no flow 'gone'" in result.output


def test_overrides_can_hold_once(tmp_path):
    holds(
        tmp_path,
        """
        hours once closed
        function transcribe once answers: {status: pending}
        function transcribe once takes 9 s
        queue Urgent is full 1 times
        customer sends voice note w1
        after 1 min
        expect text closed
        expect attribute voiceNoteStatus = failed
        expect queue General
        """,
    )


def test_hours_and_queues_can_be_set_for_good_and_set_back(tmp_path):
    holds(
        tmp_path,
        """
        hours open
        queue Claims is full
        queue Claims is empty
        queue Claims is missing
        queue Claims is there
        customer sends a image
        expect text greeting
        expect queue Claims
        """,
    )


def test_more_that_can_happen_to_a_contact(tmp_path):
    holds(
        tmp_path,
        """
        segment attribute connect:Subtype = connect:SMS
        related contact c-2
        bot joins
        block GetCustomerProfile answers: {data: {FirstName: Mia}}
        customer says Hello
        expect text greeting
        customer says again
        customer sends image
        customer sends voice note w2
        bot leaves
        expect queue General
        """,
    )


def test_every_step_is_explained_and_means_one_thing_only():
    for sentence in [step.sentence for scenario in OURS for step in scenario.steps]:
        assert len(matching(sentence)) == 1, sentence
    result = command("scenario", "--steps")
    assert result.output.splitlines() == sentences()
    assert len(sentences()) == len(ACTS) + len(EXPECTATIONS)


def test_a_document_from_anywhere_can_have_scenarios(tmp_path):
    text = parse(document(say("hi", "Hello $.Attributes.name"))).to_json()
    (tmp_path / "hello.json").write_text(text, encoding="utf-8")
    path = tmp_path / "story.yaml"
    path.write_text(
        "scenarios:\n  - name: hello\n    flow: hello.json\n    steps:\n"
        "      - attribute name = Mia\n      - flow starts\n"
        "      - expect message: Hello Mia\n      - expect chat is over\n",
        encoding="utf-8",
    )
    assert command("scenario", path, "--flows", FLOWS).exit_code == 0


class Spoken(Nothing):
    """Surroundings that know one recording."""

    @property
    def functions(self):
        return {"transcribe": answering(status="failed", reason="from the surroundings")}

    def voice_note(self, path: Path) -> str:
        return f"note-{path.name}"


def test_functions_can_come_from_elsewhere(tmp_path):
    steps = """
        customer sends voice note claim.ogg
        expect text greeting
        expect attribute voiceNoteId = note-claim.ogg
        expect attribute voiceNoteReason = from the surroundings
    """
    holds(tmp_path, steps, surroundings=Spoken)
    here = f"{__name__}:Spoken"
    assert named(here).__name__ == "Spoken"
    path = written(tmp_path, steps)
    assert command("scenario", path, "--flows", FLOWS, "--functions", here).exit_code == 0


@pytest.mark.parametrize("reference", ["nowhere:x", "json:nothing", "json"])
def test_functions_that_cannot_be_found_are_named(reference):
    result = command("scenario", FLOWS / "scenarios", "--functions", reference)
    assert result.exit_code == 1
    assert reference in result.output


def test_a_real_recording_is_understood_by_the_products_own_functions():
    pytest.importorskip("pocketsphinx", reason="the offline recogniser is not installed")
    result = command(
        "scenario",
        ROOT / "tests" / "flows" / "scenarios",
        *("--flows", FLOWS, "--functions", "tests.flows.on_sandbox:Functions"),
    )
    assert result.exit_code == 0, result.output


def test_a_scenario_becomes_a_test_case_of_connect_and_comes_back(tmp_path):
    path = written(
        tmp_path,
        """
        attributes: {voiceNoteId: none}
        attribute language = es
        customer says: Hola
        expect text greeting
        expect queue General
        expect attribute greeted = yes
        after 25 h
        """,
    )
    exported = command("export-tests", path, "--out", tmp_path / "cases", "--flows", FLOWS)
    assert "no published key for: after 25 h" in exported.output
    case = json.loads((tmp_path / "cases" / "001.json").read_text(encoding="utf-8"))
    flow_id = bundle().settings["flows"]["whatsapp_inbound"]["id"]
    assert case["EntryPoint"]["ChatEntryPointParameters"] == {"FlowId": flow_id}
    observations = json.loads(case["Content"])["Observations"]
    assert [one["Event"]["Type"] for one in observations] == ["TestInitiated", "MessageReceived"]
    assert observations[0]["Transitions"]["NextObservations"] == [observations[1]["Identifier"]]
    assert observations[1]["Actions"][-1]["Type"] == "TestControl"

    imported = command("import-test", tmp_path / "cases" / "001.json", "--flow", "whatsapp_inbound")
    back = tmp_path / "back.yaml"
    back.write_text(imported.stdout, encoding="utf-8")
    assert "expect queue General" in imported.stdout
    assert command("scenario", back, "--flows", FLOWS).exit_code == 0


def test_the_words_of_filled_texts_are_exported(tmp_path):
    path = written(tmp_path, "flow starts\nexpect text waiting_count: {count: 3}")
    command("export-tests", path, "--out", tmp_path, "--flows", FLOWS)
    assert "yours included: 3" in (tmp_path / "001.json").read_text(encoding="utf-8")


def test_what_a_test_case_has_and_a_scenario_has_not_is_named(tmp_path):
    content = {
        "Observations": [
            {
                "Identifier": "o1",
                "Event": {"Type": "FlowActionStarted"},
                "Actions": [{"Identifier": "a1", "Type": "OverrideSystemBehavior"}],
            }
        ]
    }
    file = tmp_path / "case.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    result = command("import-test", file, "--flow", "f")
    assert "- flow starts" in result.output
    assert "not imported: event FlowActionStarted of o1" in result.output
    assert "not imported: action OverrideSystemBehavior of a1" in result.output
    assert command("import-test", tmp_path / "gone.json", "--flow", "f").exit_code == 1


def test_scenarios_of_flows_that_are_wrong_are_not_exported(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("scenarios: 1", encoding="utf-8")
    assert command("export-tests", path, "--out", tmp_path, "--flows", FLOWS).exit_code == 1
