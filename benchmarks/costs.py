"""Dollars per 1,000 messages: counts of the benchmark times dated list prices.

The prices are those of the sandbox (`sandbox/prices.py`), each with its source and date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.calls import Figure
from sandbox.prices import PRICES, Payee, bill

THOUSAND = 1000
PAYEES: tuple[Payee, ...] = ("Connect", "WhatsApp", "AI", "other AWS")
# What the event source mappings ask for themselves: two hops of receive and delete. A batch
# shares them; here each message pays for its own.
MAPPING_REQUESTS = 4
INVOCATIONS = 2  # ingest and worker
MEMORY_GB = 0.5
CPU_MS = 10  # of both functions, generously
# One voice note of half a minute, tokens as a structuring prompt of ours takes them.
NOTE = {"speech_second": 30, "tokens_in": 900, "tokens_out": 200}
# DynamoDB: a transaction counts twice, and ours write a conversation and a message.
WRITE_UNITS = {"dynamodb.UpdateItem": 1, "dynamodb.TransactWriteItems": 4}
READ_UNITS = {"dynamodb.GetItem": 1}


@dataclass(frozen=True, slots=True)
class Row:
    """What 1,000 of one kind cost, in dollars by payee."""

    title: str
    by_payee: dict[Payee, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.by_payee.values(), Decimal(0))


# title, benchmark case, and what is billed by the message
KINDS: dict[str, tuple[str, dict[str, float]]] = {
    "texts of customers, live chat": ("text_live", {"connect_message": 1, "eum_message": 1}),
    "bursts of four texts that waited together": (
        "burst_of_four",
        {"connect_message": 1, "eum_message": 4},
    ),
    "voice notes of 30 s, live chat (card and sound)": (
        "voice_60s_live",
        {"connect_message": 2, "eum_message": 1, **NOTE},
    ),
    "images, live chat": ("image_live", {"connect_message": 1, "eum_message": 1}),
    "answers of agents": (
        "agent_text",
        {"connect_message": 1, "eum_message": 1, "meta_service_message": 1},
    ),
    "delivery statuses": ("status", {}),
}


def rows(figures: Mapping[str, Figure]) -> list[Row]:
    """One row a kind."""
    return [_row(title, figures[case], billed) for title, (case, billed) in KINDS.items()]


def _row(title: str, figure: Figure, billed: Mapping[str, float]) -> Row:
    counts = {**_infrastructure(figure), **billed}
    return Row(title, bill({name: count * THOUSAND for name, count in counts.items()}))


def _infrastructure(figure: Figure) -> dict[str, float]:
    """What Lambda, SQS, SNS, DynamoDB and S3 count for one message."""
    made = figure.by_operation
    seconds = (figure.model_ms + CPU_MS) / 1000
    return {
        "sns_publish": 1,
        "lambda_request": INVOCATIONS,
        "lambda_gb_second": seconds * MEMORY_GB,
        "sqs_request": MAPPING_REQUESTS
        + sum(count for name, count in made.items() if name.startswith("sqs.")),
        "dynamodb_write": _units(made, WRITE_UNITS),
        "dynamodb_read": _units(made, READ_UNITS),
        "s3_put": made.get("socialmessaging.GetWhatsAppMessageMedia", 0),
        "s3_get": made.get("s3.GetObject", 0),
    }


def _units(made: Mapping[str, int], units: Mapping[str, int]) -> int:
    return sum(made.get(name, 0) * each for name, each in units.items())


def document(figures: Mapping[str, Figure]) -> str:
    """docs/costs.md, whole."""
    return "\n".join([HEAD, *_table(figures), PRICES_HEAD, *_price_table(), TAIL])


def _table(figures: Mapping[str, Figure]) -> list[str]:
    lines = [f"| 1,000 | {' | '.join(PAYEES)} | total |", "|---" * (len(PAYEES) + 2) + "|"]
    for row in rows(figures):
        parts = [f"{row.by_payee[payee]:.4f}" for payee in PAYEES]
        lines.append(f"| {row.title} | {' | '.join(parts)} | **{row.total:.2f}** |")
    return lines


def _price_table() -> list[str]:
    lines = ["| what | US dollars | unit | source | date |", "|---|---|---|---|---|"]
    for name, price in PRICES.items():
        cells = (name, f"{price.usd:f}", price.unit, price.source, price.dated)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


HEAD = """# What a message costs

Made by `python -m benchmarks costs`; do not edit. US dollars per 1,000 messages: what the
benchmark counts times the list prices below. Free tiers, discounts, log storage and the agents'
own cost are not in it.
"""
PRICES_HEAD = """
## Prices
"""
TAIL = f"""
## How it is counted

- Connect bills every chat message, so texts that waited together travel as one. Whether an
  attachment is billed as a message of its own is not confirmed; here it is.
- End User Messaging bills each WhatsApp message in and out. Read receipts and typing indicators
  are taken to be free; the setting `READ_RECEIPTS` switches them off.
- Meta bills answers by the customer's country; North America stands here. What customers write is
  free, and so are the first 1,000 answers of a number and month.
- A function runs as long as its calls take by the latency model (`benchmarks/latency.py`) and
  {CPU_MS} ms more, at {MEMORY_GB} GB. Requests of the event source mappings are counted as if
  every message came alone.
- DynamoDB: one write unit for each item of up to 1 KB, twice in a transaction. An item with a full
  ring of 64 entries takes three to four: add 0.01 dollars per 1,000 for long conversations.
- A voice note: {NOTE["speech_second"]} s of speech, {NOTE["tokens_in"]} tokens in and
  {NOTE["tokens_out"]} out."""
