"""A server that misbehaves as told: a list of answers, given in turn, the last one for ever."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """`body`: a dict goes out as JSON, text as it is; `delay_s` before anything is sent."""

    body: Any = ""
    status: int = 200
    delay_s: float = 0.0
    content_type: str = ""
    hang_up: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """What the server got; `models` in the order they were asked."""

    base_url: str
    answers: list[Answer]
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.bodies)

    def json(self, at: int) -> Any:
        return json.loads(self.bodies[at])


@contextmanager
def stub(*answers: Answer) -> Iterator[Stub]:
    state = Stub("", list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: state))
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _handler(state_of: Callable[[], Stub]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state = state_of()
            state.headers.append({k.lower(): v for k, v in self.headers.items()})
            state.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            answer = state.answers[min(state.asked, len(state.answers)) - 1]
            time.sleep(answer.delay_s)
            if answer.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            self._send(answer)

        do_GET = do_POST  # noqa: N815  (the name http.server asks for)

        def _send(self, answer: Answer) -> None:
            is_json = not isinstance(answer.body, str)
            content = (json.dumps(answer.body) if is_json else answer.body).encode()
            kind = answer.content_type or ("application/json" if is_json else "text/html")
            try:
                self.send_response(answer.status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client has given up, which is what some tests are about

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


def error(status: int, code: str = "", message: str = "no") -> Answer:
    """An error answer in OpenAI's form."""
    told = {"message": message, "type": "error", "param": None, "code": code or None}
    return Answer({"error": told}, status)


def chat(content: str | None, **choice: Any) -> Answer:
    """A chat completion; `refusal` and `finish_reason` may be given."""
    message = {"role": "assistant", "content": content, "refusal": choice.pop("refusal", None)}
    return Answer(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-5-mini-2025-08-07",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message} | choice],
            "usage": {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500},
        }
    )
