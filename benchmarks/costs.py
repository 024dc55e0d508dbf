"""Dollars per 1,000 messages: counts of the benchmark times dated list prices.

The prices are list prices (`chalicelib/list_prices.py`), each with its source and date.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.calls import Figure
from chalicelib.list_prices import PRICES, Payee, bill
from sandbox.meter import TOKENS_IN, TOKENS_OUT

THOUSAND = 1000
PAYEES: tuple[Payee, ...] = ("Connect", "WhatsApp", "AI", "other AWS")
# What the event source mappings ask for themselves: two hops of receive and delete. A batch
# shares them; here each message pays for its own.
MAPPING_REQUESTS = 4
INVOCATIONS = 2  # ingest and worker
MEMORY_GB = 0.5
CPU_MS = 10  # of both functions, generously
# One voice note of half a minute.
NOTE = {"speech_second": 30, "tokens_in": TOKENS_IN, "tokens_out": TOKENS_OUT}
# Encrypted by a key of the operator's: topic and event queue each encrypt and decrypt the event; so
# does the hop's queue. What is written to or read from S3 uses the bucket's key (buckets.py).
KMS_OF_EVENTS = 4
KMS_REQUESTS = {"sqs.SendMessage": 2, "sqs.SendMessageBatch": 2}
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


# title, benchmark cases, and what is billed by the message
KINDS: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "texts of customers, live chat": (
        ("text_live",),
        {"connect_message": 1, "eum_message": 1},
    ),
    "first texts, with the flow's greeting": (
        ("first_text_new", "agent_text"),
        {"connect_message": 2, "eum_message": 2, "meta_service_message": 1},
    ),
    "bursts of four texts that waited together": (
        ("burst_of_four",),
        {"connect_message": 1, "eum_message": 4},
    ),
    "voice notes of 30 s, live chat (card and sound)": (
        ("voice_60s_live",),
        {"connect_message": 2, "eum_message": 1, **NOTE},
    ),
    "images, live chat": (("image_live",), {"connect_message": 1, "eum_message": 1}),
    "answers of agents": (
        ("agent_text",),
        {"connect_message": 1, "eum_message": 1, "meta_service_message": 1},
    ),
    "files of agents": (
        ("agent_attachment",),
        {"connect_message": 1, "eum_message": 1, "meta_service_message": 1},
    ),
    "utility templates, window closed": (
        ("agent_text",),
        {"connect_message": 1, "eum_message": 1, "meta_utility_template": 1},
    ),
    "delivery statuses": (("status",), {}),
    "ends of chats": (("chat_ended",), {}),
}


def rows(figures: Mapping[str, Figure]) -> list[Row]:
    """One row a kind."""
    return [
        _row(title, [figures[case] for case in cases], billed)
        for title, (cases, billed) in KINDS.items()
    ]


def _row(title: str, parts: Sequence[Figure], billed: Mapping[str, float]) -> Row:
    counts = Counter(dict(billed))
    for part in parts:
        counts.update(_infrastructure(part))
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
        "kms_request": KMS_OF_EVENTS
        + sum(each * made.get(name, 0) for name, each in KMS_REQUESTS.items()),
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
- KMS: SQS and SNS ask for a data key and use it for five minutes
  (`KmsDataKeyReusePeriodSeconds`), so a busy hour costs next to nothing; here every message comes
  alone and pays for its own. Tables and bucket ask every few minutes, whatever passes.
- A template inside the customer service window is free at Meta; here the window is closed.
  Marketing templates cost several times as much.
- A voice note: {NOTE["speech_second"]} s of speech, {NOTE["tokens_in"]} tokens in and
  {NOTE["tokens_out"]} out: a token for every four bytes of our request."""
