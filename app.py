"""Entry points of Puente in AWS. Each parses its envelope and calls one use case.

One zip serves every function, so use cases are imported when an entry point first runs.
infra/ defines the functions, their queues and ReportBatchItemFailures.
"""

from typing import cast

from chalice.app import Chalice, SQSEvent

from chalicelib import log, wiring
from chalicelib.batches import Failures
from chalicelib.entries import Context

app = Chalice(app_name="puente", configure_logs=False)


@app.on_sqs_message(queue="whatsapp-events", name="ingest")
def ingest(event: SQSEvent) -> Failures:
    """WhatsApp events and chat records, as SNS delivers them, to the workers' queues."""
    return _flushed(wiring.current().ingest.handle(event.to_dict()))


@app.on_sqs_message(queue="inbound.fifo", name="inbound")
def inbound(event: SQSEvent) -> Failures:
    """What customers wrote, into their Connect chats."""
    return _flushed(wiring.current().inbound.handle(event.to_dict(), _context(event)))


@app.on_sqs_message(queue="outbound.fifo", name="outbound")
def outbound(event: SQSEvent) -> Failures:
    """What agents and flows wrote, to WhatsApp; delivery statuses; ends of chats."""
    return _flushed(wiring.current().outbound.handle(event.to_dict(), _context(event)))


@app.on_sqs_message(queue="voice-notes.fifo", name="voice_notes")
def voice_notes(event: SQSEvent) -> Failures:
    """Voice notes that took too long for the worker that received them."""
    return _flushed(wiring.current().late_cards.handle(event.to_dict(), _context(event)))


@app.route("/api/health")
def health() -> dict[str, str]:
    """Liveness (LA-20): the process answers and its settings are sound."""
    return {"status": "ok", "stage": wiring.current().settings.app_env}


def _context(event: SQSEvent) -> Context:
    return cast("Context", event.context)


def _flushed(answer: Failures) -> Failures:
    """Metrics leave with the invocation; an empty set says nothing."""
    if log.metrics.metric_set:
        log.metrics.flush_metrics()
    return answer
