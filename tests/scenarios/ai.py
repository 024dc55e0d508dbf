"""An AI service that answers as told, in place of the sandbox's real recogniser.

Mounted in front of the sandbox's own endpoint (longest prefix wins), so that the product still
speaks to `OPENAI_BASE_URL` through its real client.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.wire import HttpRequest, HttpResponse
from sandbox.world import World

WORDS = "I want a refund because I was charged twice for order 38152"
FACTS = {
    "intent": "refund",
    "summary": "Wants a refund.",
    "language": "en",
    "urgency": "high",
    "sentiment": "negative",
    "wants_human": False,
    "entities": {
        "order_number": "38152",
        "customer_number": None,
        "dates": [],
        "amounts": [],
        "phone": None,
        "email": None,
        "address": None,
    },
    "next_step": "Look up the order.",
    "confidence": 0.9,
    "evidence": [{"field": "order_number", "words": "38152"}],
}
Reply = Callable[[], HttpResponse]


def answer(body: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    content = body if isinstance(body, str) else json.dumps(body)
    return HttpResponse(
        status=status, headers={"content-type": content_type}, body=content.encode()
    )


def html() -> HttpResponse:
    return answer("<html><body>502 Bad Gateway</body></html>", content_type="text/html")


def refused(status: int, code: str) -> HttpResponse:
    told = {"message": "no", "type": "error", "param": None, "code": code}
    return answer({"error": told}, status)


def completion(content: str | None, finish: str = "stop", refusal: str | None = None) -> Any:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return answer(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "stub",
            "choices": [{"index": 0, "finish_reason": finish, "message": message}],
            "usage": {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500},
        }
    )


@dataclass
class Brain:
    """What speech and language answer; replace `hears` or `thinks` at any time."""

    hears: Reply = lambda: answer({"text": WORDS, "usage": {"type": "duration", "seconds": 5}})
    thinks: Reply = lambda: completion(json.dumps(FACTS))
    asked: list[str] = field(default_factory=list)

    def speech(self, _request: HttpRequest) -> HttpResponse:
        self.asked.append("speech")
        return self.hears()

    def language(self, _request: HttpRequest) -> HttpResponse:
        self.asked.append("language")
        return self.thinks()


def brain(world: World) -> Brain:
    """Put a brain of the test's own into a running world."""
    made = Brain()
    world.router.mount("/v1/audio", made.speech, name="openai", locked=False)
    world.router.mount("/v1/chat", made.language, name="openai", locked=False)
    return made


def slowly(seconds: float, reply: Reply) -> Reply:
    """The same answer after real seconds."""

    def waited() -> HttpResponse:
        time.sleep(seconds)
        return reply()

    return waited
