"""Views of ours: what Connect would refuse, what an agent reads, what comes from an instance."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.bundle import load, load_views
from flowkit.diff import diff_views
from flowkit.engine import Contact, ViewShown
from flowkit.instance import Instance
from flowkit.render import RenderError
from flowkit.view_components import COMPONENTS
from flowkit.view_text import drawn, listed
from flowkit.views import View, ViewError, misfits, parse_view, problems
from sandbox.world import World
from tests.flows.desk import ROOT, bundle, contact, one_action, run
from tests.flows.desk import world as flows_world

FILE = ROOT / "contact_flows" / "views" / "voice_note.json"
NOTE = bundle().views["voice_note"]
ARN = bundle().settings["arns"]["views"]["voice_note"]
DATA = {
    "Heading": "Voice note",
    "Summary": "The lamp is broken.",
    "Bar": [
        {"Label": "Customer", "Value": "Mia"},
        {"Label": "Sound", "Value": "Listen", "LinkType": "external", "Url": "https://m.test/a?b"},
    ],
    "TranscriptHeading": "What was said",
    "Transcript": "My lamp is broken.",
    "FactsHeading": "What it is about",
    "Facts": [{"Label": "Order", "Value": "38152", "Copyable": True}],
    "TemplatesLabel": "Choose a template",
    "CloseLabel": "Close",
}


def command(*arguments: Any, input: str | None = None):  # noqa: A002
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)


def edited(change: Any) -> View:
    document = json.loads(FILE.read_text(encoding="utf-8"))
    change(document)
    return parse_view(json.dumps(document), "edited")


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A component of the view by its _id."""
    (container,) = document["Template"]["Body"]
    every = [container, *container["Content"], *container["Content"][2]["Content"]]
    return next(one for one in every if one["_id"] == name)


# --- the view itself --------------------------------------------------------------------------


def test_the_view_of_a_voice_note_is_one_that_connect_takes() -> None:
    assert list(problems(NOTE)) == []
    assert NOTE.actions == ("Templates", "Close")
    assert command("lint", FILE).output.strip() == "1 file: 0 errors, 0 warnings"


def test_an_agent_reads_who_it_is_the_words_the_facts_and_finds_sound_and_buttons() -> None:
    assert drawn(NOTE, DATA) == [
        "Customer: Mia",
        "Sound: Listen (link to m.test)",
        "Voice note",
        "The lamp is broken.",
        "What was said",
        "My lamp is broken.",
        "What it is about",
        "Order: 38152",
        "[Choose a template] [Close]",
    ]


def test_every_text_of_the_view_comes_from_the_flow() -> None:
    """So a supervisor changes it in settings.yaml; only the title is the view's own."""
    texts = {
        text
        for component in NOTE.components
        for text in [*component["Content"], *component["Props"].values()]
        if isinstance(text, str) and not text.startswith("$.")
    }
    assert texts == {"h1", "p", "body-m", "2", "horizontal", "s"}  # looks, not words


def remove(key: str, name: str = "") -> Any:
    def change(document: dict[str, Any]) -> None:
        (part(document, name)["Props"] if name else document["Template"]).pop(key)

    return change


def put(name: str, **props: Any) -> Any:
    return lambda document: part(document, name)["Props"].update(props)


def also(name: str) -> Any:
    def change(document: dict[str, Any]) -> None:
        (container,) = document["Template"]["Body"]
        container["Content"].append(copy.deepcopy(part(document, name)))

    return change


REFUSED = {
    "Head needs a Title": remove("Head"),
    "Head needs a Configuration": lambda one: one["Template"]["Head"].pop("Configuration"),
    "Body is an empty list": lambda one: one["Template"].update(Body=[]),
    "Body holds Containers": lambda one: one["Template"]["Body"].append(part(one, "facts")),
    "have the _id 'said'": also("said"),
    "has no _id": lambda one: part(one, "who").pop("_id"),
    "there is no component Player": lambda one: part(one, "facts").update(Type="Player"),
    "Props is missing": lambda one: part(one, "facts").pop("Props"),
    "TextBox has no Text": put("transcript", Text="hello"),
    "AttributeBar needs Attributes": remove("Attributes", "who"),
    "Content is missing": lambda one: part(one, "facts").pop("Content"),
    "used as a text and as a list": put("facts", Items="$.Heading"),
    "must begin with a capital": put("said", Heading="$.heading"),
    "inside another it is shown as written": put("said", Heading="Words: $.Heading"),
    "which a component raises": lambda one: one.update(Actions=["Close"]),
    "No component raises the action 'Call'": lambda one: one["Actions"].append("Call"),
    "is no name of an action": lambda one: one["Actions"].append("Call <now>"),
    "no description that Connect takes": lambda one: one.update(Description="For agents (ours)"),
    "larger than": put("said", Heading="x" * 400_001),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_connect_would_refuse_is_said_before(says: str) -> None:
    found = list(problems(edited(REFUSED[says])))
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Template": {}}', '{"Template": {"Body": []}, "Actions": 1}']
)
def test_what_is_no_view_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ViewError):
        parse_view(text, "x")


def test_a_bad_view_is_an_error_of_lint_and_stops_what_reads_the_folder(tmp_path: Path) -> None:
    view = tmp_path / "views" / "voice_note.json"
    view.parent.mkdir()
    view.write_text(FILE.read_text().replace('"Type": "TextBox"', '"Type": "TextBoks"'))
    told = command("lint", tmp_path)
    assert told.exit_code == 1
    assert "'transcript': there is no component TextBoks." in told.output
    view.write_text('{"Template": {"Body": []}, "Actions": 1}')
    assert "Actions is a list of texts" in command("lint", tmp_path).output
    with pytest.raises(RenderError, match="Actions is a list of texts"):
        load_views(tmp_path)


def test_components_are_described_without_contradiction() -> None:
    for name, one in COMPONENTS.items():
        assert one.required | one.lists | one.flags <= one.props, name
        assert not one.lists & one.flags, name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Heading": None}, "needs the input Heading"),
        ({"Heading": ""}, "needs the input Heading"),
        ({"Heading": 5}, "takes a text as Heading"),
        ({"Bar": "Mia"}, "takes a list as Bar"),
        ({"Colour": "red"}, "takes no input Colour"),
    ],
)
def test_data_that_does_not_fit_is_named(change: dict[str, Any], says: str) -> None:
    assert list(misfits(NOTE, {**DATA, **change})) == [f"the view voice_note {says}"]
    assert list(misfits(NOTE, DATA)) == []
    assert NOTE.input_schema()["required"] == list(NOTE.inputs)


def test_other_components_and_connects_own_views_are_readable_too() -> None:
    body = [
        {"Type": "Alert", "Props": {"heading": "Careful"}, "Content": ["Angry customer"]},
        {"Type": "Button", "Props": {"Action": "A"}, "Content": ["$.Label"]},
        "stray",
    ]
    view = View("x", {"Body": body}, ("A",))
    assert drawn(view, {"Label": "Go on"}) == ["Careful", "Angry customer", "[Go on]"]
    cards = {
        "Heading": "Templates",
        "Back": {"Label": "Close"},
        "Cards": [{"Summary": {"Id": "x", "Heading": "reopen"}, "Detail": {"Actions": ["reopen"]}}],
        "Sections": ["words", {"Items": [{"Label": "Order", "Value": "1"}]}],
        "Next": "On",
        "Large": True,
    }
    wanted = ["Templates", "[Close]", "reopen", "[reopen]", "words", "Order: 1", "[On]"]
    assert listed(cards) == wanted


# --- in a flow --------------------------------------------------------------------------------

GUIDE = {"segment_attributes": {"connect:Subtype": "connect:Guide"}}


def shown(data: dict[str, Any], **facts: Any) -> list[Any]:
    who: Contact = contact(**GUIDE, **facts)
    show = one_action("ShowView", {"ViewResource": {"Id": ARN}, "ViewData": data})
    return list(run(show, who=who).events)


def test_a_guide_shows_the_view_filled_with_what_the_contact_has() -> None:
    events = shown({**DATA, "Transcript": "$.Attributes.words"}, attributes={"words": "Hi there"})
    (view,) = [one for one in events if isinstance(one, ViewShown)]
    assert view.name == "voice_note"
    assert "Hi there" in view.lines


def test_a_view_that_lacks_an_input_takes_the_error_branch_as_in_connect() -> None:
    events = shown({**DATA, "Transcript": "$.Attributes.words"})
    assert not any(isinstance(one, ViewShown) for one in events)
    assert any("needs the input Transcript" in str(one) for one in events)


def test_a_view_with_more_than_connect_takes_is_not_shown() -> None:
    events = shown({**DATA, "Transcript": "$.Attributes.words"}, attributes={"words": "x" * 9000})
    assert not any(isinstance(one, ViewShown) for one in events)
    assert any("16384 bytes at most" in str(one) for one in events)


def test_a_view_is_found_by_name_id_and_arn_whatever_its_version() -> None:
    bare = ARN.rpartition(":")[0]
    for reference in ("voice_note", ARN, bare, f"{bare}:$LATEST", bare.rpartition("/")[2]):
        assert flows_world().bundle.view(reference) is NOTE
    assert flows_world().bundle.view("detail") is None


def test_a_played_flow_shows_the_view_in_words() -> None:
    played = command(
        *("run", "agent_guide", "--folder", ROOT / "contact_flows"),
        *("--attribute", "messageType=voice", "--attribute", "voiceNoteId=w1"),
    )
    assert played.exit_code == 0, played.output


# --- an instance ------------------------------------------------------------------------------


@pytest.fixture
def world():
    with World() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "contact_flows", tmp_path / "flows")
    return tmp_path / "flows"


def redeployed(world: World, change: Any) -> None:
    """The view as another version of the stacks would leave it."""
    (stored,) = world.instance.own_views
    document = json.loads(FILE.read_text())
    change(document)
    stored.published = stored.saved = parse_view(json.dumps(document), stored.name)
    stored.versions.append((stored.published, ""))


@pytest.mark.deep
def test_a_flow_goes_on_showing_the_version_it_was_published_with(world, folder) -> None:
    redeployed(world, lambda one: one["Template"]["Head"].update(Title="Spoken"))
    (guide,) = [one for one in world.bundle.flows.values() if one.name == "agent_guide"]
    assert ":1" in ARN
    assert ARN in guide.to_json()
    assert command("publish", folder, "--yes").output.strip().endswith("1 of 6 changed")
    content = Instance(world.instance.id)
    ids = content.ids("views")
    assert ids["voice_note"].endswith(":2")
    assert ids["voice_note"] in content.content("flows", content.ids("flows")["agent_guide"])


def test_flows_that_do_not_fit_the_deployed_view_are_not_published(world, folder) -> None:
    """Whoever publishes before deploying would leave agents without the view."""
    redeployed(world, put("said", Heading="$.Title"))
    told = command("publish", folder, "--yes")
    assert told.exit_code == 1
    assert "The view voice_note needs the input Title" in told.output


@pytest.mark.deep
def test_a_view_the_instance_does_not_have_stops_publishing(world, folder) -> None:
    world.instance.own_views.all.clear()
    assert "the instance has no views: voice_note" in command("publish", folder, "--yes").output


def test_a_view_without_a_version_is_shown_as_it_is_now(world) -> None:
    (stored,) = world.instance.own_views
    stored.versions.clear()
    assert Instance(world.instance.id).ids("views")["voice_note"] == f"{stored.id}:$LATEST"


@pytest.mark.deep
def test_pulling_brings_the_views_and_names_them_in_the_flows(world, tmp_path) -> None:
    told = command("pull", tmp_path / "pulled", "--instance", world.instance.id)
    assert "6 flows and settings.yaml" in told.output
    pulled = load(tmp_path / "pulled")
    assert pulled.views["voice_note"].template == NOTE.template
    assert "{{ arns.views[" in (tmp_path / "pulled" / "agent_guide.json.j2").read_text()
    assert command("lint", tmp_path / "pulled" / "agent_guide.json.j2").exit_code == 0


@pytest.mark.deep
def test_a_view_deployed_otherwise_is_told_by_a_comparison(world, folder, tmp_path) -> None:
    assert command("diff", folder).output.strip() == "no differences"
    redeployed(world, lambda one: one["Template"]["Head"].update(Title="Spoken"))
    told = command("diff", folder)
    assert told.exit_code == 1
    assert "voice_note: deployed otherwise" in told.output
    assert '~ Head.Title: "Spoken" -> "Voice note"' in told.output


def test_two_views_are_compared_component_by_component(tmp_path) -> None:
    new = edited(put("said", Heading="$.Words"))
    assert diff_views(NOTE, new) == [
        '~ \'said\': Props.Heading: "$.TranscriptHeading" -> "$.Words"'
    ]
    fewer = edited(lambda one: one["Template"]["Body"][0]["Content"].pop(0))
    assert "- 'who'" in diff_views(NOTE, fewer)
    assert "+ 'who'" in diff_views(fewer, NOTE)
    other = tmp_path / "other.json"
    other.write_text(new.as_json())
    assert command("diff", FILE, other).exit_code == 1
    assert command("diff", FILE, FILE).output.strip() == "no differences"


@pytest.mark.deep
def test_a_view_of_the_instance_that_nobody_can_read_is_an_error(world, folder) -> None:
    (stored,) = world.instance.own_views
    stored.versions.append((View("x", {}, ()), ""))
    told = command("publish", folder, "--yes")
    assert told.exit_code == 1
    assert "the instance's view voice_note" in told.output
