"""A furnished sandbox for the doctor's tests: made once a module, put back after each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

from ops import checks, doctor
from ops.findings import Finding
from ops.look import Look
from sandbox.world import World

Spoil = Callable[[World], object]
STATE = (dict, list, int, str, datetime)


@contextmanager
def put_back(world: World) -> Iterator[World]:
    """Whatever a test changes around the product is as before afterwards."""
    with ExitStack() as stack:
        for owner in (*world.deployed.emulators, world.sns, world.topics):
            stack.callback(_restore, vars(owner), _copied(owner))
        for queue in world.sqs.queues.values():
            stack.callback(queue.settings._given.update, dict(queue.settings._given))
            stack.callback(queue.purge)
        profiles = world.instance.routing_profiles
        stack.callback(_restore, profiles, dict(profiles))
        templates = list(world.network.account.templates)
        stack.callback(world.network.account.templates.__setitem__, slice(None), templates)
        stack.callback(world.router.faults.clear)
        yield world


def _copied(owner: object) -> dict[str, Any]:
    return {
        name: deepcopy(value) for name, value in vars(owner).items() if isinstance(value, STATE)
    }


def _restore(attributes: dict[str, Any], before: dict[str, Any]) -> None:
    attributes.update(before)


def finding_of(world: World, check: str, *, days_later: float = 0, **settings: object) -> Finding:
    """One check alone. `settings` are changed, `days_later` is when it is asked."""
    look = Look(world.app)
    now = look.now
    look.now = lambda: now() + int(days_later * 86_400)
    look.settings = replace(look.settings, **settings)  # type: ignore[arg-type]
    return doctor.asked({**checks.CHECKS, **checks.PRODUCTION}[check], look)
