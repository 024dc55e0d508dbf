"""botocore's exceptions -> our error family, in one place for every AWS door.

Whether a failed call may have happened is decided here (protocol law 7): time-outs, broken
connections and 5xx may have; 429, validation and access errors did not.
"""

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def aws(service: str) -> Iterator[None]:
    """Translate whatever botocore raises inside. `service` names the door, e.g. "connect"."""
    try:
        yield
    except ClientError as error:
        raise translated(error, service) from error
    except ParamValidationError as error:
        raise Rejected(
            f"{service} refuses these parameters", service=service, code="ParamValidation"
        ) from error
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        raise Unreachable(
            f"{service} cannot be reached", service=service, code=type(error).__name__
        ) from error
    except NoCredentialsError as error:
        raise Denied(f"no credentials for {service}", service=service) from error
    except BotoCoreError as error:
        raise Unsure(
            f"{service} did not answer", service=service, code=type(error).__name__
        ) from error


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
