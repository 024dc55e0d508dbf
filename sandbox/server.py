"""The router on one port of 127.0.0.1: AWS for other processes, plain HTTP for everyone.

AWS calls are told apart by their signing scope, connectparticipant (unsigned) by its path;
presigned S3 addresses and mounted prefixes are plain HTTP and count as "http:<name>".
A lost answer and a killed caller both show as a connection that closes without an answer.
"""

import socket
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from sandbox.faults import AnswerLost, Killed
from sandbox.wire import HttpRequest, HttpResponse, Router
from sandbox.wire.http import plain_headers
from sandbox.wire.identify import identify
from sandbox.wire.router import HttpHandler

HOST = "127.0.0.1"
DEFAULT_PORT = 4599
_BODILESS = (204, 304)


class PortTaken(Exception):
    """Another program listens on the port; the message names it and the option to change it."""


class SandboxServer:
    """Serves a router until closed; use it as a context manager. Port 0 takes any free port."""

    def __init__(self, router: Router, *, port: int = DEFAULT_PORT) -> None:
        self.router = router
        self._port = port
        self._http: _HttpServer | None = None

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._http.server_address[1]) if self._http else self._port

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def mount(
        self, prefix: str, handler: HttpHandler, *, name: str = "", locked: bool = True
    ) -> None:
        """Answer plain HTTP under `prefix`; see `Router.mount`."""
        self.router.mount(prefix, handler, name=name, locked=locked)

    def start(self) -> "SandboxServer":
        """Listen and serve on background threads. Raises PortTaken."""
        try:
            self._http = _HttpServer(self.router, self._port)
        except OSError as taken:
            raise PortTaken(
                f"port {self._port} of {HOST} is taken; stop the other program or choose another "
                "port with --port"
            ) from taken
        threading.Thread(target=self._http.serve, daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening; requests being answered are finished by their threads."""
        if self._http:
            self._http.end()
            self._http.server_close()

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Ended(Exception):
    """The loop of a server ends."""


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, router: Router, port: int) -> None:
        self.router = router
        self._ending = False
        super().__init__((HOST, port), _Handler)

    def serve(self) -> None:
        """Until `end`."""
        with suppress(_Ended):
            self.serve_forever()

    def end(self) -> None:
        """At once: the loop looks up when somebody comes, and twice a second otherwise."""
        self._ending = True
        with suppress(OSError):
            socket.create_connection((HOST, self.server_port)).close()
        self.shutdown()

    def service_actions(self) -> None:
        """Called by the loop after each look."""
        if self._ending:
            raise _Ended

    def server_bind(self) -> None:
        """Bind without the name lookup of HTTPServer, which can take seconds offline."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024  # headers and body leave in one packet
    disable_nagle_algorithm = True
    server: _HttpServer

    def do_GET(self) -> None:
        """Answer a request of any method."""
        request = HttpRequest(
            method=self.command,
            url=f"http://{HOST}:{self.server.server_port}{self.path}",
            headers=plain_headers(dict(self.headers.items())),
            body=self._body(),
        )
        try:
            response = route(self.server.router, request)
        except (AnswerLost, Killed):
            self.close_connection = True
            return
        self._answer(response)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Silent: the call log is the router's."""

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._unchunked()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _unchunked(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    def _answer(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if response.status not in _BODILESS:
            declared = response.headers.get("content-length") if self.command == "HEAD" else None
            self.send_header("Content-Length", declared or str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status not in _BODILESS:
            self.wfile.write(response.body)


def route(router: Router, request: HttpRequest) -> HttpResponse:
    """Answer a request that came over a socket. Raises AnswerLost and Killed."""
    target = identify(router, request)
    if isinstance(target, HttpResponse):
        return target
    if isinstance(target, tuple):
        return router.call_aws(*target, request)
    return router.call_mount(target, request)
