"""CPU time of the product's functions in a running world, without what lies behind the wire.

For messages one at a time: the process's clock counts every thread.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.deliverer import Handler
from sandbox.world import World


class ProductTime:
    """`spent_s`: CPU seconds of the functions so far, from their event to their answer.

    Watches the clients that exist by now: let one message of each kind pass before.
    """

    def __init__(self, world: World) -> None:
        self.spent_s = 0.0
        self._entered: list[float] = []  # calls under way: a flow's function calls inside a call
        mappings = world.deliverer.mappings
        mappings[:] = [replace(one, handler=self._timed(one.handler)) for one in mappings]
        for client in world.app.clients.values():
            client.meta.events.register_first("before-send", self._enter)
            client.meta.events.register_last("before-send", self._leave)

    def of(self, act: Callable[[], None]) -> float:
        """Milliseconds of the product's while `act` runs."""
        before = self.spent_s
        act()
        return (self.spent_s - before) * 1000

    def _timed(self, handler: Handler) -> Handler:
        def run(event: dict[str, Any], context: Any) -> Any:
            started = time.process_time()
            try:
                return handler(event, context)
            finally:
                self.spent_s += time.process_time() - started

        return run

    def _enter(self, **_: Any) -> None:
        self._entered.append(time.process_time())

    def _leave(self, **_: Any) -> None:
        entered = self._entered.pop()
        if not self._entered:
            self.spent_s -= time.process_time() - entered
