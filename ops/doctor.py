"""`python -m ops doctor`: is everything as it has to be, and what is to be done."""

import dataclasses
import json
from collections.abc import Mapping

import typer

from chalicelib.errors import Denied, Rejected, ServiceError
from ops.checks import CHECKS, PRODUCTION, Check
from ops.findings import Finding, failed, unchecked
from ops.look import Look

SIGNS = {"ok": "ok", "warning": "WARN", "failed": "FAIL", "unchecked": "?"}
BY_HAND = (
    "Backups: restore one (docs/operations.md, Restore test).",
    "Agents: someone has the routing profile, and sees the guide's view.",
)


def examine(look: Look, *, production: bool) -> dict[str, Finding]:
    """Every check's finding, by its name."""
    checks = {**CHECKS, **(PRODUCTION if production else {})}
    return {name: asked(check, look) for name, check in checks.items()}


def asked(check: Check, look: Look) -> Finding:
    """One check's finding; what may not be looked at is "not checked"."""
    try:
        return check(look)
    except Denied as problem:
        return unchecked(
            f"These credentials may not look ({problem.service}).",
            "Use an operator's role that may read it.",
        )
    except Rejected as problem:
        if problem.code.startswith("NotImplemented") or problem.service == "service-quotas":
            return unchecked(f"{problem.service} does not tell.", "Look in the console.")
        return failed(
            f"{problem.service} says: {problem.code}.",
            "What the settings name is not there: compare them with the stacks' outputs.",
        )
    except ServiceError as problem:
        return unchecked(f"{problem.service} did not answer.", "Try again; is the region right?")
    except (LookupError, ValueError, TypeError) as problem:
        # An answer of another form than the service's reference: one check must not hide the rest.
        return unchecked(
            f"AWS answered something unexpected ({type(problem).__name__}: {problem}).",
            "Look in the console, and report this line (CONTRIBUTING.md).",
        )


def tell(findings: Mapping[str, Finding], *, as_json: bool, production: bool) -> None:
    """Print the findings."""
    if as_json:
        plain = [{"check": name, **dataclasses.asdict(one)} for name, one in findings.items()]
        typer.echo(json.dumps(plain, indent=2))
        return
    for name, finding in findings.items():
        typer.echo(f"{SIGNS[finding.state]:5}{name.replace('_', ' '):20} {finding.says}")
        if finding.remedy:
            typer.echo(f"{'':25} -> {finding.remedy}")
    if production:
        typer.echo("To look at by hand:")
        for line in BY_HAND:
            typer.echo(f"  {line}")


def exit_code(findings: Mapping[str, Finding]) -> int:
    """1 when something failed."""
    return int(any(finding.state == "failed" for finding in findings.values()))
