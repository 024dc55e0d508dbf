"""Start-up of the functions on the text path, relative to boto3 with the clients they need.

Each is started anew in a process of its own; the median of several, in CPU time, because a busy
machine makes everybody wait.
"""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass

RUNS = 5
FORBIDDEN = ("openai", "av", "PIL", "jinja2", "chalicelib.gateways.audio")
CLIENTS = "boto3.client('sqs'); boto3.client('dynamodb'); boto3.client('connectparticipant')"
STAGES = {
    "base": f"import boto3; {CLIENTS}",
    "ingest": "import app; from chalicelib import wiring; wiring.current().ingest",
    "inbound": (
        "import app; from chalicelib import wiring; a = wiring.current(); a.inbound; "
        "a.db; a.queues; a.client('connectparticipant')"
    ),
    "outbound": (
        "import app; from chalicelib import wiring; a = wiring.current(); a.outbound; a.db; "
        "a.whatsapp"
    ),
}
REPORT = """
import json, sys, time
started = time.process_time()
{code}
took = (time.process_time() - started) * 1000
rss = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmRSS"))
loaded = [name for name in {forbidden} if name in sys.modules]
print(json.dumps([took, rss / 1024, loaded]))
"""
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
    "CONNECT_INSTANCE_ID": "12345678-1234-1234-1234-123456789012",
    "CONNECT_CONTACT_FLOW_ID": "12345678-1234-1234-1234-123456789012",
    "CHAT_STREAMING_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:chat-events",
    "DYNAMODB_TABLE_CONVERSATIONS": "conversations",
    "DYNAMODB_TABLE_MESSAGES": "messages",
    "S3_BUCKET_MEDIA": "media",
    "INBOUND_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/inbound.fifo",
    "OUTBOUND_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/outbound.fifo",
    "VOICE_NOTES_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/voice.fifo",
    "DEAD_LETTERS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo",
    "OPENAI_API_KEY": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """`ratio`: of the base's time in the same run; `forbidden`: modules that were loaded though
    no text needs them."""

    ms: float
    rss_mb: float
    ratio: float
    forbidden: list[str]


def measure(runs: int = RUNS) -> dict[str, Start]:
    """Every stage, the runs interleaved so that a busy machine is busy for all of them."""
    found: dict[str, list[tuple[float, float, list[str]]]] = {name: [] for name in STAGES}
    for _ in range(runs):
        for name, code in STAGES.items():
            found[name].append(_start(code))
    base = statistics.median(run[0] for run in found["base"])
    return {name: _median(every, base) for name, every in found.items()}


def _median(every: list[tuple[float, float, list[str]]], base: float) -> Start:
    ms = statistics.median(run[0] for run in every)
    return Start(
        ms=round(ms),
        rss_mb=round(statistics.median(run[1] for run in every), 1),
        ratio=round(ms / base, 2),
        forbidden=every[0][2],
    )


def _start(code: str) -> tuple[float, float, list[str]]:
    script = REPORT.format(code=code, forbidden=FORBIDDEN)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603  (our own interpreter and script)
        [sys.executable, "-c", script],
        env=kept | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    took, rss, loaded = json.loads(done.stdout)
    return took, rss, loaded
