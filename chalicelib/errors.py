"""The error family: every failure the product knows, raised once, at the door where it happened.

    PuenteError
    ├── SettingsError        settings missing or wrong; the message lists all of them
    ├── UnreadableEvent      an event nobody can parse; goes whole to the dead-letter queue
    ├── ContentError         the customer's or agent's content cannot be handled as it is
    └── ServiceError         an external service did not do what we asked
        ├── Throttled        refused for now: it did NOT happen; try again later
        │   ├── OutOfTurn    another event of the batch has to be finished first
        │   └── Unreachable  no connection at all
        ├── Unsure           time-out, broken connection, 5xx: it MAY have happened
        ├── Garbled          answered something unreadable; asking again is harmless
        ├── Denied           credentials or token refused; it did not happen
        └── Rejected         refused for good (validation): trying again changes nothing
            ├── OutageOutlasted   tried for as long as we try; an operator may send it again
            └── WindowClosed      WhatsApp's 24-hour customer service window is over

Each error states three facts: whether to try again (`retryable`), whose fault it is (`blame`)
and what to tell the agent (`tell_agent`, a key into `texts/`, never a vendor's sentence).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

Blame = Literal["us", "customer", "agent", "service"]


class PuenteError(Exception):
    """Root of the family.

    `code` is a short machine word, e.g. the vendor's error code; `values` fill the places of the
    text `tell_agent`.
    """

    retryable: ClassVar[bool] = False
    blame: ClassVar[Blame] = "us"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        tell_agent: str = "problem.unknown",
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.tell_agent = tell_agent
        self.values = dict(values or {})


class SettingsError(PuenteError):
    """Settings are missing or wrong; the message lists every problem and its remedy."""


class UnreadableEvent(PuenteError):
    """An incoming event that no parser understands. It is parked whole, with this reason."""


class ContentError(PuenteError):
    """Content that cannot be handled as it is: unreadable audio, a file over a limit."""

    blame: ClassVar[Blame] = "customer"


class ServiceError(PuenteError):
    """An external service did not do what we asked. `service` names it, e.g. "connect"."""

    blame: ClassVar[Blame] = "service"

    def __init__(
        self,
        message: str,
        *,
        service: str = "",
        code: str = "",
        tell_agent: str = "problem.service",
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, tell_agent=tell_agent, values=values)
        self.service = service


class Throttled(ServiceError):
    """Refused for now (429, quota): it did not happen. Retry with back-off."""

    retryable: ClassVar[bool] = True


class OutOfTurn(Throttled):
    """Another event of the same batch, named by `code`, was begun before and goes first."""


class Unreachable(Throttled):
    """No connection could be made: it did not happen, and the service may be down."""


class Unsure(ServiceError):
    """Time-out, connection error or 5xx: it may have happened. Find out before repeating."""

    retryable: ClassVar[bool] = True


class Garbled(ServiceError):
    """The service answered something unreadable, such as an HTML page with status 200."""

    retryable: ClassVar[bool] = True


class Denied(ServiceError):
    """Credentials or a token were refused; it did not happen."""

    retryable: ClassVar[bool] = True


class Rejected(ServiceError):
    """Refused for good: the request itself is not acceptable."""


class OutageOutlasted(Rejected):
    """A service stayed away for as long as we try; an operator has to send the work again."""


class WindowClosed(Rejected):
    """WhatsApp's customer service window is closed; only a template may be sent (131047)."""

    blame: ClassVar[Blame] = "agent"
