"""Over the whole session nothing personal is logged; each process of pytest-xdist holds its own."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chalicelib import log
from sandbox.world import World
from tests.log_scan import Kept, leaks, of_payloads, watching
from tests.source_tree import ROOT

# How long anything takes is for benchmarks to say: a shared machine may stand still for seconds.
settings.register_profile("puente", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("puente")

DEEP = (ROOT / "tests" / "crash", ROOT / "tests" / "load")
"""Folders in which every test is marked `deep`."""


@pytest.hookimpl(tryfirst=True)  # before -m is applied
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """`make test` leaves to `make test-deep` what would take it past five minutes on two cores."""
    for item in items:
        if any(folder in Path(item.path).parents for folder in DEEP):
            item.add_marker(pytest.mark.deep)


def pytest_collection_finish() -> None:
    """What was loaded until now stays: looking through it again and again took a fifth of the time
    of tests that leave a sandbox behind each."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def nothing_personal_is_logged() -> Iterator[Kept]:
    """Shown as an error of the last test: whichever logged it, no test may."""
    kept, private = Kept(), set(of_payloads(ROOT / "tests" / "events"))
    names: set[str] = set()
    patch = pytest.MonkeyPatch()
    patch.setattr(World, "__exit__", watching(World, private.update, names.update))
    log.logger.addHandler(kept)
    yield kept
    log.logger.removeHandler(kept)
    patch.undo()
    found = leaks(kept.lines, private, names)
    assert not found, f"{len(found)} texts, names, numbers or tokens were logged: {found[:5]}"
