"""Real HTTP servers on loopback that take deliveries, and behave as badly as they are told to."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shoal.destinations.addresses import Rules


@dataclass
class Got:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server that remembers what it got. `behave` says how each request is answered, in turn; then 200."""

    port: int
    got: list[Got] = field(default_factory=list)
    behave: list[Callable[[BaseHTTPRequestHandler, Got], None]] = field(default_factory=list)
    always: Callable[[BaseHTTPRequestHandler, Got], None] | None = None
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    @property
    def rules(self) -> Rules:
        return Rules(frozenset({("127.0.0.1", self.port)}))


def answering(status: int, **headers: str):
    """An answer with a status."""

    def answer(call: BaseHTTPRequestHandler, _: Got) -> None:
        call.send_response(status)
        for name, value in headers.items():
            call.send_header(name.replace("_", "-"), value)
        call.send_header("Content-Length", "0")
        call.end_headers()

    return answer


def dropping(call: BaseHTTPRequestHandler, _: Got) -> None:
    """The connection is reset, after the request was read."""
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    call.connection.close()
    call.close_connection = True


def silent(until: threading.Event):
    """No answer, until it is told to go on."""

    def answer(call: BaseHTTPRequestHandler, got: Got) -> None:
        until.wait(60)
        with contextlib.suppress(OSError):
            answering(200)(call, got)

    return answer


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """A server for a while."""

    class Call(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got = Got(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            found.got.append(got)
            found.arrived.release()
            answer = found.behave.pop(0) if found.behave else found.always or answering(200)
            answer(self, got)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = take  # noqa: N815 - names of the library

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Call)
    found = Receiver(server.server_address[1])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
