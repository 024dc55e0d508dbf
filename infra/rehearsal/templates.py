"""The synthesized templates as the local AWS can take them. Pure: templates in, templates out.

Left out is what the local AWS does not know, with everything that only refers to it. Changed is
where the functions find AWS and the AI service, and their time. Both are told to the caller, who
prints them.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Template = dict[str, Any]

# Types the local AWS (ministack 1.5.33) does not play, or plays without effect on a message.
LACKING = (
    "AWS::Connect::",
    "AWS::Backup::BackupSelection",
    "AWS::Budgets::",
    "AWS::XRay::",
)

# The local AWS counts a function's start into its time, AWS does not; a laptop may be busy.
LOCAL_SECONDS = 60


@dataclass
class Fitted:
    """`left_out`: "Type  LogicalId" per resource; `changed`: functions."""

    template: Template
    left_out: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def fit(
    template: Template, *, imports: Mapping[str, str], environment: Mapping[str, str]
) -> Fitted:
    """`imports` gives the values of exports nobody makes here; `environment` goes to functions."""
    fitted = Fitted(copy.deepcopy(template))
    resources: dict[str, Any] = fitted.template["Resources"]
    for name in [n for n, one in resources.items() if _lacking(one)]:
        fitted.left_out.append(f"{resources.pop(name)['Type']}  {name}")
    resources.pop("CDKMetadata", None)
    for name, one in resources.items():
        if one["Type"] == "AWS::Lambda::Function":
            one["Properties"]["Environment"]["Variables"].update(environment)
            one["Properties"]["Timeout"] = LOCAL_SECONDS
            fitted.changed.append(name)
    fitted.template = _imported(fitted.template, imports)
    _forget(fitted.template, set(template["Resources"]) - set(resources))
    # Both only ask whether CDK's own resources are in the account.
    fitted.template.pop("Rules", None)
    fitted.template.get("Parameters", {}).pop("BootstrapVersion", None)
    return fitted


def _lacking(resource: dict[str, Any]) -> bool:
    computed = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return computed or resource["Type"].startswith(LACKING)


def _imported(value: Any, imports: Mapping[str, str]) -> Any:
    """Fn::ImportValue of a known export becomes its value."""
    if isinstance(value, dict):
        if set(value) == {"Fn::ImportValue"} and value["Fn::ImportValue"] in imports:
            return imports[value["Fn::ImportValue"]]
        return {key: _imported(one, imports) for key, one in value.items()}
    if isinstance(value, list):
        return [_imported(one, imports) for one in value]
    return value


def _forget(template: Template, gone: set[str]) -> None:
    """Outputs and dependencies of what was left out."""
    for one in template["Resources"].values():
        needed = one.get("DependsOn", [])
        kept = [n for n in ([needed] if isinstance(needed, str) else needed) if n not in gone]
        one.pop("DependsOn", None)
        if kept:
            one["DependsOn"] = kept
    outputs = template.get("Outputs", {})
    for name in [n for n, one in outputs.items() if refers(one, gone)]:
        del outputs[name]


def refers(value: Any, names: set[str]) -> bool:
    """Whether a value refers to one of these logical ids."""
    if isinstance(value, dict):
        target = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
        return target in names or any(refers(one, names) for one in value.values())
    return isinstance(value, list) and any(refers(one, names) for one in value)
