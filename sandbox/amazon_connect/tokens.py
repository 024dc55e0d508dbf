"""Idempotency: what an operation answered under a `ClientToken`, for as long as the switch says."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon_connect.switches import ConnectSwitches
from sandbox.outside import Clock


class TokenStore:
    """Remembers answers by (operation, scope, token).

    `conflicts` counts tokens met again with another request: legal on the wire, and always
    a mistake of the caller, so tests can insist that it stays at zero.
    """

    def __init__(self, clock: Clock, switches: ConnectSwitches) -> None:
        self._clock = clock
        self._switches = switches
        self._kept: dict[tuple[str, str, str], tuple[datetime, object, Any]] = {}
        self.conflicts = 0

    def recall(self, operation: str, scope: str, token: str | None, request: object) -> Any | None:
        """The earlier answer to this token, or None when there is none or it is forgotten."""
        kept = self._kept.get((operation, scope, token or ""))
        if not token or kept is None:
            return None
        since, earlier, answer = kept
        lifetime = timedelta(seconds=self._switches.remembers_s(operation))
        if self._clock.now() - since >= lifetime:
            return None
        self.conflicts += earlier != request
        return answer

    def keep(
        self, operation: str, scope: str, token: str | None, request: object, answer: Any
    ) -> None:
        """Remember `answer` for repeats of the same token."""
        if token:
            self._kept[(operation, scope, token)] = (self._clock.now(), request, answer)
