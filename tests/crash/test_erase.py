"""An erase whose worker dies, or whose call is lost, at any point still forgets the customer."""

import pytest

from sandbox.faults import Action
from sandbox.world import World
from tests.scenarios.forgetting import Forgettable

UNDISTURBED = 10_000


def test_an_erase_that_dies_before_its_first_call_is_finished():
    """Dying before any other call is dying after the one before it."""
    _played(0, Action.KILL_BEFORE)


@pytest.mark.parametrize("action", [Action.KILL_AFTER, Action.TIMEOUT_AFTER])
def test_an_erase_that_fails_at_any_call_is_finished(action):
    """Each call of an erase in turn; what comes back in between finds what it needs."""
    calls = _played(UNDISTURBED, action)
    assert calls > 10
    for index in range(calls):
        _played(index, action)


def _played(index, action):
    with World() as world:
        story = Forgettable(world)
        calls = story.erased_with(index, action)
        assert story.left() == [], f"{action} at call {index}"
    return calls
