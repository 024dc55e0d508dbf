"""Which wheels go to AWS: those of the functions' Python and platform, whatever Python runs this.

pip chooses wheels for another Python when it is told to, but reads the conditions under which a
package asks for another (`; python_version < "3.14"`) with its own (pip's issue 11664). So what
came out is asked once more, by `lacking`.
"""

import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from chalice.deploy.packager import SubprocessPip
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.functions import RUNTIME

VERSION = RUNTIME.removeprefix("python")
# Lambda's Amazon Linux 2023 has glibc 2.34.
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
CHOICE = [
    *("--only-binary=:all:", "--python-version", VERSION),
    *(argument for name in PLATFORMS for argument in ("--platform", name)),
]
# What a condition reads (the environment markers of the packaging user guide), as in Lambda.
LAMBDA = {
    "python_version": VERSION,
    "python_full_version": f"{VERSION}.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "extra": "",
}


class Pip(SubprocessPip):
    """chalice's way to pip, which by itself chooses for the Python that runs it."""

    def main(self, args: list[str], *more: Any, **named: Any) -> Any:
        """Exit code, output and errors of a pip command, as bytes."""
        choice = CHOICE if args[0] == "download" else []
        return super().main([*args, *choice], *more, **named)


def install(pins: list[str], folder: Path) -> list[str]:
    """The command that unpacks these, and nothing they ask for, into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps"]
    # `install`, unlike `download`, asks its own Python whether a package takes it.
    return [*pip, *CHOICE, "--ignore-requires-python", "--target", str(folder), *pins]


def wanted_in_lambda(requirement: str) -> bool:
    """Whether a requirement's condition holds there."""
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate(dict(LAMBDA))


def lacking(zip_file: Path) -> list[str]:
    """What packages in a zip ask for there, and the zip does not hold."""
    packages = list(distributions(path=[str(zip_file)]))
    there = {canonicalize_name(one.metadata["Name"]): one.version for one in packages}
    asked = {line for one in packages for line in one.requires or () if wanted_in_lambda(line)}
    return sorted(line for line in asked if not _met(Requirement(line), there))


def _met(asked: Requirement, there: dict[Any, str]) -> bool:
    version = there.get(canonicalize_name(asked.name))
    return version is not None and asked.specifier.contains(version, prereleases=True)
