"""List prices in US dollars, each with its source and date, and bills computed from counts.

They are for judging proportions; an account's own prices, free tiers and discounts differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Payee = Literal["Connect", "WhatsApp", "AI", "other AWS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one `unit` costs."""

    usd: Decimal
    unit: str
    payee: Payee
    source: str
    dated: str


def _price(usd: str, unit: str, payee: Payee, source: str, dated: str) -> Price:
    return Price(usd=Decimal(usd), unit=unit, payee=payee, source=source, dated=dated)


_CONNECT = "aws.amazon.com/products/connect/customer/pricing, as transcribed by api-evangelist"
_EUM = "AWS sample README; docs.aws.amazon.com/social-messaging, charged-per-conversation"
_META = "service message at the utility rate of North America, api-evangelist/sleekflow"
_OPENAI = "developers.openai.com, model page of gpt-transcribe"
_ROUTER = "openrouter.ai, gpt-5-mini"
_KMS = "cloudburn.io/blog/aws-kms-pricing: 0.03 per 10,000, us-east-1"
_LIST = "us-east-1 list price, from memory"

PRICES: dict[str, Price] = {
    "connect_message": _price(
        "0.010", "chat message, in or out", "Connect", _CONNECT, "2026-10-07"
    ),
    "eum_message": _price("0.005", "message, in or out", "WhatsApp", _EUM, "2026-02"),
    # The first 1,000 per number and month are free; what customers write is free.
    "meta_service_message": _price("0.0034", "reply", "WhatsApp", _META, "2026-10-01"),
    # The same market and rate; a template inside the window is free.
    "meta_utility_template": _price("0.0034", "template", "WhatsApp", _META, "2026-10-01"),
    "speech_second": _price("0.000075", "second of audio", "AI", _OPENAI, "2026-11"),
    "tokens_in": _price("0.00000025", "token", "AI", _ROUTER, "2026"),
    "tokens_out": _price("0.00000200", "token", "AI", _ROUTER, "2026"),
    "lambda_request": _price("0.0000002", "invocation", "other AWS", _LIST, "2026-09"),
    "lambda_gb_second": _price("0.0000133334", "GB-second (arm64)", "other AWS", _LIST, "2026-09"),
    "sns_publish": _price("0.0000005", "publish", "other AWS", _LIST, "2026"),
    "sqs_request": _price("0.0000005", "FIFO request", "other AWS", _LIST, "2026"),
    "dynamodb_write": _price("0.000000625", "write unit", "other AWS", _LIST, "2026"),
    "dynamodb_read": _price("0.000000125", "read unit", "other AWS", _LIST, "2026"),
    "s3_put": _price("0.000005", "PUT", "other AWS", _LIST, "2026"),
    "s3_get": _price("0.0000004", "GET", "other AWS", _LIST, "2026"),
    "kms_request": _price("0.000003", "request", "other AWS", _KMS, "2026-03"),
}


def bill(counts: Mapping[str, float]) -> dict[Payee, Decimal]:
    """Dollars by payee. Raises KeyError for a count that has no price."""
    sums: dict[Payee, Decimal] = {"Connect": Decimal(0), "WhatsApp": Decimal(0)}
    sums |= {"AI": Decimal(0), "other AWS": Decimal(0)}
    for name, count in counts.items():
        price = PRICES[name]
        sums[price.payee] += price.usd * Decimal(str(count))
    return sums
