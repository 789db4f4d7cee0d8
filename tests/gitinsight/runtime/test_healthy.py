"""What watches over a container is told by an exit code."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()


def ended(url: str) -> int:
    command = [sys.executable, "-m", "gitinsight.runtime.healthy", url]
    return subprocess.run(command, check=False, timeout=30).returncode


def test_only_what_answers_well_is_healthy(server: str) -> None:
    assert ended(f"{server}/200") == 0
    assert ended(f"{server}/503") == 1
    assert ended("http://127.0.0.1:1/") == 1
