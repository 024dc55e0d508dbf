"""An operator enters a customer's wish to be forgotten, as `python -m ops erase` does."""

from chalicelib import erasure
from chalicelib.customer import conversation_key
from chalicelib.erasure import EraseCommand
from sandbox.world import World


def keys(world: World, *identifiers: str) -> list[str]:
    """The conversation keys of numbers and user ids."""
    return [conversation_key(world.number.meta_id, one) for one in identifiers]


def forget(world: World, *identifiers: str, ahead_s: int = 0) -> None:
    """Enter the wish of who is known by these numbers and user ids, now.

    `ahead_s`: how far the operator's clock is wrong.
    """
    at, numbers = int(world.clock.now().timestamp()) + ahead_s, (world.number.meta_id,)
    commands = [EraseCommand(key=key, at=at, numbers=numbers) for key in keys(world, *identifiers)]
    world.app.queues.send([erasure.command_entry(command) for command in commands])
