"""Waiting in a world: time passes until something is so."""

from collections.abc import Callable

from sandbox.world import World

STEP_S = 1.0


def wait_until(
    world: World,
    happened: Callable[[], bool],
    *,
    within_s: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> bool:
    """Let time pass until `happened()` or `within_s` are over; whether it happened.

    `meanwhile` is called after each step.
    """
    world.settle()
    end = world.clock.now().timestamp() + within_s
    meanwhile()
    while not happened() and world.clock.now().timestamp() < end:
        world.run_for(STEP_S)
        meanwhile()
    return happened()
