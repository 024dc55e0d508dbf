"""The error a service itself would use for an injected fault, picked from its own model."""

from botocore.model import Shape

from sandbox.faults import Action
from sandbox.wire.emulator import AwsError
from sandbox.wire.models import service_api

_MESSAGES = {
    Action.THROTTLE: "Rate exceeded",
    Action.SERVER_ERROR: "The service could not process the request",
    Action.VALIDATION: "The request is not valid",
    Action.ACCESS_DENIED: "Access denied",
    Action.CONFLICT: "Another change of the same thing is under way",
}
# Parts of error names, best first, as the services' models spell them.
_NAME_PARTS = {
    Action.THROTTLE: ("Throttl", "TooManyRequests", "ThroughputExceeded", "LimitExceeded"),
    Action.SERVER_ERROR: ("InternalS", "InternalFailure", "ServiceException"),
    Action.VALIDATION: ("Validation", "InvalidParameter", "InvalidRequest"),
    Action.ACCESS_DENIED: ("AccessDenied", "Denied"),
}
# Codes of services whose models declare none (S3, SNS: their API references' common errors).
_FALLBACKS = {
    ("s3", Action.THROTTLE): ("SlowDown", 503),
    ("s3", Action.SERVER_ERROR): ("InternalError", 500),
    ("s3", Action.VALIDATION): ("InvalidArgument", 400),
    ("s3", Action.ACCESS_DENIED): ("AccessDenied", 403),
    ("sqs", Action.VALIDATION): ("InvalidParameterValue", 400),
}
_COMMON = {
    Action.THROTTLE: ("ThrottlingException", 400),
    Action.SERVER_ERROR: ("InternalFailure", 500),
    Action.VALIDATION: ("ValidationException", 400),
    Action.ACCESS_DENIED: ("AccessDeniedException", 403),
}
_NEVER = ("Kms", "KMS", "FilterPolicy")


def injected(service: str, operation: str, action: Action) -> AwsError:
    """The refusal for `action`: a declared error of the operation, else AWS's common one."""
    if action is Action.CONFLICT:
        return _conflict(operation)
    declared = _declared(service, operation)
    for part in _NAME_PARTS[action]:
        for shape in declared:
            if part in shape.name and not shape.name.startswith(_NEVER):
                status = shape.metadata.get("error", {}).get("httpStatusCode")
                return AwsError(shape.name, _MESSAGES[action], status or _COMMON[action][1])
    code, status = _FALLBACKS.get((service, action), _COMMON[action])
    return AwsError(code, _MESSAGES[action], status)


def _conflict(operation: str) -> AwsError:
    """DynamoDB's, when another transaction had one of the items."""
    if operation != "TransactWriteItems":
        return AwsError("TransactionConflictException", "Transaction is ongoing for the item", 400)
    return AwsError(
        "TransactionCanceledException",
        "Transaction cancelled: [TransactionConflict]",
        400,
        CancellationReasons=[{"Code": "TransactionConflict"}],
    )


def _declared(service: str, operation: str) -> list[Shape]:
    try:
        return list(service_api(service).operation(operation).error_shapes)
    except AwsError:
        return []


PLAIN_STATUS = {
    Action.THROTTLE: 429,
    Action.SERVER_ERROR: 500,
    Action.VALIDATION: 400,
    Action.ACCESS_DENIED: 403,
    Action.CONFLICT: 409,
}


def plain_message(action: Action) -> str:
    """The sentence a plain HTTP endpoint answers with."""
    return _MESSAGES[action]
