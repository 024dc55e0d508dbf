"""`python -m container`: reads the queues, and in mode `inline` takes Meta's calls as well.

Ends on SIGTERM after what is in hand; what is not finished comes back when its visibility time-out
is over.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable

from waitress.server import create_server

import app as entry_points
from chalicelib import log, wiring
from chalicelib.errors import SettingsError
from container.poller import Handler, Poller
from container.web import wsgi

PORT = 8080
THREADS = 4  # of HTTP calls, and readers of each FIFO queue: SQS keeps their groups apart


def pollers(app: wiring.App) -> list[Poller]:
    """Who reads what: FIFO queues always, the event queues where their addresses are given."""
    settings = app.settings
    events = (settings.whatsapp_events_queue_url, settings.chat_events_queue_url)
    sources: list[tuple[str, Handler, int]] = [
        (settings.inbound_queue_url, entry_points.inbound, THREADS),
        (settings.outbound_queue_url, entry_points.outbound, THREADS),
        (settings.voice_notes_queue_url, entry_points.voice_notes, 1),
        *((url, entry_points.ingest, 1) for url in events if url),
    ]
    return [
        Poller(app.reader(url), handler, app.emptied(url))
        for url, handler, readers in sources
        for _ in range(readers)
    ]


def main() -> int:
    """0 after SIGTERM; 1 with what is wrong in the settings."""
    parser = argparse.ArgumentParser(prog="python -m container", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="mode inline: where HTTP listens")  # noqa: S104  (a container's only door)
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args()
    try:
        app = wiring.current()
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    readers = [_started(one.run, stopped) for one in pollers(app)]
    if app.settings.run_mode == "inline":
        _serve(given.host, given.port, stopped)
    log.info("the container reads its queues", status=app.settings.run_mode)
    stopped.wait()
    for reader in readers:
        reader.join()
    return 0


def _started(run: Callable[..., None], stopped: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=run, args=(stopped.is_set, stopped.wait))
    thread.start()
    return thread


def _serve(host: str, port: int, stopped: threading.Event) -> None:
    """HTTP in a thread of its own; a load balancer with TLS stands before it."""
    server = create_server(wsgi(entry_points.app), host=host, port=port, threads=THREADS)
    threading.Thread(target=server.run, daemon=True).start()
    threading.Thread(target=lambda: (stopped.wait(), server.close()), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
