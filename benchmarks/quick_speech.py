"""A speech service that hears the same sentence in everything, at once.

Counts and loads do not depend on what is recognised, and recognising takes seconds.
"""

import json

from chalicelib.gateways.audio import wav_file
from sandbox.wire import HttpRequest, HttpResponse
from sandbox.world import World

PATH = "/v1/audio/transcriptions"
TRANSCRIPT = "Hello my order number 12345 has not arrived"
RATE = 16_000


def mount(world: World) -> None:
    """Let it answer for the recogniser in a running world."""
    world.router.mount(PATH, _answer, name="openai", locked=False)


def voice_note(seconds: int) -> bytes:
    """A low hum: long enough to be a voice note."""
    return wav_file((b"\x00\x10" * 80 + b"\x00\xf0" * 80) * (RATE // 160) * seconds)


def _answer(_request: HttpRequest) -> HttpResponse:
    body = {
        "text": TRANSCRIPT,
        "logprobs": [{"token": word, "logprob": -0.05} for word in TRANSCRIPT.split()],
        "usage": {"type": "duration", "seconds": 10.0},
    }
    headers = {"content-type": "application/json"}
    return HttpResponse(headers=headers, body=json.dumps(body).encode())
