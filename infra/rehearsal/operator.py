"""An operator at a shell of their own: what docs/operations.md says to type, as processes.

The shell knows an address of AWS and credentials, nothing else; what the commands need beyond that,
`python -m infra env` tells, from the deployed functions.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.package import ROOT
from infra.rehearsal.local_aws import KEY, LocalAws, RehearsalProblem

LONGEST_SECONDS = 60
# The documented first line, then what the shell has come to know.
EVALUATED = (
    'eval "$("$0" -m infra env --stage "$1" --settings "$2")" && exec "$0" -c '
    "'import json, os; print(json.dumps(dict(os.environ)))'"
)


class Operator:
    """`home` is an empty home: no profile of whoever rehearses comes into play."""

    def __init__(self, aws: LocalAws, stage: str, settings: Path, home: Path) -> None:
        bare = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
        }
        told = _run(["sh", "-c", EVALUATED, sys.executable, stage, str(settings.resolve())], bare)
        self.environment: dict[str, str] = json.loads(told)

    def ops(self, *arguments: str) -> str:
        """What `python -m ops ...` prints. Raises RehearsalProblem when it fails."""
        return _run([sys.executable, "-m", "ops", *arguments], self.environment)

    def letters(self) -> list[dict[str, Any]]:
        """What `python -m ops dlq list --json` shows, oldest first."""
        return list(json.loads(self.ops("dlq", "list", "--json")))


def _run(command: list[str], environment: dict[str, str]) -> str:
    try:
        ended = subprocess.run(  # noqa: S603  (our own commands)
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        raise RehearsalProblem(f"{' '.join(command)}: no end within {late.timeout} s") from late
    if ended.returncode != 0:
        raise RehearsalProblem(
            f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-800:]}"
        )
    return ended.stdout
