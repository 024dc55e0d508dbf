"""The product's own functions for scenarios, on the sandbox: real handlers, real recordings."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flowkit.engine import LambdaAnswer
from flowkit.stand_in import Function
from sandbox.world import World

LIMIT_S = 8.0


class Functions:
    """One sandbox per scenario. A recording is sent from a customer's phone, as they would."""

    def __init__(self) -> None:
        self.world = World()

    def __enter__(self) -> Self:
        self.world.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.world.__exit__(kind, error, trace)

    @property
    def functions(self) -> Mapping[str, Function]:
        arns: dict[str, str] = self.world.bundle.settings["arns"]["lambdas"]
        return {name: self._calling(arn) for name, arn in arns.items()}

    def _calling(self, arn: str) -> Function:
        def call(event: dict[str, Any]) -> LambdaAnswer:
            return self.world.lambdas.invoke(arn, event, limit_s=LIMIT_S)

        return call

    def voice_note(self, path: Path) -> str:
        self.world.phones.add("Mia", "15550100001").sends_voice_note(path.read_bytes())
        self.world.settle()
        return str(next(iter(self.world.chats)).attributes["voiceNoteId"])
