"""Flow documents are read without loss, whatever they hold."""

import json
from pathlib import Path

import pytest

from flowkit.actions import REGISTRY, find, real_names
from flowkit.actions.invented import INVENTED, MISPRINTED
from flowkit.actions.spec import EVERY_FLOW, OPERATORS
from flowkit.model import FlowError, parse

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "contact_flows"
EVENTS = Path(__file__).resolve().parents[1] / "events" / "flows"


def greeting() -> str:
    return (EVENTS / "greeting.json").read_text(encoding="utf-8")


def test_what_is_read_is_written_back_equal() -> None:
    assert json.loads(parse(greeting()).to_json()) == json.loads(greeting())


def test_every_corpus_document_survives_reading_and_writing() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of real flows is not on this machine")
    for path in sorted(CORPUS.glob("*.json")):
        raw = path.read_bytes()
        assert json.loads(parse(raw, path.stem).to_json()) == json.loads(raw), path.name


def test_an_action_shows_its_ways_out_in_the_order_a_runner_tries_them() -> None:
    check = parse(greeting()).actions["Is it Spanish?"]
    assert list(check.transitions.branches()) == [
        ("error NoMatchingCondition", "Say hello"),
        ("Equals es", "Say hola"),
        ("next", "Say hello"),
    ]
    assert check.transitions.error("NoMatchingCondition").target == "Say hello"
    assert check.transitions.error("NoMatchingError") is None


def test_unknown_types_and_malformed_parts_stay_in_the_document() -> None:
    odd = {
        "Version": "2019-10-30",
        "StartAction": {"Identifier": "a"},
        "Actions": [
            {"Identifier": "a", "Type": "FromTheFuture", "Parameters": [1], "Transitions": None},
            "not an action",
            {"Identifier": 7, "Transitions": {"Conditions": [{"Condition": {"Operands": "x"}}]}},
        ],
        "Extra": {"kept": True},
    }
    flow = parse(odd)
    assert flow.document == odd
    assert [a.type for a in flow.action_list] == ["FromTheFuture", ""]
    assert flow.start_action == ""
    assert flow.actions["a"].parameters == {}
    assert flow.action_list[1].transitions.conditions[0].operand == ""


def test_of_two_actions_with_one_identifier_the_first_is_the_one_that_runs() -> None:
    twice = {"Actions": [{"Identifier": "a", "Type": "X"}, {"Identifier": "a", "Type": "Y"}]}
    assert parse(twice).actions["a"].type == "X"
    assert len(parse(twice).action_list) == 2


def test_actions_that_are_no_list_read_as_no_actions() -> None:
    assert parse({"Actions": {"a": 1}}).action_list == ()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        ("[]", "JSON object"),
        ('{"modules": [], "start": "1"}', "before 2021"),
    ],
)
def test_what_is_no_flow_is_refused_with_the_reason(source: str | bytes, reason: str) -> None:
    with pytest.raises(FlowError, match=reason):
        parse(source)


def test_a_byte_order_mark_does_not_make_a_flow_unreadable() -> None:
    assert parse(b"\xef\xbb\xbf" + greeting().encode()).start_action == "Is it Spanish?"


def test_a_module_is_recognised_by_its_settings_or_its_return() -> None:
    assert parse({"Settings": {}, "Actions": []}).is_module
    assert parse({"Actions": [{"Identifier": "r", "Type": "EndFlowModuleExecution"}]}).is_module
    assert not parse(greeting()).is_module


def test_a_friendly_name_is_one_a_person_gave() -> None:
    flow = parse(greeting())
    assert flow.friendly_name("Say hola") == "Say hola"
    assert flow.friendly_name("Is it Spanish?") == ""


def test_every_row_of_the_registry_is_whole() -> None:
    for name, spec in REGISTRY.items():
        assert spec.name == name
        assert spec.block
        assert spec.flow_types <= EVERY_FLOW, name
        assert not (spec.terminal and (spec.errors or spec.conditions)), name
        if spec.conditions:
            assert spec.conditions.operators <= OPERATORS
        for group in spec.one_of + spec.at_most_one_of:
            assert all(spec.parameter(member) for member in group), name


def test_the_registry_holds_the_56_documented_types() -> None:
    documented = [s for s in REGISTRY.values() if s.category != "undocumented"]
    assert len(documented) == 56


def test_invented_names_lead_to_real_ones() -> None:
    for name, real in INVENTED.items():
        assert name not in REGISTRY
        assert all(instead in REGISTRY for instead in real), name
    assert real_names("TransferToQueue") == ("UpdateContactTargetQueue", "TransferContactToQueue")
    assert real_names("MessageParticipant") is None


def test_names_the_guide_misprints_find_the_real_type() -> None:
    for wrong, right in MISPRINTED.items():
        assert find(wrong) is REGISTRY[right]
        assert real_names(wrong) == (right,)
    assert find("PlayPrompt") is None
