"""The container as a process: it reads the queues, answers HTTP, and ends when it is told to."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

import app as entry_points
from container.poller import Poller
from container.web import MOST_BYTES, wsgi
from sandbox import up
from sandbox.graph_api import signature
from sandbox.world import World
from tests.scenarios.over_http import WITHIN_S, eventually

ROOT = Path(__file__).parents[2]
SECRET = "of-the-meta-app"


def asked(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[str, bytes]:
    """Status and body of a request to the WSGI application."""
    told: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    answer = wsgi(entry_points.app)(environ, lambda status, _: told.append(status))
    return told[0], b"".join(answer)


@pytest.fixture
def world() -> Iterator[World]:
    settings = {"WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "typed"}
    with World(settings=settings) as running:
        yield running


def test_the_routes_of_the_app_answer(world: World) -> None:
    assert asked("GET", "/api/health")[0] == "200 OK"
    asking = "/webhook?hub.mode=subscribe&hub.verify_token=typed&hub.challenge=42"
    assert asked("GET", asking) == ("200 OK", b"42")
    assert asked("GET", asking.replace("typed", "guessed"))[0] == "403 Forbidden"


def test_only_what_meta_signed_is_taken(world: World) -> None:
    """The signature is over the very bytes that were sent."""
    body = '{"object": "whatsapp_business_account", "entry": [], "\u00e9": 1}'.encode()
    signed = signature(body, SECRET)
    assert asked("POST", "/webhook", body, x_hub_signature_256=signed)[0] == "200 OK"
    assert asked("POST", "/webhook", body + b" ", x_hub_signature_256=signed)[0].startswith("401")


def test_other_calls_are_refused(world: World) -> None:
    assert asked("GET", "/etc/passwd")[0] == "404 Not Found"
    assert asked("DELETE", "/webhook")[0] == "404 Not Found"
    large = asked("POST", "/webhook", b"x" * (MOST_BYTES + 1))
    assert large[0].startswith(str(HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served() -> Iterator[World]:
    stop = threading.Event()
    with up.served(0, with_puente=False) as running:
        thread = threading.Thread(target=up.run, args=(running, stop))
        thread.start()
        yield running
        stop.set()
        thread.join()


def test_one_process_does_it_all_and_ends_when_told(served: World) -> None:
    """VN-20. From the phone to Connect and back, over HTTP to every service; SIGTERM is enough."""
    port = free_port()
    environment = {
        **up.environment(served),
        "RUN_MODE": "inline",
        "WHATSAPP_EVENTS_QUEUE_URL": served.sqs.url("whatsapp-events"),
        "CHAT_EVENTS_QUEUE_URL": served.sqs.url("chat-events"),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "container", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    try:
        assert eventually(lambda: healthy(port)) == HTTPStatus.OK
        with served.router.lock:
            mia = served.phones.add("Mia", "15550100001")
            mia.says("Hello")
        assert "Thank you" in eventually(lambda: mia.texts and mia.texts[0])
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN_S) == 0


def healthy(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health") as answer:
            return int(answer.status)
    except urllib.error.URLError:
        return None


def test_a_bug_of_ours_does_not_end_the_reader_of_a_queue() -> None:
    """Lambda would call again; here nobody starts a thread that ended."""
    turns: list[str] = []

    class Reader:
        def receive(self) -> dict[str, Any]:
            turns.append("read")
            raise KeyError("a bug of ours")

    poller = Poller(Reader(), lambda *_: {"batchItemFailures": []})  # type: ignore[arg-type]
    poller.run(lambda: len(turns) == 2, lambda _seconds: None)
    assert turns == ["read", "read"]


def test_wrong_settings_are_told_and_nothing_starts() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "container"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "CONNECT_INSTANCE_ID: is missing" in ended.stderr
