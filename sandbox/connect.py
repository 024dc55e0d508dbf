"""Amazon Connect's own API (`connect`), emulated."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sandbox.amazon_connect import limits
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.connections import Connections
from sandbox.amazon_connect.contact_operations import ContactOperations
from sandbox.amazon_connect.flow_operations import FlowOperations
from sandbox.amazon_connect.metric_operations import MetricOperations, Working
from sandbox.amazon_connect.resource_operations import ResourceOperations
from sandbox.amazon_connect.tokens import TokenStore
from sandbox.amazon_connect.view_operations import ViewOperations
from sandbox.rates import RateLimiter
from sandbox.wire import AwsError, Emulator, WireCall

# Operations whose model has no ThrottlingException answer a rate over the limit with this.
_TOO_MANY = frozenset(
    {"StartChatContact", "StopContact", "StartContactStreaming", "StopContactStreaming"}
)


class ConnectEmulator(
    ContactOperations,
    FlowOperations,
    ResourceOperations,
    ViewOperations,
    MetricOperations,
    Emulator,
):
    """`connect` over the chats of one instance."""

    service: ClassVar[str] = "connect"

    def __init__(self, chats: Chats, connections: Connections, tokens: TokenStore) -> None:
        self.chats = chats
        self.connections = connections
        self.tokens = tokens
        self.agents: Callable[[], Sequence[Working]] = list
        self._rates = RateLimiter(
            chats.clock, limits.CONNECT_RATES, default=limits.CONNECT_DEFAULT_RATE
        )

    def handle(self, call: WireCall) -> dict[str, Any]:
        """Answer one call; with the switch `rate_limits`, throttle it first."""
        if self.chats.switches.rate_limits and not self._rates.allows(call.operation):
            code = "TooManyRequestsException" if call.operation in _TOO_MANY else ""
            raise AwsError(code or "ThrottlingException", "Too many requests", 429)
        return super().handle(call)
