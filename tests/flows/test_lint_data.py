"""Rules about what flows read, how long they last and what must not stand in them."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from flowkit.__main__ import app
from flowkit.lint import lint
from flowkit.lint.known import Known
from flowkit.lint.sources import lint_settings
from flowkit.model import Flow, parse
from flowkit.unused import unused_values
from flowkit.views import View
from tests.flows.desk import CORPUS, ROOT, action, document, say

FAIL = {"NoMatchingError": "end"}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"
INSTANCE = "arn:aws:connect:us-east-1:123456789012:instance/{}/queue/q"
HERE, THERE = "0" * 8 + "-0000-0000-0000-" + "0" * 12, "1" * 8 + "-1111-1111-1111-" + "1" * 12


def call(name: str, then: str, function: str = "a", shape: str = "STRING_MAP") -> dict[str, Any]:
    parameters = {
        "LambdaFunctionARN": ARN.format(function),
        "InvocationTimeLimitSeconds": "8",
        "ResponseValidation": {"ResponseType": shape},
    }
    return action(name, "InvokeLambdaFunction", parameters, next_action=then, errors=FAIL)


def wait(name: str, seconds: str, then: str) -> dict[str, Any]:
    return action(
        name,
        "Wait",
        {"TimeLimitSeconds": seconds},
        next_action=then,
        errors=FAIL,
        conditions=[("Equals", "WaitCompleted", then)],
    )


def loop(name: str, count: str, again: str, done: str) -> dict[str, Any]:
    return action(
        name,
        "Loop",
        {"LoopCount": count},
        next_action=done,
        conditions=[("Equals", "ContinueLooping", again), ("Equals", "DoneLooping", done)],
    )


def keep(name: str, attribute: str, value: str, then: str, kind: str = "contact") -> dict[str, Any]:
    if kind == "flow":
        parameters: dict[str, Any] = {"FlowAttributes": {attribute: {"Value": value}}}
        return action(name, "UpdateFlowAttributes", parameters, next_action=then, errors=FAIL)
    parameters = {"Attributes": {attribute: value}, "TargetContact": "Current"}
    return action(name, "UpdateContactAttributes", parameters, next_action=then, errors=FAIL)


def choose(name: str, reference: str, yes: str, no: str) -> dict[str, Any]:
    return action(
        name,
        "Compare",
        {"ComparisonValue": reference},
        next_action=no,
        errors={"NoMatchingCondition": no},
        conditions=[("Equals", "yes", yes)],
    )


def hooked(event: str) -> dict[str, Any]:
    parameters = {"EventHooks": {event: "f-1"}}
    return action("hook", "UpdateContactEventHooks", parameters, next_action="end", errors=FAIL)


def queue(arn: str) -> dict[str, Any]:
    return action(
        "queue", "UpdateContactTargetQueue", {"QueueId": arn}, next_action="end", errors=FAIL
    )


KNOWN = Known(HERE, {ARN.format("a"): frozenset({"x"}), ARN.format("b"): frozenset({"y"})})
ANY = Known(HERE, {ARN.format("a"): None})

#: code -> flows (and what is known) in which the rule finds something.
VIEW_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{HERE}/view/v"
VIEW = View("note", {}, ("Go", "Stop"), inputs={"Heading": "text", "Facts": "list"})
VIEWS = replace(KNOWN, views={VIEW_ARN: VIEW})
FITS = {"Heading": "Hello", "Facts": "$.Attributes.facts"}
BOTH = ("Go", "Stop")


def show(data: dict[str, Any], buttons: tuple[str, ...] = BOTH, arn: str = f"{VIEW_ARN}:2") -> Any:
    parameters = {
        "ViewResource": {"Id": arn},
        "InvocationTimeLimitSeconds": "60",
        "ViewData": data,
    }
    errors = dict.fromkeys(("NoMatchingCondition", "NoMatchingError", "TimeLimitExceeded"), "end")
    conditions = [("Equals", button, "end") for button in buttons]
    return document(
        action("v", "ShowView", parameters, next_action="end", errors=errors, conditions=conditions)
    )


WRONG: dict[str, list[tuple[dict[str, Any], Known | None]]] = {
    "external-unset": [(document(say("s", "$.External.x")), None)],
    "external-replaced": [
        (document(call("1", "2"), call("2", "s", "b"), say("s", "$.External.x")), KNOWN),
        (document(call("1", "2"), call("2", "s", "b"), say("s", "$.External.x")), None),
    ],
    "external-key": [(document(call("1", "s"), say("s", "$.External.gone")), KNOWN)],
    "external-shape": [(document(call("1", "s"), say("s", "$.External.x.y")), None)],
    "lambda-undeclared": [(document(call("1", "end", "z")), KNOWN)],
    "flow-attribute-unset": [
        (document(say("s", "$.FlowAttributes.x")), None),
        (
            document(
                choose("c", "$.Channel", "k", "s"),
                keep("k", "x", "1", "s", "flow"),
                say("s", "$.FlowAttributes.x"),
            ),
            None,
        ),
    ],
    "attribute-unset": [
        (document(say("s", "$.Attributes.x", "k"), keep("k", "x", "1", "end")), None)
    ],
    "wait-too-long": [
        (document(wait("w", "604800", "end")), None),
        (document(wait("w", "3600", "l"), loop("l", "30", "w", "end")), None),
        (document(wait("w", "700", "end")), Known(chat_s=600)),
    ],
    "loop-no-exit": [
        (document(loop("l", "3", "s", "s"), say("s", "x", "l")), None),
        (document(loop("l", "3", "end", "l")), None),
    ],
    "loop-never": [(document(loop("l", "0", "end", "end")), None)],
    "hook-on-chat": [
        (document(hooked("CustomerHold")), None),
        (document(hooked("PauseContact")), None),
    ],
    "hold-on-chat": [(document(say("s", "x"), Metadata={"type": "customerHold"}), None)],
    "secret-named": [
        (document(keep("k", "password", "hunter2hunter2", "end")), None),
        (document(keep("k", "apiKey", "abcdefghij", "end", "flow")), None),
    ],
    "personal-data": [
        (document(say("s", "Write to mia@example.com")), None),
        (document(keep("k", "caller", "+15550100001", "end")), None),
        (document(say("s", "4111 1111 1111 1111")), None),
    ],
    "other-instance": [(document(queue(INSTANCE.format(THERE))), KNOWN)],
    "text-length": [
        (
            document(keep("k", "x", "y" * 5_000, "s", "flow"), say("s", "$.FlowAttributes.x")),
            None,
        )
    ],
    "view-undeclared": [(show(FITS, arn=f"{VIEW_ARN}x:1"), VIEWS)],
    "view-input": [
        (show({"Heading": "Hello"}), VIEWS),
        (show({**FITS, "Colour": "red"}), VIEWS),
        (show({**FITS, "Facts": "a text"}), VIEWS),
        (show({**FITS, "Heading": ["a list"]}), VIEWS),
    ],
    "view-action": [
        (show(FITS, ("Go",)), VIEWS),
        (show(FITS, ("Go", "Stop", "Wait")), VIEWS),
    ],
}

#: What looks alike and is right.
RIGHT: list[tuple[str, dict[str, Any], Known | None]] = [
    ("a result that is read", document(call("1", "s"), say("s", "$.External.x")), KNOWN),
    (
        "the same function asked again",
        document(call("1", "2"), call("2", "s"), say("s", "$.External.x")),
        KNOWN,
    ),
    (
        "a result copied before the next call",
        document(
            call("1", "k"),
            keep("k", "x", "$.External.x", "2"),
            call("2", "s", "b"),
            say("s", "$.External.y"),
        ),
        KNOWN,
    ),
    ("nested JSON", document(call("1", "s", shape="JSON"), say("s", "$.External.x.y")), None),
    (
        "a function that may answer anything",
        document(call("1", "s"), say("s", "$.External.q")),
        ANY,
    ),
    (
        "a module may have called a function",
        document(
            action("m", "InvokeFlowModule", {"FlowModuleId": "m"}, next_action="s", errors=FAIL),
            say("s", "$.External.x"),
        ),
        None,
    ),
    ("an attribute that comes with the contact", document(say("s", "$.Attributes.name")), None),
    (
        "asking whether an attribute is there",
        document(choose("c", "$.Attributes.x", "end", "k"), keep("k", "x", "yes", "c")),
        None,
    ),
    (
        "a text whose setter may fail",
        document(keep("k", "x", "1", "s", "flow"), say("s", "$.FlowAttributes.x")),
        None,
    ),
    (
        "waits within the chat's time",
        document(wait("w", "60", "l"), loop("l", "9", "w", "end")),
        None,
    ),
    ("a flow for when the agent leaves", document(hooked("CustomerRemaining")), None),
    ("a reference called a token", document(keep("k", "authToken", "$.Tags.t", "end")), ANY),
    ("a number that is no card", document(say("s", "Order 1234567890123")), None),
    ("a view of ours, filled in", show(FITS), VIEWS),
    ("a view whose inputs are results", show(dict.fromkeys(FITS, "$.Attributes.x")), VIEWS),
    (
        "a view of AWS's",
        show({"Any": 1}, ("Back",), "arn:aws:connect:us-east-1:aws:view/form:1"),
        VIEWS,
    ),
    ("a view nothing is known of", show({}, ()), None),
    ("our own instance", document(queue(INSTANCE.format(HERE))), KNOWN),
]


@pytest.mark.parametrize(
    ("code", "flow", "known"),
    [(code, flow, known) for code, cases in WRONG.items() for flow, known in cases],
)
def test_a_rule_finds_what_it_is_for(code, flow, known):
    assert code in {issue.code for issue in lint(parse(flow), known=known)}


@pytest.mark.parametrize(("name", "flow", "known"), RIGHT, ids=[name for name, *_ in RIGHT])
def test_what_is_right_is_left_alone(name, flow, known):
    assert not {issue.code for issue in lint(parse(flow), known=known)} & WRONG.keys()


def test_what_is_certain_is_an_error_and_what_is_not_is_none():
    worst = {
        code: {
            i.severity
            for flow, known in cases
            for i in lint(parse(flow), known=known)
            if i.code == code
        }
        for code, cases in WRONG.items()
    }
    assert {code for code, severities in worst.items() if "error" in severities} == {
        "lambda-undeclared",
        "other-instance",
        "view-input",
        "view-undeclared",
    }


def test_a_value_no_flow_reads_is_named_with_its_line(tmp_path):
    folder = tmp_path / "flows"
    shutil.copytree(ROOT / "contact_flows", folder)
    assert unused_values(folder) == []
    settings = folder / "settings.yaml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("thresholds:\n", "thresholds:\n  tea_breaks: 2\n")
    text = text.replace("lambdas:\n", 'lambdas:\n  forgotten: "puente-forgotten"\n')
    text += "colour: blue\n"
    settings.write_text(text, encoding="utf-8")
    found = {name: line for line, name in unused_values(folder)}
    assert found.keys() == {"thresholds.tea_breaks", "lambdas.forgotten", "colour"}
    assert text.splitlines()[found["thresholds.tea_breaks"] - 1].strip() == "tea_breaks: 2"
    result = CliRunner().invoke(app, ["lint", str(folder)])
    assert result.exit_code == 1
    assert f"settings.yaml:{found['colour']}: no flow reads colour" in result.output


def test_settings_are_only_judged_where_there_are_settings_and_templates_render(tmp_path):
    assert lint_settings(tmp_path) == []
    (tmp_path / "settings.yaml").write_text("a: 1", encoding="utf-8")
    assert lint_settings(tmp_path) == []


def _with_call_between(flow: Flow) -> list[dict[str, Any]]:
    """Each read right after a call, with another call put in between."""
    mutants = []
    for first in flow.action_list:
        then = flow.actions.get(first.transitions.next_action or "")
        reads = then is not None and "$.External." in json.dumps(then.parameters)
        if first.type == "InvokeLambdaFunction" and reads and then is not None:
            mutant = copy.deepcopy(flow.document)
            between = copy.deepcopy(mutant["Actions"][first.index])
            between["Identifier"] = "between"
            between["Parameters"]["LambdaFunctionARN"] = ARN.format("between")
            mutant["Actions"][first.index]["Transitions"]["NextAction"] = "between"
            mutant["Actions"].append(between)
            mutants.append(mutant)
    return mutants


def _changed(flow: Flow, kind: str, change: Any) -> list[dict[str, Any]]:
    """One mutant per action of this type. Transfers of real flows have a queue often enough."""
    mutants = []
    for one in flow.action_list:
        defect_is_there = kind == "TransferContactToQueue" and "QueueId" in one.parameters
        if one.type == kind and not defect_is_there:
            mutant = copy.deepcopy(flow.document)
            change(mutant["Actions"][one.index])
            mutants.append(mutant)
    return mutants


def _looped(entry: dict[str, Any]) -> None:
    for condition in entry["Transitions"]["Conditions"]:
        condition["NextAction"] = entry["Identifier"]


def _parameter(**given: Any) -> Any:
    return lambda entry: entry.setdefault("Parameters", {}).update(given)


CHANGES = {
    "a queue on the transfer": ("TransferContactToQueue", _parameter(QueueId="q-1")),
    "a wait over a week": ("Wait", _parameter(TimeLimitSeconds="700000")),
    "a loop into itself": ("Loop", _looped),
    "too many turns": ("Loop", _parameter(LoopCount="101")),
    "a text over the limit": ("MessageParticipant", _parameter(Text="x" * 6_001)),
    "a token in a text": ("MessageParticipant", _parameter(Text="Bearer sk-" + "a" * 24)),
    "a hold flow": ("UpdateContactEventHooks", _parameter(EventHooks={"CustomerHold": "f"})),
    "a password": (
        "UpdateContactAttributes",
        _parameter(Attributes={"password": "hunter2hunter2"}),
    ),
    "no value to compare": ("Compare", _parameter(ComparisonValue="yes")),
    "an unknown metric": ("CheckMetricData", _parameter(MetricType="Mood")),
    "another instance": ("UpdateContactTargetQueue", _parameter(QueueId=INSTANCE.format(THERE))),
}


@pytest.mark.deep
def test_defects_of_every_kind_planted_in_real_flows_are_found():
    if not CORPUS.exists():
        pytest.skip("the corpus of real flows is not on this machine")
    planted, missed = 0, []
    for path in sorted(CORPUS.glob("*.json")):
        flow = parse(path.read_bytes(), path.stem)
        before = {(i.code, i.action, i.sentence) for i in lint(flow)}
        mutants = [("a call in between", one) for one in _with_call_between(flow)]
        for name, (kind, change) in CHANGES.items():
            if name == "another instance" and "instance/" not in json.dumps(
                flow.document["Actions"]
            ):
                continue  # the only ARN of a flow cannot be another's
            mutants += [(name, one) for one in _changed(flow, kind, change)]
        for name, mutant in mutants:
            planted += 1
            after = {(i.code, i.action, i.sentence) for i in lint(parse(mutant, path.stem))}
            if not after - before:
                missed.append((path.name, name))
    assert planted > 400
    assert len(missed) / planted < 0.05, missed
