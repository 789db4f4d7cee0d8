"""Whoever is told: an HTTP server and a mail server on loopback that keep what they are sent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass(slots=True)
class Listener:
    """``statuses`` are answered one after the other, the last one for ever."""

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret-path"


@contextmanager
def http() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            listener.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            more = len(listener.statuses) > 1
            self.send_response(listener.statuses.pop(0) if more else listener.statuses[0])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - as it is called
            assert format

    with _serving(HTTPServer(("127.0.0.1", 0), Handler), listener):
        yield listener


@contextmanager
def smtp() -> Iterator[Listener]:
    """As much of RFC 5321 as a client needs that sends one message; takes no other command."""
    listener = Listener()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                word = line.split()[0].upper().decode() if line.split() else ""
                if word == "DATA":
                    self._say("354 go on")
                    listener.heard.append(({}, self._message()))
                    self._say("250 taken")
                elif word == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 yes" if word in {"EHLO", "MAIL", "RCPT", "RSET"} else "502 no")

        def _message(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line)
            return b"".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.TCPServer(("127.0.0.1", 0), Handler), listener):
        yield listener


@contextmanager
def _serving(server: socketserver.TCPServer, listener: Listener) -> Iterator[None]:
    listener.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
