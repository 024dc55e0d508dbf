"""All functions of Puente in one process that can be killed: what Lambda's pollers do, by HTTP.

The parent imports everything once and forks a worker for each line it reads; it writes the pid.
The sandbox's quick clock is known by two numbers: its time at a moment of the wall clock.
"""

import os
import signal
import sys
import time
from types import SimpleNamespace

from botocore.exceptions import BotoCoreError, ClientError

QUEUES = {
    "whatsapp-events": "ingest",
    "chat-events": "ingest",
    "inbound.fifo": "inbound",
    "outbound.fifo": "outbound",
    "voice-notes.fifo": "voice_notes",
}
FUNCTION_SECONDS = 20
ALL = ["All"]


def zygote(began, wall, speed):
    import app  # noqa: F401  (loaded before the fork)
    from chalicelib import wiring
    from chalicelib.gateways import connect_chat, end_user_messaging, media  # noqa: F401
    from chalicelib.settings import Settings

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    settings = Settings.from_environment()
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            product = wiring.App(settings, clock=lambda: began + (time.time() - wall) * speed)
            with wiring.using(product):
                work(product)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def work(product):
    """Poll every queue in turn, until the parent is gone."""
    import app

    sqs = product.client("sqs")
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: FUNCTION_SECONDS * 1000)
    base = product.settings.inbound_queue_url.rpartition("/")[0]
    parent = os.getppid()
    while os.getppid() == parent:  # a test that was interrupted leaves nobody behind
        busy = False
        for queue, function in QUEUES.items():
            try:
                busy |= one_batch(sqs, f"{base}/{queue}", getattr(app, function), context)
            except (BotoCoreError, ClientError):
                continue  # a poller of Lambda's goes on after a broken call, and so does this one
        if not busy:
            time.sleep(0.01)


def one_batch(sqs, url, handler, context):
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=ALL
    )
    messages = answer.get("Messages", [])
    if not messages:
        return False
    records = [
        {
            "messageId": one["MessageId"],
            "receiptHandle": one["ReceiptHandle"],
            "body": one["Body"],
            "attributes": one["Attributes"],
        }
        for one in messages
    ]
    failed = handler({"Records": records}, context)["batchItemFailures"]
    kept = {one["itemIdentifier"] for one in failed}
    for one in messages:
        if one["MessageId"] not in kept:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return True


if __name__ == "__main__":
    zygote(*map(float, sys.argv[1:4]))
