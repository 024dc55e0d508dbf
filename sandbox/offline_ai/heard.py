"""What an offline speech engine heard. Pure: the one form all engines answer in."""

from dataclasses import dataclass
from typing import Literal, Protocol

#: Less speech than this is no sentence, and is not decoded at all.
LEAST_SPEECH_S = 0.25


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word, as it is to be shown, and its probability, 0 to 1."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was recognised, and whether the engine stands by it.

    `language`: ISO 639-1, "" for no words. `is_understood` False: there was speech, but its words
    are not to be shown to anybody.
    """

    words: tuple[Word, ...] = ()
    duration_s: float
    speech_s: float
    language: str = ""
    is_understood: bool = True

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean word probability; 0 for no words."""
        values = [word.probability for word in self.words]
        return sum(values) / len(values) if values else 0.0


class Engine(Protocol):
    """A loaded speech engine; its calls may come from several threads."""

    #: "offline-...", as the agent's card names it.
    name: str
    #: ISO 639-1 codes it can write down.
    languages: tuple[str, ...]
    #: Whether it tells these languages apart by the sound, or takes every note for its one.
    language_source: Literal["detected", "assumed"]

    def hear(self, pcm: bytes) -> Heard:
        """Recognise 16 kHz mono signed 16-bit samples; the same samples give the same words."""
        ...
