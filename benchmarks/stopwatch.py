"""Which function made which call, how long that takes by the model, and when somebody saw it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.latency import is_ours, milliseconds
from sandbox.amazon_connect.records import Chat, Item
from sandbox.deliverer import Handler
from sandbox.wire.calls import CallRecord
from sandbox.world import World

FLOW = "flow"  # calls outside of our queue functions: the flow's Lambda functions


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the product. `shown` tells what became visible in it; `receipt`: a tick."""

    record: CallRecord
    function: str
    shown: str
    receipt: bool


@dataclass(slots=True)
class Case:
    """The calls of one case, in order."""

    calls: list[Call] = field(default_factory=list)

    @property
    def counted(self) -> list[Call]:
        """Without read receipts and typing, which come after the agent sees the message."""
        return [call for call in self.calls if not call.receipt]

    def by_operation(self) -> dict[str, int]:
        names = (f"{call.record.service}.{call.record.operation}" for call in self.counted)
        return dict(Counter(names))

    def seen_ms(self, what: str) -> int:
        """Until `what` was last made visible; receipts cost nobody time before that."""
        until = max(at for at, call in enumerate(self.counted) if call.shown == what)
        return sum(milliseconds(call.record) for call in self.counted[: until + 1])


class Stopwatch:
    """Watches a running world. `functions` are the ones whose calls belong to a case."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._function = FLOW
        self._shown, self._sent = "", 0
        self._case = Case()
        self._watch_functions()
        self._watch_chats()
        world.router.observers.append(self._note)

    def start(self) -> None:
        """A new case begins."""
        self._case = Case()

    def stop(self, *functions: str) -> Case:
        """The calls since `start` made by these functions."""
        return Case([call for call in self._case.calls if call.function in functions])

    def _watch_functions(self) -> None:
        mappings = self._world.deliverer.mappings
        mappings[:] = [
            replace(mapping, handler=self._named(mapping.function_name, mapping.handler))
            for mapping in mappings
        ]

    def _named(self, name: str, handler: Handler) -> Handler:
        def run(event: dict[str, Any], context: Any) -> Any:
            before, self._function = self._function, name
            try:
                return handler(event, context)
            finally:
                self._function = before

        return run

    def _watch_chats(self) -> None:
        publish = self._world.chats.publish

        def seen(chat: Chat, item: Item) -> Item:
            if item.type != "EVENT" and item.role == "CUSTOMER":
                self._shown = "file" if item.type == "ATTACHMENT" else "text"
            return publish(chat, item)

        self._world.chats.publish = seen  # type: ignore[method-assign]

    def _note(self, record: CallRecord) -> None:
        if not is_ours(record):
            return
        shown, self._shown = self._shown, ""
        sent, receipt = len(self._world.network.sent), False
        if record.operation == "SendWhatsAppMessage":
            receipt = sent == self._sent
            shown = "" if receipt else "phone"
        self._sent = sent
        self._case.calls.append(Call(record, self._function, shown, receipt))
