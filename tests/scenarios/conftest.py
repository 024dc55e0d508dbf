"""Every scenario has a sandbox of its own; an error that escapes a handler fails the test."""

from collections.abc import Iterator

import pytest

from sandbox.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        running.deliverer.raise_errors = True
        yield running
