"""Every scenario has a sandbox of its own; an error that escapes a handler fails the test.

Over all scenarios of a process each function calls what its role allows: the emulators know no IAM,
and a missing permission would be found by a customer (CP-44).
"""

from collections.abc import Iterator
from typing import Self

import pytest

from infra.recording import Call, Recorder
from sandbox.world import World
from tests.recorded_calls import refused


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        running.deliverer.raise_errors = True
        yield running


@pytest.fixture(scope="session", autouse=True)
def each_function_may_what_it_does() -> Iterator[None]:
    """Shown as an error of the last test: whichever made the call, no role allows it."""
    calls: set[Call] = set()
    enter = World.__enter__

    def entered(self: World) -> Self:
        enter(self)
        Recorder(self, calls)
        return self

    patch = pytest.MonkeyPatch()
    patch.setattr(World, "__enter__", entered)
    yield
    patch.undo()
    assert not refused(calls)
