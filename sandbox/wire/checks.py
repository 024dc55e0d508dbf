"""What a service refuses before it looks at its state: types, required members, limits.

botocore's own validator covers types, required members and minimums; a real service also refuses
what its model's maximums, patterns and enumerations forbid, and a client does not check those.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from sandbox.wire.emulator import AwsError

_VALIDATOR = ParamValidator()


# Its model narrows what it takes (ReceiveMessage.AttributeNames lists queue attributes, yet message
# attributes are accepted there), so its emulator checks limits itself.
_OWN_LIMITS = ("sqs",)
# Presigned addresses of the sandbox's S3 lie on this machine; models want the address of AWS.
_LOOPBACK, _S3 = re.compile(r"^http://127\.0\.0\.1:\d+/"), "https://s3.us-east-1.amazonaws.com/"


def check(
    params: dict[str, Any],
    shape: Shape,
    service: str,
    any_form: frozenset[str] = frozenset(),
) -> None:
    """Raises AwsError (ValidationException) naming every member that does not fit its shape.

    The limits of members named in `any_form` are not looked at.
    """
    report = _VALIDATOR.validate(params, shape)
    if report.has_errors():
        raise AwsError("ValidationException", report.generate_report())
    limited = {name: value for name, value in params.items() if name not in any_form}
    problems = [] if service in _OWN_LIMITS else list(_problems(limited, shape, ""))
    if problems:
        raise AwsError("ValidationException", "; ".join(problems))


def _problems(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in value.items() if isinstance(value, dict) else ():
            yield from _problems(member, shape.members[name], f"{where}.{name}".lstrip("."))
    elif isinstance(shape, ListShape):
        yield from _size(len(value), shape, where)
        for index, member in enumerate(value):
            yield from _problems(member, shape.member, f"{where}[{index}]")
    elif isinstance(shape, MapShape):
        yield from _size(len(value), shape, where)
        for name, member in value.items():
            yield from _problems(name, shape.key, f"{where} (key)")
            yield from _problems(member, shape.value, f"{where}.{name}")
    else:
        yield from _scalar(value, shape, where)


def _scalar(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if isinstance(value, str | bytes):
        yield from _size(len(value), shape, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _size(value, shape, where)
    if isinstance(value, str):
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            yield f"{where}: must be one of {', '.join(allowed)}"
        pattern = _compiled(shape.metadata.get("pattern"))
        if pattern and not pattern.fullmatch(_LOOPBACK.sub(_S3, value)):
            yield f"{where}: does not match {pattern.pattern}"


def _size(size: float, shape: Shape, where: str) -> Iterator[str]:
    largest = shape.metadata.get("max")
    if largest is not None and size > largest:
        yield f"{where}: {size} is over the maximum of {largest}"


@lru_cache(maxsize=512)
def _compiled(pattern: str | None) -> "re.Pattern[str] | None":
    """Models write Java patterns; those Python cannot read (`\\p{L}`) are not checked."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None
