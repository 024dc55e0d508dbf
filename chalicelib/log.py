"""The one logger and the one set of metrics.

A log line is a static sentence plus fields. Fields are ids of our own (conversation keys, wamid
hashes, contact ids, request ids), counts, codes and durations: never message text, phone numbers,
names or tokens. `tests/unit/test_log.py` holds every line of a whole conversation against that.
"""

import functools
import hashlib
import re
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}|\d{0,6}")
"""A service's word or number for a failure. A gateway before a language model may put a sentence
there, or what it was sent: that is logged as NO_CODE."""
NO_CODE = "no_code"

SERVICE = "puente"
NAMESPACE = "Puente"

logger = Logger(service=SERVICE, utc=True)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
# The set of metrics is not made for the threads of a container (container/).
_counting = threading.Lock()
P = ParamSpec("P")
T = TypeVar("T")


def short(identifier: str) -> str:
    """A stable short hash of an identifier, so that a wamid can be followed and not read.

    A wamid holds the customer's phone number in base64: it never goes into a log as it is.
    """
    return hashlib.sha256(identifier.encode()).hexdigest()[:12]


def count(name: str, value: float = 1) -> None:
    """Add to a metric. Names are those of docs/operations.md."""
    with _counting:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def flush() -> None:
    """Metrics leave with the invocation; an empty set says nothing."""
    with _counting:
        if metrics.metric_set:
            metrics.flush_metrics()


def flushed(handler: Callable[P, T]) -> Callable[P, T]:
    """An entry point whose metrics leave with each call, whatever comes of it."""

    @functools.wraps(handler)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return handler(*args, **kwargs)
        finally:
            flush()

    return run


def info(sentence: str, **fields: Any) -> None:
    logger.info(sentence, extra=fields)


def warn(sentence: str, **fields: Any) -> None:
    logger.warning(sentence, extra=fields)


def failure(sentence: str, problem: BaseException, **fields: Any) -> None:
    """Log a failure by its class and code; an exception's text may quote a customer."""
    logger.error(
        sentence, extra={"problem": type(problem).__name__, "code": _code(problem), **fields}
    )


def _code(problem: BaseException) -> str:
    code = str(getattr(problem, "code", "") or "")
    return code if CODE.fullmatch(code) else NO_CODE
