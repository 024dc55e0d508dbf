"""Entry points of Puente in AWS. Each parses its envelope and calls one use case.

One zip serves every function, so use cases are imported when an entry point first runs.
infra/ defines the functions, their queues and ReportBatchItemFailures.
"""

from http import HTTPStatus
from typing import cast

from chalice.app import Chalice, Response, SQSEvent

from chalicelib import log, wiring
from chalicelib.batches import Failures
from chalicelib.entries import Context
from chalicelib.webhook_entry import Answer

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


def ready() -> Response:
    """Readiness (LA-20, SA-59): every dependency answers. 503 when no message could pass."""
    found = wiring.current().dependencies.ask()
    status = HTTPStatus.SERVICE_UNAVAILABLE if found.state == "not ready" else HTTPStatus.OK
    return Response(body={"status": found.state, "checks": dict(found.checks)}, status_code=status)


def subscribe() -> Response:
    """Meta asks whether this address is ours (hub.challenge)."""
    query = app.current_request.query_params if app.current_request else None
    return _plain(wiring.current().webhook.subscribe(query or {}))


def receive() -> Response:
    """Meta's own webhook: taken only when signed, answered only when durably queued."""
    request = app.current_request
    body = request.raw_body if request else b""
    answer = wiring.current().webhook.receive(
        body if isinstance(body, bytes) else body.encode(),
        request.headers.get("x-hub-signature-256", "") if request else "",
    )
    log.flush()
    return _plain(answer)


for path in ("/api/health/ready", "/health"):
    app.route(path, methods=["GET"], name=f"ready {path}")(ready)

for path in ("/webhook/whatsapp", "/webhook", "/whatsapp/v2"):
    app.route(path, methods=["GET"], name=f"subscribe {path}")(subscribe)
    app.route(path, methods=["POST"], name=f"receive {path}")(receive)


def _plain(answer: Answer) -> Response:
    return Response(
        body=answer.text, status_code=answer.status, headers={"Content-Type": "text/plain"}
    )


def _context(event: SQSEvent) -> Context:
    return cast("Context", event.context)


def _flushed(answer: Failures) -> Failures:
    log.flush()
    return answer
