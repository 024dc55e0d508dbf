"""The AI service at the pace its provider allows (SA-46); what comes faster is tried later."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chalicelib.media_types import MediaType
from chalicelib.pacing import Pace, Rate
from chalicelib.ports.ai import Ai
from chalicelib.transcript import Transcript

if TYPE_CHECKING:
    from chalicelib.ai_answers import Structuring
    from chalicelib.prompt import StructuringContext

CALLS = "calls"


def rates(calls_per_minute: float) -> dict[str, Rate]:
    """The rate of `PacedAi`; a minute's share may come at once."""
    return {CALLS: Rate(calls_per_minute / 60, max(1.0, calls_per_minute))}


class PacedAi:
    """Stands in front of the AI door and has its form."""

    def __init__(self, ai: Ai, pace: Pace) -> None:
        self._ai = ai
        self._pace = pace

    def transcribe(self, audio: bytes, media: MediaType, **how: Any) -> Transcript:
        with self._passing():
            return self._ai.transcribe(audio, media, **how)

    def structure(
        self, transcript: Transcript, context: "StructuringContext", *, budget_s: float
    ) -> "Structuring":
        with self._passing():
            return self._ai.structure(transcript, context, budget_s=budget_s)

    @contextmanager
    def _passing(self) -> Iterator[None]:
        self._pace.take(CALLS)
        with self._pace.minding(CALLS):
            yield
