"""Requests to a served sandbox."""

import json
import threading
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sandbox import up
from sandbox.product_output import caught

WITHIN_S = 20


@contextmanager
def served_with_puente():
    """A sandbox with Puente inside, its loop on a thread."""
    stop = threading.Event()
    with caught(), up.served(0, with_puente=True) as running:
        loop = threading.Thread(target=up.run, args=(running, stop))
        loop.start()
        yield running
        stop.set()
        loop.join()


def ask(url, path, body=None):
    """(status, answer) of a request to the remote control; a body makes it a POST."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    verb = "GET" if body is None else "POST"
    request = Request(f"{url}/sandbox/{path}", data=data, method=verb)  # noqa: S310 - loopback
    try:
        with urlopen(request) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as refused:
        return refused.code, json.load(refused)


def eventually(look):
    """What `look` answers as soon as it is something."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")
