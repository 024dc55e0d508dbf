"""What templates are made of, as one hash: tells whether a synthesized assembly is still true."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parent.parent
STAMP = ".inputs"


def fingerprint() -> str:
    """Of everything under infra/ and of the flows' settings."""
    files = [p for p in (ROOT / "infra").rglob("*") if p.suffix in (".py", ".yaml", ".txt", ".js")]
    sha = hashlib.sha256()
    for path in sorted([*files, ROOT / "contact_flows" / "settings.yaml"]):
        sha.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return sha.hexdigest()


def is_current(assembly: Path) -> bool:
    stamp = assembly / STAMP
    return stamp.exists() and stamp.read_text() == fingerprint()
