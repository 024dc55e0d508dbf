"""How the emulated Amazon Connect behaves where the real one is undocumented or may vary.

A test sets a switch at any time; the emulators read it at every call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum


class TokenMemory(IntEnum):
    """How many seconds a `ClientToken` is remembered (reference, protocol section 9)."""

    NONE = 0
    FIVE_MINUTES = 300
    SEVEN_DAYS = 7 * 24 * 3600


@dataclass(slots=True, kw_only=True)
class ConnectSwitches:
    """Every undocumented or variable behaviour of Connect and its participant service."""

    token_memory: TokenMemory = TokenMemory.SEVEN_DAYS
    token_memory_of: dict[str, TokenMemory] = field(default_factory=dict)
    """By operation name, before `token_memory`."""
    repeat_returns_participant_token: bool = True
    """Whether a repeated StartChatContact answers with the participant token again."""
    greeting_before_answer: bool = False
    """The flow runs, and its greeting is streamed, before StartChatContact has answered."""
    must_connect: bool = True
    """A customer who is not connected within five minutes loses the chat."""
    transcript_lag_s: float = 0.0
    """GetTranscript shows an item only this long after it was sent."""
    start_position_inclusive: bool = True
    """Whether GetTranscript from an item's id answers that item too."""
    rate_limits: bool = False
    """Requests over Connect's documented rates are throttled."""
    concurrent_chats: int | None = None
    """Quota of active chats; above it StartChatContact is refused."""
    scan: Callable[[str, bytes], bool] | None = None
    """Attachment scanner: (name, bytes) -> accepted. None accepts everything."""

    def remembers_s(self, operation: str) -> int:
        """Seconds for which `operation` remembers a ClientToken."""
        return int(self.token_memory_of.get(operation, self.token_memory))
