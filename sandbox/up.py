"""Serves the sandbox on one loopback port, in real time, for other processes and the AWS CLI.

Streams, flows, phones and statuses live here; flow functions run here too. The queues are
worked on only with `with_puente`: otherwise the caller runs the product.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from moto.dynamodb.models import dynamodb_backends

from sandbox import remote
from sandbox.as_deployed import furnish
from sandbox.clock import SandboxClock
from sandbox.deliverer import NotIdle
from sandbox.in_process import ENVIRONMENT
from sandbox.remote import Remote
from sandbox.sqs.emulator import ACCOUNT
from sandbox.world import REGION, TABLES, World

TICK_S = 0.05
CLIENT = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION")


@contextmanager
def served(port: int, *, with_puente: bool) -> Iterator[World]:
    """A world that listens on `port` (0: any). Raises PortTaken."""
    # moto knows every DynamoDB operation that somebody at a prompt may try.
    world = World(clock=SandboxClock.real(), port=port, dynamodb="moto")
    with world:
        furnish(world)
        _encrypted()
        world.router.mount(remote.PREFIX, Remote(world).handle, name="sandbox")
        if not with_puente:
            world.deliverer.mappings.clear()
        yield world


def _encrypted() -> None:
    """moto's UpdateTable does not hear of a key, which `furnish` gives to the tables."""
    for name in TABLES.values():
        dynamodb_backends[ACCOUNT][REGION].tables[name].sse_specification = {"Enabled": True}


def run(world: World, stop: threading.Event) -> None:
    """Do what is due, again and again, until `stop` is set."""
    while not stop.wait(TICK_S):
        try:
            world.deliverer.run_until_idle()
        except NotIdle:
            continue  # more work than one round takes: the next round goes on


def environment(world: World) -> dict[str, str]:
    """What another process needs: the clients' settings, then the product's."""
    client = {name: ENVIRONMENT[name] for name in CLIENT}
    return {**client, "AWS_ENDPOINT_URL": world.url, **world.environment()}


def exports(variables: Mapping[str, str], quote: Callable[[str], str]) -> str:
    """Lines for a shell."""
    return "\n".join(f"export {name}={quote(value)}" for name, value in variables.items())
