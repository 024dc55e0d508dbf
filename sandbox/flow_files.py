"""Flows as files, rendered once a process as long as nobody changes them."""

from functools import lru_cache
from pathlib import Path

from flowkit import bundle
from flowkit.bundle import Bundle

STAGE = "sandbox"
_SOURCES = (".j2", ".json", ".yaml")


def rendered(folder: Path) -> Bundle:
    """The bundle of a folder, as `bundle.load` gives it and raises.

    Every sandbox wants the same one, which nobody changes; rendering takes as long as ten texts.
    """
    files = sorted(one for one in folder.rglob("*") if one.suffix in _SOURCES)
    return _rendered(folder, tuple((one, one.read_bytes()) for one in files))


@lru_cache(maxsize=8)
def _rendered(folder: Path, _texts: tuple[tuple[Path, bytes], ...]) -> Bundle:
    return bundle.load(folder, STAGE)
