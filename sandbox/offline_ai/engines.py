"""Which offline speech engine answers: pocketsphinx, or what `SANDBOX_SPEECH_ENGINE` names."""

import os
from collections.abc import Callable, Mapping

from sandbox.offline_ai import pocketsphinx_engine, whisper_engine
from sandbox.offline_ai.heard import Engine

_ENGINES: Mapping[str, Callable[[], Engine]] = {
    "pocketsphinx": pocketsphinx_engine.engine,
    "whisper": whisper_engine.engine,
}
NAMES = tuple(_ENGINES)
#: Installed is not chosen: whose index happens to hold the packages must change no result.
VARIABLE = "SANDBOX_SPEECH_ENGINE"


class NoSuchEngineError(Exception):
    """The engine asked for does not exist, or is not installed; the message says what to do."""


def chosen(name: str = "") -> str:
    """`name`, or the one the environment names, or pocketsphinx.

    Raises:
        NoSuchEngineError: unknown, or its packages are not installed.
    """
    name = name or os.environ.get(VARIABLE) or NAMES[0]
    if name not in NAMES:
        raise NoSuchEngineError(f"no speech engine {name!r}: choose one of {', '.join(NAMES)}")
    if name == "whisper" and not whisper_engine.is_installed():
        raise NoSuchEngineError("Whisper is not installed: run `make whisper` (130 MB) first")
    return name


def loaded(name: str = "") -> Engine:
    """The engine of that name, "" for the chosen one; loaded once per process.

    Raises:
        NoSuchEngineError: as `chosen`.
    """
    return _ENGINES[chosen(name)]()
