"""Over the whole session nothing personal is logged; each process of pytest-xdist holds its own."""

import gc
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sandbox.world import World
from tests.logs.private import of_payloads, watching
from tests.logs.processes import Heard
from tests.logs.scan import Metrics, Scan
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
def nothing_personal_is_logged() -> Iterator[Scan]:
    """Shown as an error of the last test: whichever logged it, no test may."""
    scan = Scan()
    scan.private.update(of_payloads(ROOT / "tests" / "events"))
    patch = pytest.MonkeyPatch()
    patch.setattr(World, "__exit__", watching(World, scan.private.update))
    patch.setattr(Metrics, "serialize_metric_set", scan.counted(Metrics.serialize_metric_set))
    patch.setattr(subprocess, "Popen", Heard)
    scan.listen()
    yield scan
    scan.stop()
    patch.undo()
    scan.hear(Heard.everything())
    found = scan.findings()
    assert not found, (
        f"{len(found)} values that no log may hold (a new code, status or field, also of a service"
        f" that a test plays, is entered in tests/logs/accounted.py): {found[:20]}"
    )
