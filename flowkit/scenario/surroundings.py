"""Where functions of a scenario come from: flat results, or the real handlers of a sandbox."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

from flowkit.stand_in import Function


class Surroundings(Protocol):
    """What `functions: module:callable` names: called without arguments, it gives a context
    manager that yields this. One is made per scenario.
    """

    @property
    def functions(self) -> Mapping[str, Function]:
        """By the name settings.yaml gives a function; they replace the stand-ins."""
        ...

    def voice_note(self, path: Path) -> str:
        """Keep this recording as if the customer had sent it; the voiceNoteId it gets."""
        ...


class Nothing:
    """No real surroundings: stand-ins answer, and a recording's path is its id."""

    functions: Mapping[str, Function] = {}

    def voice_note(self, path: Path) -> str:
        return str(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clear up."""


class Maker(Protocol):
    def __call__(self) -> AbstractContextManager[Surroundings]: ...


def named(reference: str) -> Maker:
    """The callable of `module:callable`. Raises LookupError when there is none."""
    module, _, name = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise LookupError(f"{reference}: {error}") from error
    if callable(found):
        return cast(Maker, found)
    raise LookupError(f"{reference} is not module:callable")
