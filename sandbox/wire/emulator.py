"""What an emulator of an AWS service is: an object with a service name that answers calls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from botocore import xform_name

Params = dict[str, Any]  # boto3-shaped parameters or output


class AwsError(Exception):
    """A service refuses a call; real clients see their own typed exception.

    `code` is the error's name in the service model (or any other AWS code), `status` the HTTP
    status (default: the model's own, else 400), `extra` the other members of the error shape.
    """

    def __init__(self, code: str, message: str = "", status: int | None = None, **extra: Any):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra = extra


class NotImplementedOperation(AwsError):
    """The sandbox does not play this operation: 501, loudly, with its name."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            "NotImplemented",
            f"the sandbox does not implement {service}.{operation}",
            status=501,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCall:
    """One validated call: `params` as a boto3 caller would write them.

    Blobs are bytes, timestamps aware datetimes, `X-Amz-Bearer` is the member `ConnectionToken`
    or `ParticipantToken` as in the model. `at` is the sandbox's time.
    """

    service: str
    operation: str
    params: dict[str, Any]
    headers: dict[str, str]
    at: datetime


class Emulator:
    """Base of the emulators: `StartChatContact` is answered by `start_chat_contact(params)`.

    The method returns the boto3-shaped output (a dict) or raises `AwsError`. Names follow
    boto3's (`SendWhatsAppMessage` -> `send_whatsapp_message`). An operation without a method is
    refused with 501. Override `handle` when a method needs the headers or the time of the call.
    """

    service: ClassVar[str]
    any_form: frozenset[str] = frozenset()
    """Parameters whose limits are not checked: for payloads that were written, not recorded."""

    def handle(self, call: WireCall) -> dict[str, Any]:
        """Answer one call. Raises AwsError."""
        method = getattr(self, xform_name(call.operation), None)
        if method is None:
            raise NotImplementedOperation(call.service, call.operation)
        answer: dict[str, Any] | None = method(call.params)
        return answer or {}

    def looked_at(self, call: WireCall, output: Params) -> int:  # noqa: ARG002
        """How many stored items a call had to look at, {} for `output` when it was refused."""
        return 0
