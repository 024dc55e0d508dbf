"""One process of the pool: every queue of Puente, read by HTTP, until its standard input ends.

`python -m benchmarks.http_worker BEGAN WALL READY`: the sandbox's time at a moment of the wall
clock, and the pipe that hears one word when all queues are read. Standard output is for logs.
"""

import os
import sys
import threading
import time

import app as entry_points
from chalicelib import wiring
from chalicelib.settings import Settings
from container.poller import Poller


def main(began: float, wall: float, ready: int) -> None:
    """Work until nobody is there to stop us any more."""
    settings = Settings.from_environment()
    app = wiring.App(settings, clock=lambda: began + time.time() - wall)
    stopped = threading.Event()
    with wiring.using(app):
        readers = [
            threading.Thread(target=_read, args=(poller, stopped)) for poller in pollers(app)
        ]
        for reader in readers:
            reader.start()
        os.write(ready, b"ready")
        os.close(ready)
        sys.stdin.read()
        stopped.set()
        for reader in readers:
            reader.join()


def pollers(app: wiring.App) -> list[Poller]:
    """One reader for each queue."""
    settings = app.settings
    sources = [
        (settings.whatsapp_events_queue_url, entry_points.ingest),
        (settings.chat_events_queue_url, entry_points.ingest),
        (settings.inbound_queue_url, entry_points.inbound),
        (settings.outbound_queue_url, entry_points.outbound),
        (settings.voice_notes_queue_url, entry_points.voice_notes),
    ]
    return [Poller(app.reader(url), handler) for url, handler in sources]


def _read(poller: Poller, stopped: threading.Event) -> None:
    while not stopped.is_set():
        poller.turn()


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
