"""A service that answers as OpenAI's does, with what a test has written for it."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Scripted:
    """``says`` are the answers to come: a text, or status and body; ``asked`` is what came in."""

    url: str = ""
    says: deque[str | tuple[int, bytes]] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    waits_seconds: float = 0.0

    def script(self, *says: str | tuple[int, bytes]) -> None:
        self.says.clear()
        self.asked.clear()
        self.keys.clear()
        self.says.extend(says)


def completion(text: str) -> bytes:
    return json.dumps(
        {
            "id": "x", "object": "chat.completion",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
        }
    ).encode()  # fmt: skip


@contextmanager
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            script.asked.append({"path": self.path, **json.loads(self.rfile.read(length))})
            script.keys.append(self.headers["authorization"])
            time.sleep(script.waits_seconds)
            said = script.says.popleft()
            status, body = said if isinstance(said, tuple) else (200, completion(said))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if status in {301, 302, 307, 308}:
                self.send_header("location", body.decode())
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
