"""Gateways are tested through real clients on the sandbox."""

from collections.abc import Iterator

import pytest

from sandbox.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running
