"""Request rates as the services limit them: buckets refilled by the sandbox's clock."""

from datetime import datetime

from sandbox.outside import Clock


class RateLimiter:
    """Token buckets. `rates` maps an operation to (requests per second, burst)."""

    def __init__(
        self,
        clock: Clock,
        rates: dict[str, tuple[float, float]],
        default: tuple[float, float],
        shared: dict[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._rates = rates
        self._default = default
        self._shared = shared or {}
        self._left: dict[str, tuple[float, datetime]] = {}

    def allows(self, operation: str) -> bool:
        """Whether one more request fits now; if so it is counted."""
        bucket = self._shared.get(operation, operation)
        rate, burst = self._rates.get(bucket, self._default)
        now = self._clock.now()
        left, since = self._left.get(bucket, (burst, now))
        left = min(burst, left + (now - since).total_seconds() * rate)
        allowed = left >= 1
        self._left[bucket] = (left - 1 if allowed else left, now)
        return allowed
