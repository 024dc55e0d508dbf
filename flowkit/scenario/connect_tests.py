"""Scenarios as test cases of Connect's own testing language, and back.

Keys as the developer guide publishes them (testing language: observations, events, Assert, Send
Instruction, Test Control). What has no published key is named in the notes, never guessed:
answers of functions, one-shot failures, time that passes, agents, guides. The version is
2019-10-30: the guide's example says 2025-06-21, its reference pages and people who ran test cases
say 2019-10-30. MatchingCriteria "Inclusion" is seen in public test cases only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import yaml

from flowkit.bundle import Bundle
from flowkit.model import VERSION
from flowkit.scenario.reading import Scenario, Step

_ATTRIBUTES = "$.Attributes."
_QUEUE = "$.Queue.Name"


@dataclass(slots=True)
class ConnectTest:
    """What CreateTestCase takes, and what of the scenario is not in it.

    `attributes` go into InitializationData ("initial custom attributes", botocore 1.44.5).
    """

    name: str
    flow: str
    content: dict[str, Any]
    attributes: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def request(self, flow_id: str) -> dict[str, Any]:
        """Parameters of CreateTestCase, except InstanceId. Chats enter by `Type: CHAT`."""
        return {
            "Name": self.name,
            "Content": json.dumps(self.content, ensure_ascii=False),
            "EntryPoint": {"Type": "CHAT", "ChatEntryPointParameters": {"FlowId": flow_id}},
            "InitializationData": json.dumps(self.attributes, ensure_ascii=False),
            "Status": "SAVED",
        }


def to_connect(scenario: Scenario, bundle: Bundle) -> ConnectTest:
    """A scenario in the testing language. Its `text` keys become the words of settings.yaml."""
    case = ConnectTest(scenario.name, scenario.flow, {})
    observations = [_observation("start", "TestInitiated", {})]
    for step in scenario.steps:
        _export(step, bundle, case, observations)
    observations[-1]["Actions"].append(_control_end(len(observations)))
    for before, after in pairwise(observations):
        before["Transitions"]["NextObservations"] = [after["Identifier"]]
    case.content = {"Version": VERSION, "Metadata": {}, "Observations": observations}
    return case


def _export(
    step: Step, bundle: Bundle, case: ConnectTest, observations: list[dict[str, Any]]
) -> None:
    for pattern, export in _EXPORTS:
        said = re.fullmatch(pattern, step.sentence)
        if said is not None:
            export(_Exporting(said, step, bundle, case, observations))
            return
    case.notes.append(f"line {step.line}: no published key for: {step}")


@dataclass(slots=True)
class _Exporting:
    said: re.Match[str]
    step: Step
    bundle: Bundle
    case: ConnectTest
    observations: list[dict[str, Any]]

    def act(self, action: dict[str, Any]) -> None:
        actions = self.observations[-1]["Actions"]
        number = sum(len(one["Actions"]) for one in self.observations) + 1
        actions.append({"Identifier": f"action-{number}", **action})

    def observe(self, text: str) -> None:
        number = len(self.observations)
        entry = _observation(f"message-{number}", "MessageReceived", {"Text": text})
        entry["Event"]["MatchingCriteria"] = "Inclusion"
        self.observations.append(entry)

    def check(self, namespace: str, operand: str) -> None:
        parameters = {"Namespace": namespace, "Operator": "Equals", "Operand": operand}
        self.act({"Type": "Assert", "Parameters": parameters, "Transitions": {}})


def _attributes(one: _Exporting) -> None:
    given = {str(key): str(text) for key, text in (one.step.value or {}).items()}
    one.case.attributes.update(given)


def _attribute(one: _Exporting) -> None:
    one.case.attributes[one.said["name"]] = one.said["text"]


def _customer_says(one: _Exporting) -> None:
    words = str(one.said["text"] or one.step.value)
    instruction = {"Type": "TextUtterance", "Properties": {"Value": words}}
    parameters = {"ActionType": "SendInstruction", "Actor": "Customer", "Instruction": instruction}
    one.act({"Type": "SendInstruction", "Parameters": parameters, "Transitions": {}})


def _expect_message(one: _Exporting) -> None:
    one.observe(str(one.step.value))


def _expect_text(one: _Exporting) -> None:
    texts = one.bundle.settings["texts"]
    language = one.said["language"] or one.case.attributes.get("language", "en")
    found = texts.get(language, texts["en"])
    words = "\n".join(str(found[key.strip()]) for key in one.said["keys"].split("+"))
    for name, value in (one.step.value or {}).items():
        words = words.replace("{" + name + "}", str(value))
    one.observe(words)


def _expect_attribute(one: _Exporting) -> None:
    one.check(_ATTRIBUTES + one.said["name"], one.said["text"])


def _expect_queue(one: _Exporting) -> None:
    one.check(_QUEUE, one.said["name"])


_EXPORTS: list[tuple[str, Callable[[_Exporting], None]]] = [
    (r"attributes", _attributes),
    (r"attribute (?P<name>\S+) = (?P<text>.+)", _attribute),
    (r"customer says(?: (?P<text>.+))?", _customer_says),
    (r"flow starts", lambda _one: None),
    (r"expect message", _expect_message),
    (r"expect text (?P<keys>[\w +]+?)(?: in (?P<language>\w\w))?", _expect_text),
    (r"expect attribute (?P<name>\S+) = (?P<text>.+)", _expect_attribute),
    (r"expect queue (?P<name>\S+)", _expect_queue),
]


def from_connect(
    content: dict[str, Any], name: str, flow: str, attributes: dict[str, str] | None = None
) -> tuple[str, list[str]]:
    """A scenario file for a test case's content, and what of it has no step here."""
    steps: list[Any] = [{"attributes": attributes}] if attributes else []
    notes: list[str] = []
    for observation in content.get("Observations", []):
        event = observation.get("Event", {})
        if event.get("Type") == "MessageReceived":
            steps.append({"expect message": str(event.get("Properties", {}).get("Text", ""))})
        elif event.get("Type") not in ("TestInitiated", "TestCompleted"):
            notes.append(f"event {event.get('Type')} of {observation.get('Identifier')}")
        for action in observation.get("Actions", []):
            _import(action, steps, notes)
    if not any("customer says" in step for step in steps):
        steps.insert(1 if attributes else 0, "flow starts")
    document = {"flow": flow, "scenarios": [{"name": name, "steps": steps}]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1_000), notes


def _import(action: dict[str, Any], steps: list[Any], notes: list[str]) -> None:
    parameters = action.get("Parameters", {})
    properties = parameters.get("Instruction", {}).get("Properties", {})
    namespace, operand = str(parameters.get("Namespace", "")), str(parameters.get("Operand", ""))
    equal = parameters.get("Operator") == "Equals"
    if action.get("Type") == "SendInstruction" and "Value" in properties:
        steps.append({"customer says": str(properties["Value"])})
    elif action.get("Type") == "Assert" and equal and namespace.startswith(_ATTRIBUTES):
        steps.append(f"expect attribute {namespace.removeprefix(_ATTRIBUTES)} = {operand}")
    elif action.get("Type") == "Assert" and equal and namespace == _QUEUE:
        steps.append(f"expect queue {operand}")
    elif action.get("Type") != "TestControl":
        notes.append(f"action {action.get('Type')} of {action.get('Identifier')}")


def _observation(identifier: str, event: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Identifier": identifier,
        "Event": {
            "Identifier": f"event-{identifier}",
            "Type": event,
            "Actor": "System",
            "Properties": properties,
        },
        "Usage": {"Type": "EXACTLY", "Times": 1},
        "Actions": [],
        "Transitions": {"NextObservations": []},
    }


def _control_end(number: int) -> dict[str, Any]:
    parameters = {"ActionType": "TestControl", "Command": {"Type": "EndTest"}}
    return {
        "Identifier": f"end-{number}",
        "Type": "TestControl",
        "Parameters": parameters,
        "Transitions": {},
    }
