"""Serves the sandbox on one loopback port, in real time, for other processes and the AWS CLI.

Streams, flows, phones and statuses live here; flow functions run here too. The queues are
worked on only with `with_puente`: otherwise the caller runs the product.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sandbox import remote
from sandbox.as_deployed import furnish
from sandbox.clock import SandboxClock
from sandbox.deliverer import NotIdle
from sandbox.in_process import ENVIRONMENT
from sandbox.remote import Remote
from sandbox.sns_bridge import SnsBridge
from sandbox.world import World

TICK_S = 0.05
CLIENT = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION")


@contextmanager
def served(port: int, *, with_puente: bool) -> Iterator[World]:
    """A world that listens on `port` (0: any). Raises PortTaken."""
    # moto knows every DynamoDB operation that somebody at a prompt may try.
    world = World(clock=SandboxClock.real(), port=port, dynamodb="moto")
    topics = (world.whatsapp_topic, world.chat_topic)
    world.router.fallback = SnsBridge(world.topics, topics)
    with world:
        furnish(world)
        world.router.mount(remote.PREFIX, Remote(world).handle, name="sandbox")
        if not with_puente:
            world.deliverer.mappings.clear()
        yield world


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
