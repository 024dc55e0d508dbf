"""What settings.yaml says about the world of a flow; rules that need it are silent without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowkit.views import View, bare_arn

#: StartChatContact: ChatDurationInMinutes is 1,500 (25 hours) by default, 10,080 at most.
DEFAULT_CHAT_S = 25 * 3600


@dataclass(frozen=True, slots=True)
class Known:
    """`functions`: ARNs of declared functions -> keys they answer with (None: not known);
    `views`: ARNs of the instance's own views, without version -> what they take and raise."""

    instance: str = ""
    functions: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    chat_s: int = DEFAULT_CHAT_S


def known_from(
    settings: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    views: Mapping[str, View] | None = None,
) -> Known:
    """From rendered settings, sample answers of stand_ins.yaml by function name, and views."""
    arns: Mapping[str, str] = settings["arns"]["lambdas"]
    samples = answers or {}
    functions = {
        arn: frozenset(samples[name]) | _ALWAYS if name in samples else None
        for name, arn in arns.items()
    }
    at: Mapping[str, str] = settings["arns"].get("views") or {}
    shown = {bare_arn(at[name]) or "": view for name, view in (views or {}).items() if name in at}
    return Known(str(settings.get("instance", "")), functions, shown)


#: Keys any of our functions may answer with, when it is not ready.
_ALWAYS = frozenset({"status", "reason"})
