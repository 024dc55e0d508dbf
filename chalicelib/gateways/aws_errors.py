"""botocore's exceptions -> our error family, in one place for every AWS door.

Whether a failed call may have happened is decided here (protocol law 7): time-outs, broken
connections and 5xx may have; 429, validation and access errors did not.
"""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from chalicelib.errors import Denied, Rejected, ServiceError, Throttled, Unreachable, Unsure

THROTTLES = frozenset(
    (
        "ThrottlingException",
        "Throttling",
        "ThrottledRequestException",
        "TooManyRequestsException",
        "RequestThrottled",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ServiceQuotaExceededException",
        "TransactionInProgressException",
        "TransactionConflictException",
        "ReplicatedWriteConflictException",
        "SlowDown",
        "KmsThrottled",
        "OverLimit",
    )
)
DENIALS = frozenset(
    (
        "AccessDeniedException",
        "AccessDenied",
        "AccessDeniedByMetaException",
        "ExpiredTokenException",
        "ExpiredToken",
        "UnrecognizedClientException",
        "InvalidSignatureException",
    )
)
SERVER_ERROR = 500


class _Door:
    """Not a generator: some ten calls a text pass through here."""

    __slots__ = ("_service",)

    def __init__(self, service: str) -> None:
        self._service = service

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (ClientError, BotoCoreError)):
            raise _ours(error, self._service) from error


def aws(service: str) -> _Door:
    """Translate whatever botocore raises inside. `service` names the door, e.g. "connect"."""
    return _Door(service)


def _ours(error: ClientError | BotoCoreError, service: str) -> ServiceError:
    if isinstance(error, ClientError):
        return translated(error, service)
    if isinstance(error, ParamValidationError):
        says = f"{service} refuses these parameters"
        return Rejected(says, service=service, code="ParamValidation")
    if isinstance(error, NoCredentialsError):
        return Denied(f"no credentials for {service}", service=service)
    name = type(error).__name__
    if isinstance(error, (ConnectTimeoutError, EndpointConnectionError)):
        return Unreachable(f"{service} cannot be reached", service=service, code=name)
    return Unsure(f"{service} did not answer", service=service, code=name)


def translated(error: ClientError, service: str) -> ServiceError:
    """Our error for an AWS error answer."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _kind(code, status)(f"{service} answered {code}", service=service, code=code)


def _kind(code: str, status: int) -> type[ServiceError]:
    if code in THROTTLES or status == 429:  # noqa: PLR2004  (HTTP Too Many Requests)
        return Throttled
    if code in DENIALS or status in (401, 403):
        return Denied
    return Unsure if status >= SERVER_ERROR else Rejected
