"""What a step of the story took: calls, real milliseconds, bytes, and what it would cost."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.list_prices import bill
from sandbox.wire.calls import CallRecord
from sandbox.world import World

# Write units by operation: a transaction costs twice, and ours have two items.
WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 4}
READS = {"GetItem": 1, "Query": 1}
S3_PUTS, S3_GETS = ("PutObject", "PUT presigned"), ("GetObject", "GET presigned")
# What the event source mapping itself asks of SQS for one invocation: receive and delete.
SQS_PER_INVOCATION = 2
FUNCTION_GB = 0.5
# One voice note of half a minute: the offline engines count no tokens. Our request has 7,300 bytes
# (prompt, schema, words), and a token is about four characters of English (OpenAI's help pages).
TOKENS_IN, TOKENS_OUT = 1850, 250


@dataclass(slots=True, kw_only=True)
class Measure:
    """One step. `calls` counts the product's AWS calls; `wire_ms` is the emulators' share of
    `ms`, `ai_ms` the speech and language engines'."""

    kind: str
    calls: int = 0
    ms: float = 0.0
    wire_ms: float = 0.0
    ai_ms: float = 0.0
    bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    speech_s: float = 0.0

    @property
    def dollars(self) -> Decimal:
        """Everything together."""
        return sum(bill(self.counts).values(), Decimal(0))


class Meter:
    """Measures steps in a world, in the order they are taken."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.measures: list[Measure] = []

    @contextmanager
    def step(self, kind: str, *, speech_s: float = 0.0) -> Iterator[Measure]:
        """Measure what happens inside. `speech_s`: seconds of voice note in it."""
        measure = Measure(kind=kind, speech_s=speech_s)
        before, first, started = self._totals(), len(self._world.router.calls), time.perf_counter()
        yield measure
        measure.ms = (time.perf_counter() - started) * 1000
        self._add_calls(measure, self._world.router.calls[first:])
        measure.counts += self._totals() - before
        measure.counts["lambda_gb_second"] = round(measure.ms / 1000 * FUNCTION_GB, 4)  # type: ignore[assignment]
        if speech_s:
            measure.counts["speech_second"] = round(speech_s)
            measure.counts += Counter(tokens_in=TOKENS_IN, tokens_out=TOKENS_OUT)
        self.measures.append(measure)

    def _totals(self) -> Counter[str]:
        """What is counted outside of the wire, since the beginning."""
        world = self._world
        invocations = len(world.deliverer.deliveries)
        sent = sum(1 for one in world.network.sent if "failed" not in one.statuses)
        chat_messages = sum(
            item.type in ("MESSAGE", "ATTACHMENT") for chat in world.chats for item in chat.items
        )
        return Counter(
            connect_message=chat_messages,
            eum_message=sent + len(world.network.received),
            meta_service_message=sent,
            lambda_request=invocations + len(world.lambdas.invocations),
            sns_publish=sum(world.topics.published.values()),
            sqs_request=invocations * SQS_PER_INVOCATION,
        )

    def _add_calls(self, measure: Measure, calls: list[CallRecord]) -> None:
        for call in calls:
            measure.bytes += call.bytes_in + call.bytes_out
            if call.service == "http:openai":
                measure.ai_ms += call.ms
            else:
                measure.wire_ms += call.ms
                measure.calls += not call.service.startswith("http:")
                measure.counts += _billed(call)


def _billed(call: CallRecord) -> Counter[str]:
    if call.service == "dynamodb":
        writes, reads = WRITES.get(call.operation, 0), READS.get(call.operation, 0)
        return Counter(dynamodb_write=writes, dynamodb_read=reads)
    if call.service in ("s3", "http:s3"):
        put, get = call.operation in S3_PUTS, call.operation in S3_GETS
        return Counter(s3_put=int(put), s3_get=int(get))
    return Counter(sqs_request=1) if call.service == "sqs" else Counter()
