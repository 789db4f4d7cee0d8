"""GitHub's side of an App: it checks who signs, lists installations, and makes tokens that end."""

import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID = "4711"
_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


class GitHubApp:
    """``installations`` is id -> owner. A token that does not hold gets a 401."""

    def __init__(self, installations: dict[int, str], *, page_size: int = 2) -> None:
        self.installations = installations
        self.suspended: set[int] = set()
        self.is_limited = False
        self.limited = 0
        """How often the App itself was told to wait."""
        self.page_size = page_size
        self.skew = timedelta(0)
        self.life = timedelta(hours=1)
        self.minted: list[int] = []
        self.good: dict[str, int] = {}
        self.claims: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        """(path, token) of everything but the App's own requests."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def revoke(self) -> None:
        """Every token that was made so far."""
        self.good.clear()

    def answer(self, method: str, path: str, token: str) -> tuple[int, Any, dict[str, str]]:
        if not path.startswith("/app/"):
            self.asked.append((path, token))
            return (200, {"data": {}}, {}) if token in self.good else (401, {}, {})
        if self.is_limited:
            self.limited += 1
            return 429, {"message": "You have exceeded a secondary rate limit."}, {}
        if not self._is_ours(token):
            return 401, {"message": "'Issued at' claim ('iat') must be in the past"}, {}
        if method == "POST":
            installation_id = int(path.split("/")[3])
            if installation_id not in self.installations:
                return 404, {"message": "Not Found"}, {}
            return 201, self._mint(installation_id), {}
        return self._page(path)

    def _is_ours(self, token: str) -> bool:
        now = (datetime.now(UTC) + self.skew).timestamp()
        try:
            claims = jwt.decode(
                token, _KEY.public_key(), algorithms=["RS256"],
                options={"verify_iat": False, "verify_exp": False},
            )  # fmt: skip
        except jwt.InvalidTokenError:
            return False
        self.claims.append(claims)
        is_timely = claims["iat"] <= now < claims["exp"] <= now + 600
        return bool(is_timely and claims["iss"] == APP_ID)

    def _mint(self, installation_id: int) -> dict[str, str]:
        self.minted.append(installation_id)
        token = f"ghs_{len(self.minted)}"
        self.good[token] = installation_id
        ends = datetime.now(UTC) + self.skew + self.life
        return {"token": token, "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _page(self, path: str) -> tuple[int, Any, dict[str, str]]:
        start = int(path.partition("from=")[2] or 0)
        known = list(self.installations.items())
        shown = [
            {
                "id": one, "account": {"login": owner},
                "suspended_at": "2026-01-01T00:00:00Z" if one in self.suspended else None,
            }
            for one, owner in known[start : start + self.page_size]
        ]  # fmt: skip
        end = start + self.page_size
        link = f'<{self.url}/app/installations?from={end}>; rel="next"'
        return 200, shown, {"link": link} if end < len(known) else {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                token = self.headers.get("authorization", "").removeprefix("Bearer ")
                status, content, headers = app.answer(self.command, self.path, token)
                body = json.dumps(content).encode()
                self.send_response_only(status)
                self.send_header("date", format_datetime(datetime.now(UTC) + app.skew, usegmt=True))
                self.send_header("content-length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing on the terminal."""

        return Handler
