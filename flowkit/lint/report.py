"""Issues as text for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

from flowkit.lint.issue import Issue

#: One linted file: its path and its issues.
Linted = tuple[str, Sequence[Issue]]

_GITHUB_LEVEL = {"error": "error", "warning": "warning", "info": "notice"}


def as_text(files: Sequence[Linted]) -> str:
    """One paragraph per file with issues, and a line that counts."""
    lines: list[str] = []
    for path, issues in files:
        if issues:
            lines.append(path)
        lines.extend(_line(issue) for issue in issues)
    return "\n".join([*lines, _summary(files)])


def as_json(files: Sequence[Linted]) -> str:
    """`{"files": [{"path", "issues": [...]}], "errors", "warnings", "infos"}`."""
    counted = _counted(files)
    document = {
        "files": [
            {"path": path, "issues": [_entry(issue) for issue in issues]} for path, issues in files
        ],
        **{f"{severity}s": counted[severity] for severity in _GITHUB_LEVEL},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_github(files: Sequence[Linted]) -> str:
    """Workflow commands that GitHub shows at the file."""
    lines = (
        f"::{_GITHUB_LEVEL[issue.severity]} file={_escaped(path)},"
        f"title={_escaped(issue.code)}::{_escaped(_place(issue) + issue.sentence)}"
        for path, issues in files
        for issue in issues
    )
    return "\n".join([*lines, _summary(files)])


FORMATS: dict[str, Callable[[Sequence[Linted]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
}


def _entry(issue: Issue) -> dict[str, str]:
    names = ("code", "severity", "sentence", "flow", "action", "name", "evidence", "hint")
    return {name: getattr(issue, name) for name in names}


def _line(issue: Issue) -> str:
    about = f"{_place(issue)}{issue.sentence} {issue.hint}"
    return f"  {issue.severity:7} {issue.code:22} {about} [{issue.evidence}]"


def _place(issue: Issue) -> str:
    if not issue.action:
        return ""
    named = f" ({issue.name})" if issue.name and issue.name != issue.action else ""
    return f"{issue.action!r}{named}: "


def _summary(files: Sequence[Linted]) -> str:
    counted = _counted(files)
    parts = [_plural(counted[severity], severity) for severity in ("error", "warning")]
    return f"{_plural(len(files), 'file')}: {', '.join(parts)}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _counted(files: Sequence[Linted]) -> Counter[str]:
    return Counter(issue.severity for _, issues in files for issue in issues)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
