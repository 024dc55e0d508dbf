"""What settings.yaml says about the world of a flow; rules that need it are silent without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: StartChatContact: ChatDurationInMinutes is 1,500 (25 hours) by default, 10,080 at most.
DEFAULT_CHAT_S = 25 * 3600


@dataclass(frozen=True, slots=True)
class Known:
    """`functions`: ARNs of declared functions -> keys they answer with (None: not known)."""

    instance: str = ""
    functions: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    chat_s: int = DEFAULT_CHAT_S


def known_from(settings: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> Known:
    """From rendered settings and, by function name, sample answers of stand_ins.yaml."""
    arns: Mapping[str, str] = settings["arns"]["lambdas"]
    samples = answers or {}
    functions = {
        arn: frozenset(samples[name]) | _ALWAYS if name in samples else None
        for name, arn in arns.items()
    }
    return Known(str(settings.get("instance", "")), functions)


#: Keys any of our functions may answer with, when it is not ready.
_ALWAYS = frozenset({"status", "reason"})
