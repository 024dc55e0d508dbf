"""What docs/flows.md tells a supervisor to do works as it is written."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.actions import REGISTRY
from flowkit.reference import actions_table, with_table
from sandbox.world import World
from tests.flows.desk import ROOT

DOCUMENT = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "contact_flows", tmp_path / "contact_flows")
    return tmp_path / "contact_flows"


def command(*arguments: object, input: str | None = None):  # noqa: A002
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)


def of_a_stage() -> str:
    """What `python -m infra flows`, which publishes a whole stage, says of itself."""
    asked = [sys.executable, "-m", "infra", "flows", "--help"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def phone(output: str) -> str:
    return "".join(line for line in output.splitlines() if line.startswith("  PHONE"))


def test_the_table_of_actions_is_the_registrys():
    assert with_table(DOCUMENT) == DOCUMENT, "run: python -m flowkit actions"
    assert all(f"| `{name}` |" in DOCUMENT for name in REGISTRY)
    assert command("actions").output.strip() == actions_table()


def test_every_command_of_the_document_exists():
    named = set(re.findall(r"python -m flowkit ([a-z-]+)", DOCUMENT))
    helps = [command(name, "--help") for name in named]
    assert not any(one.exit_code for one in helps)
    told = "".join(one.output for one in helps) + of_a_stage()
    assert {one for one in re.findall(r"--[a-z][a-z-]+", DOCUMENT) if one not in told} == set()


def test_a_changed_text_needs_no_other_change(folder):
    edit(folder / "settings.yaml", "Thank you for writing. We have your", "Hi! We have your")
    assert command("lint", folder).exit_code == 0
    assert command("scenario", folder / "scenarios").exit_code == 0


def test_an_added_hour_is_open(folder):
    sunday = ("--at", "2026-11-22T16:00:00", "--attribute", "messageType=text", "--folder", folder)
    assert (
        "PHONE Thank you for writing. We are closed"
        in command("run", "whatsapp_inbound", *sunday).output
    )
    saturday = '      saturday: ["09:00-13:00"]\n'
    edit(folder / "settings.yaml", saturday, f'{saturday}      sunday: ["10:00-14:00"]\n')
    assert "We are closed right now" not in phone(
        command("run", "whatsapp_inbound", *sunday).output
    )


def test_a_new_intent_is_missed_until_a_scenario_shows_it(folder):
    edit(
        folder / "settings.yaml",
        "    refund: Billing\n",
        "    refund: Billing\n    warranty: Support\n",
    )
    missed = command("coverage", folder, "--min", "100")
    assert missed.exit_code == 1
    assert "not taken: What is it about -> Equals warranty" in missed.output
    row = "      - {intent: refund, queue: Billing}\n"
    warranty = "      - {intent: warranty, queue: Support}\n"
    edit(folder / "scenarios" / "whatsapp_inbound.yaml", row, row + warranty)
    assert command("coverage", folder, "--min", "100").exit_code == 0


def test_the_scenario_of_the_document_holds(folder):
    block = DOCUMENT.partition("A scenario is a list of sentences:")[2].partition("`python -m")[0]
    story = folder / "scenarios" / "story.yaml"
    story.write_text(f"flow: whatsapp_inbound\nscenarios:\n{block.rstrip()}\n", encoding="utf-8")
    result = command("scenario", story)
    assert result.exit_code == 0, result.output


@pytest.mark.deep
def test_a_supervisor_publishes_and_rolls_back(folder):
    with World():
        edit(folder / "settings.yaml", "Thank you for writing. We have your", "Hi! We have your")
        assert "1 of 6 would change" in command("publish", folder, "--dry-run").output
        assert "1 of 6 changed" in command("publish", folder, input="y\n").output
        assert "is as it was" in command("rollback", "whatsapp_inbound", folder).output
        assert "1 of 6 would change" in command("publish", folder, "--dry-run").output
