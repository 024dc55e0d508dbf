"""Speech to text, and text to facts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from chalicelib.media_types import MediaType
from chalicelib.transcript import Transcript

if TYPE_CHECKING:  # pydantic is not needed before a voice note comes
    from chalicelib.ai_answers import Structuring
    from chalicelib.prompt import StructuringContext


class Ai(Protocol):
    """Speech to text, and text to facts. Both raise the ServiceErrors of `errors.py`."""

    def transcribe(
        self,
        audio: bytes,
        media: MediaType,
        *,
        budget_s: float,
        language_hints: Sequence[str] = (),
        keywords: Sequence[str] = (),
        duration_s: float = 0.0,
    ) -> Transcript:
        """Raises ContentError when the container must be converted first."""
        ...

    def structure(
        self, transcript: Transcript, context: "StructuringContext", *, budget_s: float
    ) -> "Structuring": ...
