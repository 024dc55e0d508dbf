"""Lint for flow documents: small rules, each with a code, a place, a reason and a hint."""

from __future__ import annotations

from flowkit.actions import find
from flowkit.lint import rules as _rules  # noqa: F401  importing registers every rule
from flowkit.lint.issue import RULES, Finding, Issue, Rule, Subject
from flowkit.lint.known import Known
from flowkit.model import Flow

__all__ = ["RULES", "Finding", "Issue", "Rule", "Subject", "lint"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


def lint(
    flow: Flow,
    channel: str = "chat",
    flow_type: str | None = None,
    known: Known | None = None,
) -> list[Issue]:
    """Every issue of a flow, ordered by action, then severity, then code.

    `channel` is "chat", "voice" or "any"; `flow_type` one of the API's, where the document does
    not tell; `known` what settings.yaml declares. An action may allow a code with a reason:
    `Metadata.ActionMetadata.<Identifier>.allow = {"<code>": "<reason>"}`.
    """
    subject = Subject.of(flow, channel, flow_type, known)
    issues = [
        _issue(subject, rule, finding)
        for rule in RULES.values()
        for finding in rule.check(subject)
        if not _allowed(flow, rule.code, finding)
    ]
    return sorted(issues, key=lambda i: (i.index, _ORDER[i.severity], i.code, i.sentence))


def _issue(subject: Subject, rule: Rule, finding: Finding) -> Issue:
    action = finding.action
    spec = find(action.type) if action else None
    identifier = action.identifier if action else ""
    return Issue(
        code=rule.code,
        severity=finding.severity or rule.severity,
        sentence=finding.sentence,
        flow=subject.flow.name,
        action=identifier,
        name=subject.flow.friendly_name(identifier) or (spec.block if spec else ""),
        evidence=finding.evidence or rule.evidence,
        hint=rule.hint,
        index=action.index if action else -1,
    )


def _allowed(flow: Flow, code: str, finding: Finding) -> bool:
    if finding.action is None:
        return False
    allowed = flow.action_metadata(finding.action.identifier).get("allow")
    reason = allowed.get(code) if isinstance(allowed, dict) else None
    return isinstance(reason, str) and bool(reason.strip())
