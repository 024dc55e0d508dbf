"""Meta's error codes: what kind of failure, whether trying again helps, what the agent reads. Pure.

Decided by code alone; titles are not stable. Source: Meta, support/error-codes; reference
whatsapp-eum.md section 5.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chalicelib.whatsapp.messages import WhatsAppError

FailureClass = Literal[
    "window_closed",
    "unreachable",
    "policy",
    "slow_down",
    "billing",
    "bad_request",
    "account",
    "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`retryable`: the same message may succeed later without anybody changing anything.

    `text_key` is a key of `texts/`: plain words for the agent, with what to do. `to_operator`: a
    person who runs Puente has to act.
    """

    code: int
    kind: FailureClass
    text_key: str
    retryable: bool = False
    to_operator: bool = False


_GROUPS: tuple[tuple[FailureClass, str, tuple[int, ...]], ...] = (
    ("window_closed", "window_closed", (131047, 470)),
    ("unreachable", "unreachable", (131026,)),
    ("unreachable", "self", (131021,)),
    ("unreachable", "country", (130497,)),
    ("unreachable", "needs_phone", (131062,)),
    ("policy", "policy", (131049, 130472)),
    ("policy", "opted_out", (131050,)),
    ("slow_down", "slow_down", (130429, 131056, 131048, 4, 80007)),
    ("slow_down", "temporary", (131016, 131000, 1, 2, 133004, 131057)),
    ("billing", "billing", (131042,)),
    ("bad_request", "bad_request", (100, 131008, 131009, 131051, 135000, 132068, 132069)),
    ("bad_request", "media", (131052, 131053)),
    (
        "bad_request",
        "template",
        (132000, 132001, 132005, 132007, 132012, 132015, 132016),
    ),
    ("account", "account", (0, 10, 190, 131005, 368, 131031, 133010, 131037, 131045)),
    ("account", "account", tuple(range(200, 300))),
)

_RETRYABLE: frozenset[FailureClass] = frozenset({"slow_down", "billing"})
"""AWS calls 131042 transient: 1-2-4-8-16 s, five times, then the credit line is revoked."""

_FOR_OPERATORS: frozenset[FailureClass] = frozenset({"billing", "account"})

FAILURES: dict[int, Failure] = {
    code: Failure(
        code=code,
        kind=kind,
        text_key=f"failed.{text}",
        retryable=kind in _RETRYABLE,
        to_operator=kind in _FOR_OPERATORS,
    )
    for kind, text, codes in _GROUPS
    for code in codes
}


def failure_of(code: int) -> Failure:
    """What an error code means; class "unknown", not retryable, when nobody told us."""
    return FAILURES.get(code) or Failure(code=code, kind="unknown", text_key="failed.unknown")


def worst(errors: Iterable[WhatsAppError]) -> Failure | None:
    """The failure to act on when a status lists several; None for an empty list."""
    known = [failure_of(error.code) for error in errors]
    return next((each for each in known if each.kind != "unknown"), next(iter(known), None))
