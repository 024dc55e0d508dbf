"""Every rule finds what it is for, and is silent about a flow that is right."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from flowkit.lint import RULES, Issue, lint
from flowkit.lint.issue import rule
from flowkit.lint.report import FORMATS
from flowkit.lint.sources import files_in, lint_file
from flowkit.model import parse
from tests.flows.desk import CORPUS, ROOT, action, document, say
from tests.flows.test_lint_data import WRONG

FAIL = {"NoMatchingError": "end"}
OTHERWISE = {"NoMatchingCondition": "end"}


def clean() -> dict[str, Any]:
    """A flow with nothing to find: a greeting, a choice, a function, a wait, a queue."""
    return document(
        say("greet", "Hello $.Attributes.customerName", "hours"),
        action(
            "hours",
            "CheckHoursOfOperation",
            {"HoursOfOperationId": "h-1"},
            next_action="choose",
            errors={"NoMatchingError": "choose"},
            conditions=[("Equals", "True", "choose"), ("Equals", "False", "note")],
        ),
        action(
            "note",
            "UpdateContactAttributes",
            {"Attributes": {"closed": "yes"}, "TargetContact": "Current"},
            next_action="texts",
            errors={"NoMatchingError": "texts"},
        ),
        action(
            "texts",
            "UpdateFlowAttributes",
            {"FlowAttributes": {"bye": {"Value": "Goodbye"}}},
            next_action="hook",
            errors={"NoMatchingError": "hook"},
        ),
        action(
            "hook",
            "UpdateContactEventHooks",
            {"EventHooks": {"CustomerRemaining": "f-2"}},
            next_action="choose",
            errors={"NoMatchingError": "choose"},
        ),
        action(
            "choose",
            "Compare",
            {"ComparisonValue": "$.Attributes.kind"},
            next_action="ask",
            errors={"NoMatchingCondition": "ask"},
            conditions=[("Equals", "order", "ask"), ("TextStartsWith", "bill", "staff")],
        ),
        action(
            "staff",
            "CheckMetricData",
            {"MetricType": "NumberOfAgentsStaffed", "QueueId": "q-1"},
            next_action="queue",
            errors={"NoMatchingError": "queue", "NoMatchingCondition": "queue"},
            conditions=[("NumberGreaterThan", "0", "queue")],
        ),
        action(
            "ask",
            "InvokeLambdaFunction",
            {"LambdaFunctionARN": "$.Attributes.arn", "InvocationTimeLimitSeconds": "8"},
            next_action="wait",
            errors={"NoMatchingError": "queue"},
        ),
        action(
            "wait",
            "Wait",
            {"TimeLimitSeconds": "2"},
            next_action="queue",
            errors={"NoMatchingError": "queue"},
            conditions=[("Equals", "WaitCompleted", "again")],
        ),
        action(
            "again",
            "Loop",
            {"LoopCount": "5"},
            next_action="queue",
            conditions=[("Equals", "ContinueLooping", "ask"), ("Equals", "DoneLooping", "queue")],
        ),
        action(
            "queue",
            "UpdateContactTargetQueue",
            {"QueueId": "q-1"},
            next_action="go",
            errors={"NoMatchingError": "end"},
        ),
        action(
            "go",
            "TransferContactToQueue",
            next_action="end",
            errors={"QueueAtCapacity": "end", "NoMatchingError": "end"},
        ),
    )


Change = Callable[[dict[str, Any]], None]


def at(identifier: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """A change of one action of the clean flow."""

    def apply(flow: dict[str, Any]) -> None:
        change(next(a for a in flow["Actions"] if a["Identifier"] == identifier))

    return apply


def top(**keys: Any) -> Change:
    return lambda flow: flow.update(keys)


def parameter(identifier: str, **values: Any) -> Change:
    return at(identifier, lambda a: a["Parameters"].update(values))


def without(identifier: str, name: str) -> Change:
    return at(identifier, lambda a: a["Parameters"].pop(name))


def kind(identifier: str, action_type: str, **parameters: Any) -> Change:
    return at(identifier, lambda a: a.update(Type=action_type, Parameters=parameters))


def transition(identifier: str, **keys: Any) -> Change:
    return at(identifier, lambda a: a["Transitions"].update(keys))


def condition(operator: str = "Equals", *operands: Any, to: str = "queue") -> list[dict[str, Any]]:
    return [{"NextAction": to, "Condition": {"Operator": operator, "Operands": list(operands)}}]


def added(*actions: dict[str, Any]) -> Change:
    return lambda flow: flow["Actions"].extend(actions)


def _many(flow: dict[str, Any]) -> None:
    for number in range(250):
        flow["Actions"].append(say(f"more {number}", "x"))


def _circle(flow: dict[str, Any]) -> None:
    at("ask", lambda a: a["Transitions"].update(NextAction="choose"))(flow)


def _dead_circle(flow: dict[str, Any]) -> None:
    at("greet", lambda a: a["Transitions"].update(NextAction="a"))(flow)
    flow["Actions"] += [say("a", "a", "b"), say("b", "b", "a")]
    flow["Actions"][0]["Transitions"]["Errors"] = []


INSTANCE = "arn:aws:connect:us-east-1:123456789012:instance/{}/queue/q"
ONE = INSTANCE.format("0" * 8 + "-0000-0000-0000-" + "0" * 12)
TWO = INSTANCE.format("1" * 8 + "-1111-1111-1111-" + "1" * 12)

#: code -> changes of the clean flow, each of which the rule must find.
PLANTED: dict[str, list[Change]] = {
    "version": [top(Version="2017-01-01"), lambda f: f.pop("Version")],
    "start-action": [top(StartAction="gone"), top(StartAction={"Identifier": "greet"})],
    "actions": [
        top(Actions=[]),
        top(Actions={}),
        _many,
        lambda f: f["Actions"].append("greet"),
    ],
    "content-size": [parameter("greet", Text="x" * 256_001)],
    "unknown-key": [top(Notes="x"), at("greet", lambda a: a.update(Metadata={}))],
    "action-shape": [
        at("greet", lambda a: a.update(Type=7)),
        at("greet", lambda a: a.update(Parameters=[])),
        lambda f: f["Actions"][3].pop("Identifier"),
        at("note", lambda a: a.update(Transitions="end")),
    ],
    "missing-object": [at("end", lambda a: a.pop("Parameters"))],
    "transitions-shape": [
        transition("greet", Errors=[{"NextAction": "end"}]),
        transition("greet", Errors={}),
        transition("choose", Conditions=[{"Condition": {}}]),
        transition("choose", Conditions=["x"]),
    ],
    "identifier-repeated": [added(say("greet", "again"))],
    "identifier-alphabet": [
        added(say("50% off", "x")),
        added(say("x" * 51, "x")),
        added(say("constructor", "x")),
    ],
    "dangling": [
        transition("greet", NextAction="gone"),
        transition(
            "greet", NextAction="hours", Errors=[{"ErrorType": "NoMatchingError", "NextAction": ""}]
        ),
        transition("choose", Conditions=condition("Equals", "x", to="gone")),
    ],
    "unreachable": [added(say("island", "x"))],
    "no-way-on": [
        at("greet", lambda a: a["Transitions"].pop("NextAction")),
        at("greet", lambda a: a.update(Transitions={})),
        at("go", lambda a: a["Transitions"].pop("NextAction")),
    ],
    "terminal-goes-on": [transition("end", NextAction="greet")],
    "never-ends": [_dead_circle],
    "circle": [_circle],
    "error-goes-back": [
        transition("greet", Errors=[{"ErrorType": "NoMatchingError", "NextAction": "greet"}])
    ],
    "missing-error": [
        at("queue", lambda a: a["Transitions"].update(Errors=[])),
        at("choose", lambda a: a["Transitions"].update(Errors=[])),
        at("texts", lambda a: a["Transitions"].pop("Errors")),
    ],
    "expected-error": [
        at("greet", lambda a: a["Transitions"].update(Errors=[])),
        at("ask", lambda a: a["Transitions"].pop("Errors")),
    ],
    "unknown-error": [
        transition(
            "greet",
            Errors=[
                {"ErrorType": "NoMatchingError", "NextAction": "end"},
                {"ErrorType": "Timeout", "NextAction": "end"},
            ],
        )
    ],
    "error-repeated": [
        at("greet", lambda a: a["Transitions"]["Errors"].append(a["Transitions"]["Errors"][0]))
    ],
    "store-input-timeout": [
        added(
            action(
                "digits",
                "GetParticipantInput",
                {"Text": "?", "StoreInput": "True"},
                next_action="end",
                errors={"NoMatchingError": "end", "InputTimeLimitExceeded": "end"},
            )
        )
    ],
    "conditions-not-allowed": [transition("greet", Conditions=condition("Equals", "x"))],
    "operator": [
        transition("choose", Conditions=condition("Contains", "x")),
        transition("hours", Conditions=condition("TextContains", "True")),
        transition("choose", Conditions=[{"NextAction": "end", "Condition": {"Operands": ["x"]}}]),
    ],
    "operand": [
        transition("choose", Conditions=condition("Equals")),
        transition("choose", Conditions=condition("Equals", "a", "b")),
        transition("choose", Conditions=condition("Equals", "")),
        transition("choose", Conditions=condition("Equals", 5)),
        transition("choose", Conditions=condition("Equals", "$.Attributes.other")),
    ],
    "operand-value": [transition("again", Conditions=condition("Equals", "Looping"))],
    "missing-condition": [
        transition("hours", Conditions=condition("Equals", "True")),
        transition("wait", Conditions=[]),
    ],
    "condition-repeated": [
        transition("choose", Conditions=condition("Equals", "x") + condition("Equals", "x"))
    ],
    "nothing-compared": [transition("choose", Conditions=[])],
    "staffing-condition": [transition("staff", Conditions=condition("NumberGreaterThan", "3"))],
    "unknown-type": [
        kind("greet", "PlayPrompt", Text="x"),
        kind("greet", "Start"),
        kind("greet", "SomethingElse"),
        kind("greet", "EvaluateDataTable"),
    ],
    "misprinted-type": [kind("note", "UnTagContact", TagKeys=["x"])],
    "misnamed-parameter": [kind("wait", "Wait", TimeoutSeconds="5")],
    "unknown-parameter": [
        parameter("go", QueueId="q-1"),
        parameter("greet", TextType="text"),
    ],
    "missing-parameter": [
        without("ask", "LambdaFunctionARN"),
        without("note", "Attributes"),
        without("again", "LoopCount"),
    ],
    "one-of": [
        without("queue", "QueueId"),
        parameter("greet", SSML="<speak>x</speak>"),
        parameter("staff", AgentId="a-1"),
    ],
    "value": [parameter("note", TargetContact="Other"), parameter("staff", MetricType="Mood")],
    "number": [
        parameter("wait", TimeLimitSeconds="604801"),
        parameter("wait", TimeLimitSeconds="soon"),
        parameter("again", LoopCount="101"),
        parameter("ask", InvocationTimeLimitSeconds="0"),
    ],
    "lambda-time": [parameter("ask", InvocationTimeLimitSeconds="30")],
    "empty-text": [
        parameter("greet", Text=""),
        parameter("note", Attributes={"a": ""}),
        parameter("queue", QueueId=""),
    ],
    "not-text": [parameter("wait", TimeLimitSeconds=5), parameter("note", Attributes={"a": True})],
    "static-only": [parameter("ask", InvocationTimeLimitSeconds="$.Attributes.limit")],
    "part-reference": [parameter("queue", QueueId="q-$.Attributes.queue")],
    "namespace": [parameter("greet", Text="You pressed $.LastDigit")],
    "comparison-value": [
        parameter("choose", ComparisonValue="gold"),
        parameter("choose", ComparisonValue="$.External"),
    ],
    "event-hooks": [
        parameter("hook", EventHooks={}),
        parameter("hook", EventHooks={"CustomerQueue": "a", "AgentWhisper": "b"}),
        parameter("hook", EventHooks={"Lunch": "a"}),
    ],
    "flow-attributes": [parameter("texts", FlowAttributes={"bye": "Goodbye"})],
    "not-on-chat": [
        kind("note", "UpdateContactRoutingBehavior", QueuePriority="1"),
        kind("note", "UpdateContactTextToSpeechVoice", TextToSpeechVoice="Joanna"),
    ],
    "no-text": [kind("greet", "MessageParticipant", SSML="<speak>x</speak>")],
    "flow-type": [top(Metadata={"type": "customerHold"})],
    "text-length": [parameter("greet", Text="x" * 4_097), parameter("greet", Text="x" * 6_001)],
    "endpoint-on-chat": [parameter("greet", Text="Your number is $.CustomerEndpoint.Address")],
    "secret": [
        parameter("note", Attributes={"key": "AKIA" + "A" * 16}),
        parameter("note", Attributes={"key": "sk-" + "a" * 24}),
    ],
    "other-instance": [
        lambda f: (parameter("staff", QueueId=ONE)(f), parameter("queue", QueueId=TWO)(f))
    ],
}


def found(flow: dict[str, Any], **options: Any) -> list[Issue]:
    return lint(parse(flow), **options)


def planted(change: Change) -> dict[str, Any]:
    flow = clean()
    change(flow)
    return flow


def test_a_flow_that_is_right_has_no_issue() -> None:
    assert found(clean()) == []


def test_every_rule_has_something_planted_for_it() -> None:
    assert PLANTED.keys() | WRONG.keys() == RULES.keys()


@pytest.mark.parametrize(
    ("code", "change"), [(code, change) for code, changes in PLANTED.items() for change in changes]
)
def test_a_rule_finds_what_it_is_for(code: str, change: Change) -> None:
    """CP-43."""
    assert code in {issue.code for issue in found(planted(change))}


def test_every_rule_says_what_it_is_about_and_what_to_do() -> None:
    for code, entry in RULES.items():
        assert entry.about.endswith("."), code
        assert entry.hint.endswith("."), code
        assert entry.evidence in ("documented", "service-reported", "seen")


def test_two_rules_cannot_share_a_code() -> None:
    with pytest.raises(ValueError, match="two rules"):
        rule("dangling", "error", "documented", "hint")(lambda _: [])


def test_an_issue_names_the_place_the_reason_and_the_evidence() -> None:
    flow = planted(transition("greet", NextAction="gone"))
    flow["Metadata"] = {"ActionMetadata": {"greet": {"isFriendlyName": True}}}
    issue = next(i for i in lint(parse(flow, "inbound")) if i.code == "dangling")
    assert (issue.flow, issue.action, issue.name) == ("inbound", "greet", "greet")
    assert issue.sentence == "The branch 'next' leads to 'gone', which is no action of this flow."
    assert (issue.severity, issue.evidence) == ("error", "documented")


def test_issues_come_in_the_order_of_the_flow() -> None:
    flow = planted(transition("go", NextAction="gone"))
    parameter("greet", Text="")(flow)
    top(Version="1")(flow)
    assert [i.code for i in found(flow)] == ["version", "empty-text", "dangling"]


def test_a_queue_flow_that_plays_until_an_agent_is_free_is_no_error() -> None:
    pause = action(
        "pause",
        "Wait",
        {"TimeLimitSeconds": "60"},
        next_action="wait",
        errors={"NoMatchingError": "wait"},
        conditions=[("Equals", "WaitCompleted", "wait")],
    )
    playing = document(say("wait", "Still looking for an agent", "pause"), pause)
    playing["Actions"] = playing["Actions"][:2]
    issues = found(playing, flow_type="CUSTOMER_QUEUE")
    assert [(i.code, i.severity) for i in issues] == [("never-ends", "warning")]


def test_the_real_name_is_said_for_an_invented_one() -> None:
    issue = next(
        i for i in found(planted(kind("greet", "TransferToQueue"))) if i.code == "unknown-type"
    )
    assert "UpdateContactTargetQueue and then TransferContactToQueue" in issue.sentence


def test_an_action_allows_a_rule_with_a_reason_and_only_with_one() -> None:
    flow = planted(parameter("greet", SSML="<speak>x</speak>"))
    del flow["Actions"][0]["Parameters"]["Text"]
    allow = {"no-text": "this flow is for voice too"}
    flow["Metadata"] = {"ActionMetadata": {"greet": {"allow": allow}}}
    assert found(flow) == []
    allow["no-text"] = " "
    assert [i.code for i in found(flow)] == ["no-text"]


def test_voice_blocks_are_fine_where_calls_are_meant() -> None:
    voice = planted(kind("greet", "MessageParticipant", SSML="<speak>x</speak>"))
    assert found(voice, channel="voice") == []


def test_a_flow_type_can_be_given_where_the_document_does_not_tell() -> None:
    codes = {i.code for i in found(clean(), flow_type="CUSTOMER_WHISPER")}
    assert codes == {"flow-type"}


def test_a_module_is_checked_as_a_module() -> None:
    module = clean()
    module["Actions"].append(action("return", "EndFlowModuleExecution"))
    transition("greet", Errors=[{"ErrorType": "NoMatchingError", "NextAction": "return"}])(module)
    assert {i.action for i in found(module) if i.code == "flow-type"} == {"end"}


def test_placeholders_of_other_tools_are_not_taken_for_values() -> None:
    for placeholder in ("${seconds}", "{{ seconds }}", "$.Attributes.seconds"):
        assert found(planted(parameter("wait", TimeLimitSeconds=placeholder))) == []


def test_a_document_of_nonsense_is_reported_and_does_not_break_lint() -> None:
    nonsense = {"Actions": [{"Identifier": [], "Type": None, "Transitions": {"Errors": 5}}, 3]}
    assert {"version", "start-action", "action-shape", "actions"} <= {
        i.code for i in found(nonsense)
    }


# The product's own flows, and the flows of others


def test_our_own_flows_have_no_issue_at_all() -> None:
    files = list(files_in([ROOT / "contact_flows"]))
    assert len(files) >= 2
    assert [issue for file in files for issue in lint_file(file)] == []


def _corpus(*, defective: bool) -> list[Any]:
    if not CORPUS.exists():
        return []
    lines = (CORPUS / "SOURCES.md").read_text(encoding="utf-8").splitlines()
    noted = {line.split("|")[1].strip() for line in lines if "defects:" in line and line[:1] == "|"}
    return [p for p in sorted(CORPUS.glob("*.json")) if (p.name in noted) == defective]


def test_no_real_flow_that_works_is_called_wrong() -> None:
    files = _corpus(defective=False)
    if not files:
        pytest.skip("the corpus of real flows is not on this machine")
    wrong = {p.name: [i for i in lint_file(p) if i.severity == "error"] for p in files}
    assert {name: issues for name, issues in wrong.items() if issues} == {}


def test_every_real_flow_known_to_be_wrong_is_called_so() -> None:
    files = _corpus(defective=True)
    if not files:
        pytest.skip("the corpus of real flows is not on this machine")
    assert [p.name for p in files if all(i.severity != "error" for i in lint_file(p))] == []


def _mutations(flow: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each way to break each thing of a flow, once."""
    mutants = []

    def plant(name: str, change: Callable[[dict[str, Any]], None]) -> None:
        mutant = copy.deepcopy(flow)
        change(mutant)
        mutants.append((name, mutant))

    plant("start", lambda f: f.update(StartAction="nowhere"))
    plant("version", lambda f: f.update(Version="2018"))
    for n, entry in enumerate(flow["Actions"]):
        transitions = entry.get("Transitions") or {}
        plant("type", lambda f, n=n: f["Actions"][n].update(Type="PlayPrompt"))
        plant("identifier", lambda f, n=n: f["Actions"][n].update(Identifier="a:b"))
        if transitions.get("NextAction"):
            plant(
                "next", lambda f, n=n: f["Actions"][n]["Transitions"].update(NextAction="nowhere")
            )
            plant("no next", lambda f, n=n: f["Actions"][n]["Transitions"].pop("NextAction"))
        if transitions.get("Conditions"):
            plant(
                "operator",
                lambda f, n=n: f["Actions"][n]["Transitions"]["Conditions"][0]["Condition"].update(
                    Operator="IsLike"
                ),
            )
        if transitions.get("Errors"):
            plant("no errors", lambda f, n=n: f["Actions"][n]["Transitions"].update(Errors=[]))
        for name in entry.get("Parameters") or {}:
            plant(
                "parameter",
                lambda f, n=n, k=name: f["Actions"][n]["Parameters"].update(
                    {k + "X": f["Actions"][n]["Parameters"].pop(k)}
                ),
            )
    return mutants


def _key(issue: Issue) -> tuple[str, str, str]:
    return issue.code, issue.action, issue.sentence


@pytest.mark.deep
def test_defects_planted_in_real_flows_are_found() -> None:
    files = _corpus(defective=False)[::18]
    if not files:
        pytest.skip("the corpus of real flows is not on this machine")
    planted_count, missed = 0, []
    for path in files:
        original = json.loads(path.read_bytes())
        before = {_key(i) for i in lint(parse(original))}
        for name, mutant in _mutations(original):
            planted_count += 1
            if not {_key(i) for i in lint(parse(mutant))} - before:
                missed.append((path.name, name))
    assert planted_count > 300
    assert len(missed) / planted_count < 0.05, missed


# Reports


@pytest.fixture
def report() -> list[tuple[str, list[Issue]]]:
    issues = lint(parse(planted(transition("greet", NextAction="gone")), "x"))
    return [("x.json", issues), ("y.json", [])]


def test_text_is_for_people(report) -> None:
    text = FORMATS["text"](report)
    assert "x.json" in text
    assert "'greet' (Play prompt): The branch 'next' leads to 'gone'" in text
    assert "y.json" not in text
    assert text.splitlines()[-1].startswith("2 files: 1 error")


def test_json_is_for_programs(report) -> None:
    told = json.loads(FORMATS["json"](report))
    assert [file["path"] for file in told["files"]] == ["x.json", "y.json"]
    assert told["errors"] == 1
    assert {"code", "severity", "sentence", "action", "name", "evidence", "hint", "flow"} == set(
        told["files"][0]["issues"][0]
    )


def test_github_shows_issues_at_the_file(report) -> None:
    first = FORMATS["github"](report).splitlines()[0]
    assert first.startswith("::error file=x.json,title=dangling::'greet' (Play prompt): The branch")


def test_a_file_nobody_can_read_is_an_error_of_its_own(tmp_path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    template = tmp_path / "flow.json.j2"
    template.write_text("{}", encoding="utf-8")
    assert [lint_file(p)[0].code for p in (broken, template, tmp_path / "gone.json")] == [
        "unreadable"
    ] * 3


def test_folders_are_searched_and_each_file_is_linted_once(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("b.json", "a/c.json", "a/d.json.j2", "notes.md", "e.jsonl"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    names = [p.name for p in files_in([tmp_path, tmp_path / "b.json"])]
    assert names == ["c.json", "d.json.j2", "b.json"]
