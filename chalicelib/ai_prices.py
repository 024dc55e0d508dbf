"""What a call to an AI service costs at list price, in US dollars. Pure; unknown is None."""

from decimal import Decimal
from typing import TypeVar

#: Per minute of audio. gpt-transcribe: developers.openai.com model page, 2026-11; the others are
#: the "about" figures of the same pages (they are billed by token).
_PER_MINUTE = {
    "gpt-transcribe": Decimal("0.0045"),
    "gpt-4o-transcribe": Decimal("0.006"),
    "gpt-4o-mini-transcribe": Decimal("0.003"),
    "whisper-1": Decimal("0.006"),
}
#: Per million tokens in and out (openrouter.ai, 2026).
_PER_MILLION_TOKENS = {
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "gpt-5-mini": (Decimal("0.25"), Decimal("2.00")),
}
_MILLION = 1_000_000
_MINUTE_S = 60
_FREE = "offline-"
_STEP = Decimal("0.000001")
_Price = TypeVar("_Price")


def of_audio(model: str, seconds: float) -> Decimal | None:
    """Price of transcribing `seconds` with `model`; None when the model's price is not known."""
    if model.startswith(_FREE):
        return Decimal(0)
    price = _match(_PER_MINUTE, model)
    return None if price is None else (price * Decimal(str(seconds)) / _MINUTE_S).quantize(_STEP)


def of_text(model: str, tokens_in: int, tokens_out: int) -> Decimal | None:
    """Price of a text request; None when the model's price is not known."""
    if model.startswith(_FREE):
        return Decimal(0)
    price = _match(_PER_MILLION_TOKENS, model)
    if price is None:
        return None
    return ((price[0] * tokens_in + price[1] * tokens_out) / _MILLION).quantize(_STEP)


def _match(prices: dict[str, _Price], model: str) -> _Price | None:
    """The price of the model or of the one it is a dated version of ("gpt-5-mini-2025-08-07")."""
    if model in prices:
        return prices[model]
    dated = [name for name in prices if model.startswith(f"{name}-2")]
    return prices[max(dated, key=len)] if dated else None
