"""A supervisor sees a flow as a picture, and on it the way a customer took."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.graph import marks_of, mermaid, positions, svg
from flowkit.lint.sources import read
from flowkit.model import parse
from tests.flows.desk import CORPUS, ROOT, action, flow, run_to_the_end, say

SPACE = "{http://www.w3.org/2000/svg}"

CHOICE = flow(
    action(
        "choose",
        "Compare",
        {"ComparisonValue": "$.Channel"},
        next_action="other",
        errors={"NoMatchingCondition": "other"},
        conditions=[("Equals", "CHAT", "chat & <more>")],
    ),
    say("chat & <more>", "x"),
    say("other", "y"),
    say("island", "z"),
    name="choice",
)


def command(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def classes(picture: str) -> dict[str, str]:
    """Each box's title and its classes."""
    return {
        group.find(f"{SPACE}title").text: group.find(f"{SPACE}rect").get("class")
        for group in ET.fromstring(picture).iter(f"{SPACE}g")  # noqa: S314  written by us
    }


def test_every_action_is_a_box_and_every_branch_a_line():
    drawn = ET.fromstring(svg(CHOICE))  # noqa: S314  written by us
    assert len(list(drawn.iter(f"{SPACE}rect"))) == len(CHOICE.actions)
    titles = [path.find(f"{SPACE}title").text for path in drawn.iter(f"{SPACE}path") if len(path)]
    assert titles[:2] == ["error NoMatchingCondition", "Equals CHAT"]


def test_the_path_taken_is_drawn():
    marks = marks_of(CHOICE, run_to_the_end(CHOICE))
    boxes = classes(svg(CHOICE, marks))
    assert "entered" in boxes["choose (Compare)"]
    assert "entered" in boxes["chat & <more> (MessageParticipant)"]
    assert "missed" in boxes["other (MessageParticipant)"]
    assert "end" in boxes["end (DisconnectParticipant)"]
    assert 'class="branch taken"' in svg(CHOICE, marks)
    assert 'class="branch error untaken"' in svg(CHOICE, marks)


def test_mermaid_shows_the_same():
    text = mermaid(CHOICE, marks_of(CHOICE, run_to_the_end(CHOICE)))
    assert text.startswith("flowchart LR")
    assert 'a0 -- "Equals CHAT" --> a1' in text
    assert "chat &amp; &lt;more&gt;" in text
    assert "class a0,a1,a4 entered" in text
    assert "class a2,a3 missed" in text
    assert "linkStyle 1" in text
    assert "class " not in mermaid(CHOICE)


def test_without_positions_actions_stand_in_layers_from_the_start():
    places = positions(CHOICE)
    assert places["choose"].x < places["other"].x < places["end"].x < places["island"].x
    assert len(set(places.values())) == len(places)


def test_positions_of_the_console_are_kept():
    placed = flow(
        say("hi", "x"),
        Metadata={
            "ActionMetadata": {
                "hi": {"position": {"x": 5, "y": 7}},
                "end": {"position": {"x": 400, "y": 9.5}},
            }
        },
    )
    assert positions(placed) == {"hi": (5, 7), "end": (400, 9.5)}
    half = flow(say("hi", "x"), Metadata={"ActionMetadata": {"hi": {"position": {"x": 5}}}})
    assert positions(half)["hi"] == (0, 0)


def test_a_flow_without_a_start_is_drawn_too():
    lost = parse({**flow(say("hi", "x")).document, "StartAction": "gone"})
    assert set(positions(lost)) == {"hi", "end"}
    assert "<svg" in svg(parse({"Actions": []}))


def test_our_flows_are_drawn_with_the_coverage_of_their_scenarios(tmp_path):
    out = tmp_path / "flow.svg"
    folder = ("--folder", str(ROOT / "contact_flows"))
    result = command("graph", "disconnect", *folder, "--coverage", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert all("entered" in found for found in classes(out.read_text(encoding="utf-8")).values())
    way = command(
        "graph", "disconnect", *folder, "--path", "Outside the customer", "--format", "mermaid"
    )
    assert "missed" in way.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere",), "there is no flow nowhere"),
        (("gone.json",), "no such file"),
        (("disconnect", "--format", "png"), "svg, mermaid"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments, reason):
    result = command("graph", *arguments, "--folder", str(ROOT / "contact_flows"))
    assert result.exit_code != 0
    assert reason in result.output


def test_every_real_flow_can_be_drawn():
    if not CORPUS.exists():
        pytest.skip("the corpus of real flows is not on this machine")
    for path in sorted(CORPUS.glob("*.json")):
        one = read(path)
        boxes = list(ET.fromstring(svg(one)).iter(f"{SPACE}rect"))  # noqa: S314  written by us
        assert len(boxes) == len(one.actions), path.name
        assert mermaid(one).startswith("flowchart")
