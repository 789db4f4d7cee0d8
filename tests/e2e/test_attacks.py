"""What strangers and tricksters send to a real server: each is refused with a clear problem,
reaches nothing behind it, keeps nobody else waiting, and puts no secret into a log.

Attacks on tokens, logins, SQL, CSV and the fast lane are with what they attack: `test_tokens.py`,
`test_logins.py`, `test_sql.py`, `test_export.py`, `test_fast_lane_alike.py`; so are bodies of every
kind (`test_bodies.py`, `test_patience.py`).
"""

import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support import webhooks
from tests.support.marts import publish_figures
from tests.support.raw_http import ask
from tests.support.rows import add_repository, claim, value
from tests.support.upstream import Reply, Upstream
from tests.support.waiting import wait_for
from warehouse.engine import Engine

V1 = "/api/v1"
_HEAD = f"Host: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"


class Heard(logging.Handler):
    """Every line of the log, the access log included."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("httpx", "httpcore", "websockets.client")):
            self.lines.append(self.format(record))

    def write(self, lines: bytes) -> None:
        self.lines.append(lines.decode())


@dataclass(frozen=True)
class Target:
    """A server with two repositories, and one behind it that nobody has any business with."""

    url: str
    client: httpx2.Client
    inside: Upstream
    warehouse: Engine
    heard: Heard

    @property
    def address(self) -> tuple[str, int]:
        at = urlsplit(self.url)
        return at.hostname or "", at.port or 0


@pytest.fixture(scope="module")
def target(library: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    for number in (1, 2):
        job = claim(library, add_repository(library, f"octo/app-{number}", github_id=number))
        publish_figures(library, job)
    settings = Settings.model_validate({
        "state_dir": tmp_path_factory.mktemp("attacked"),
        "warehouse": {"url": library.url.render_as_string(hide_password=False)},
        "github": {"api_url": "https://api.github.test", "webhook_secret": webhooks.SECRET},
        "auth": {"mode": "required", "requests_per_minute": 0, "streams_at_once": 0},
    })  # fmt: skip
    heard, root = Heard(), logging.getLogger()
    with ExitStack() as stack:
        root.addHandler(heard)
        stack.callback(root.removeHandler, heard)
        inside = stack.enter_context(Upstream(Reply()))
        app = create_app(
            settings, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY, sink=heard.write
        )
        url = stack.enter_context(serving_app(app))
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        client = stack.enter_context(httpx2.Client(base_url=url, headers=headers, timeout=30))
        yield Target(url, client, inside, library, heard)


@pytest.fixture(autouse=True)
def _no_secret_is_logged_and_nothing_broke(target: Target) -> Iterator[None]:
    yield
    wait_for(lambda: httpx2.get(f"{target.url}/health/live").status_code == 200)
    said = "\n".join(target.heard.lines)
    assert ADMIN_KEY not in said
    assert webhooks.SECRET not in said
    assert '"status": 500' not in said
    target.heard.lines.clear()


def refused(answer: httpx2.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].startswith("urn:gitinsight:problem:")
    assert problem["detail"]
    assert ADMIN_KEY not in answer.text


class TestServerSideRequests:
    @pytest.mark.parametrize(
        "name",
        [
            "http://{inside}/octo/app", "https://{inside}/octo/app.git", "//{inside}/octo/app",
            "https://github.com@{inside}/octo/app", "https://github.com:x@{inside}/octo/app",
            "https://{inside}#github.com/octo/app", "https://{inside}\\@github.com/octo/app",
            "git://{inside}/octo/app", "ssh://git@{inside}/octo/app", "git@{inside}:octo/app.git",
            "ext::sh -c curl {inside}", "--upload-pack=curl {inside}", "file://{inside}/octo/app",
            "http://169.254.169.254/latest/meta-data", "http://[::1]/octo/app", "octo@{inside}/app",
            "octo/app?at={inside}", "octo/..%2f..%2f{inside}", "gopher://{inside}/_x",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["repositories", "organisations"])
    def test_a_name_leads_nowhere_but_to_github(self, target: Target, path: str, name: str) -> None:
        told = name.replace("{inside}", urlsplit(target.inside.url).netloc)
        body = {"full_name": told} if path == "repositories" else {"login": told}

        refused(target.client.post(f"{V1}/{path}", json=body), 422)

        assert target.inside.asked == []
        assert value(target.warehouse, "select count(*) from ops.repositories") == 2

    def test_a_delivery_leads_nowhere_and_changes_no_address(self, target: Target) -> None:
        """Not even one that is signed: what it says of addresses is of no interest."""
        there = f"{target.inside.url}/octo/app-1"
        addresses = dict.fromkeys(
            ("url", "clone_url", "git_url", "ssh_url", "html_url", "hooks_url", "issues_url"), there
        )
        told = webhooks.payload("edited", full_name="octo/app-1", issue={"id": 5, "number": 5})
        told["repository"] |= addresses
        told["issue"] |= addresses
        body = json.dumps(told).encode()

        answer = target.client.post(
            f"{V1}/webhooks/github", content=body, headers=webhooks.headers(body)
        )
        webhooks.do(target.warehouse, "issues", told)

        assert answer.status_code == 202
        assert target.inside.asked == []
        found = value(
            target.warehouse,
            "select count(*) from ops.repositories where position('127.0.0.1' in clone_url) > 0",
        )
        assert found == 0


class TestPaths:
    @pytest.mark.parametrize(
        "name",
        ["/etc", "/etc/passwd", "../../etc", "~root", "file:///etc", "./.git", "octo/../../etc",
         "octo/..", "../octo", "octo/%2e%2e", "C:\\Windows", "\\\\host\\share",
         "octo/app\u0000.git",
         "/proc/self/environ", "octo/.git/config", ".gitinsight/admin.key"],
    )  # fmt: skip
    def test_no_name_is_a_place_on_this_machine(self, target: Target, name: str) -> None:
        refused(target.client.post(f"{V1}/repositories", json={"full_name": name}), 422)

        assert value(target.warehouse, "select count(*) from ops.repositories") == 2

    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/marts/../../etc/passwd", "/api/v1/marts/..%2f..%2fetc%2fpasswd/rows",
            "/api/v1/marts/%2e%2e%2f%2e%2e%2fauth.api_keys/rows", "/docs/../../admin.key",
            "/api/v1/marts/auth.api_keys/rows", "/api/v1/marts/%2fetc%2fpasswd",
            "/api/v1/metrics/..%2f..%2f..%2fetc%2fpasswd", "//etc/passwd", "/..%5c..%5cadmin.key",
            "/api/v1/repositories/by-name/..%2f..%2f/etc", "/api/v1/fast/..%2f..%2fadmin.key",
            "/api/v1/repositories/1/insights/..%2f..%2fauth.users", "/%c0%ae%c0%ae/admin.key",
        ],
    )  # fmt: skip
    def test_no_address_leads_out_of_what_is_served(self, target: Target, path: str) -> None:
        (answer,) = ask(target.address, [f"GET {path} HTTP/1.1\r\n{_HEAD}\r\n".encode()])

        assert answer.status == 404
        assert answer.json["type"] == "urn:gitinsight:problem:not-found"


SMUGGLED = f"POST {V1}/repositories/1/analyze HTTP/1.1\r\n{_HEAD}Content-Length: 0\r\n\r\n"


class TestSmuggling:
    """Two servers in a row must not disagree where a request ends. No path here is the lane's."""

    @pytest.mark.parametrize(
        "headers",
        [
            "Content-Length: {n}\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: {n}",
            "Content-Length: {n}\r\nContent-Length: 0", "Content-Length: 0\r\nContent-Length: {n}",
            "Content-Length: {n}, 0", "Content-Length: +{n}", "Content-Length: 0x10",
            "Content-Length : {n}", "Content-Length:\x0b{n}", "Content-Length: -1",
            "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked",
            "Transfer-Encoding: chunked, identity", "Transfer-Encoding:\x0bchunked",
            "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
            "X: y\rTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        ],
    )  # fmt: skip
    def test_what_follows_a_doubtful_end_is_no_request(self, target: Target, headers: str) -> None:
        """A GET of ours follows, so that there is an answer to wait for."""
        jobs = "select count(*) from ops.jobs where state = 'queued'"
        before = value(target.warehouse, jobs)
        told = headers.replace("{n}", str(len(SMUGGLED)))
        sent = f"POST {V1}/sql HTTP/1.1\r\n{_HEAD}{told}\r\n\r\n0\r\n\r\n{SMUGGLED}"
        end = f"GET /health/live HTTP/1.1\r\n{_HEAD}Connection: close\r\n\r\n"

        answers = ask(target.address, [sent.encode() + end.encode()], answers=4, timeout=10)

        assert [one.status for one in answers if one.status not in {400, 422, 200}] == []
        assert answers[0].status in {400, 422}
        assert value(target.warehouse, jobs) == before

    @pytest.mark.parametrize(
        "head",
        ["Host: a\r\nHost: b", "Host: a\r\nX\x00: b", "Host: a\r\nno colon", "Host: a\r\n: b",
         "Host: a\r\nX: a\x00b"],
    )  # fmt: skip
    def test_odd_heads_are_refused_or_harmless(self, target: Target, head: str) -> None:
        (answer,) = ask(target.address, [f"GET {V1}/jobs HTTP/1.1\r\n{head}\r\n\r\n".encode()])

        assert answer.status in {400, 401}


def cursor(*end: object) -> str:
    return urlsafe_b64encode(json.dumps(end).encode()).decode()


FORGED = (
    "x", "%00", "e30=", "bnVsbA==", "WzFd", cursor(), cursor("1", "2", "3", "4"),
    cursor("1' or '1'='1"), cursor("1); drop table ops.jobs --", "x"), cursor("9" * 400),
    cursor("-1"), cursor("1e9"), cursor("NaN", "infinity"), cursor("\u0000", "\u0000"),
    cursor("x" * 5_000), cursor(["1"]), cursor(None),
    urlsafe_b64encode(b"[" * 5_000).decode(), urlsafe_b64encode(b"\xff\xfe").decode(),
)  # fmt: skip


class TestCursors:
    @pytest.mark.parametrize(
        "path",
        ["repositories", "organisations", "jobs", "users", "api-keys", "audit",
         "marts/daily_activity/rows", "marts/daily_activity/rows?repository_id=1",
         "repositories/1/contributors", "repositories/1/sentiment"],
    )  # fmt: skip
    def test_one_that_was_made_up_is_refused(self, target: Target, path: str) -> None:
        mark = "&" if "?" in path else "?"
        for given in FORGED:
            answer = target.client.get(f"{V1}/{path}{mark}cursor={given}")

            # The mart of sentiments is not there: nothing of it is looked at.
            refused(answer, *((404, 422) if path.endswith("sentiment") else (422,)))

    def test_none_leads_to_what_may_not_be_seen(self, target: Target) -> None:
        """A cursor of one repository, in the hands of whoever asks for another."""
        path = f"{V1}/marts/daily_activity/rows?repository_id=1"

        rows = target.client.get(f"{path}&cursor={cursor('2', '2026-01-01')}").json()["data"]

        assert rows == []


class TestSlowWords:
    @pytest.mark.parametrize(
        "words",
        [
            "a" * 200, "a " * 100, "((((a+)+)+)+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "%" * 200,
            "*" * 200, '"' * 199, "\\" * 200, "a~9 " * 40, "field:" * 30, "+-" * 100, "(" * 200,
            "[a TO z]" * 20, "?" * 200, "é\u0301" * 60, "\u202e" * 200, "🏳️‍🌈" * 30,
            "AND OR NOT " * 18,
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["fast/search", "repositories"])
    def test_no_search_takes_long(self, target: Target, path: str, words: str) -> None:
        target.client.get(f"{V1}/{path}", params={"q": "octo"})
        started = time.monotonic()

        answer = target.client.get(f"{V1}/{path}", params={"q": words})

        assert answer.status_code in {200, 422}
        assert time.monotonic() - started < 5

    def test_more_words_than_anybody_means_are_refused(self, target: Target) -> None:
        refused(target.client.get(f"{V1}/fast/search", params={"q": "a" * 5_000}), 422)


class TestSockets:
    @staticmethod
    def address(target: Target) -> str:
        return f"{target.url.replace('http', 'ws')}{V1}/stream/repository/1/updates"

    @pytest.mark.parametrize(
        "origin",
        ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example",
         "http://{here}.evil.example", "http://evil.example#{here}", "http://evil.example/{here}",
         "http://{here}@evil.example", "file://", "{here}"],
    )  # fmt: skip
    def test_a_page_of_another_site_opens_none(self, target: Target, origin: str) -> None:
        told = origin.replace("{here}", urlsplit(target.url).netloc)
        key = {"authorization": f"Bearer {ADMIN_KEY}"}

        with pytest.raises(InvalidStatus) as error:
            connect(self.address(target), origin=Origin(told), additional_headers=key)

        assert error.value.response.status_code == 403

    def test_nobody_opens_one_without_a_right(self, target: Target) -> None:
        for headers in ({}, {"authorization": "Bearer gi_x"}, {"cookie": f"key={ADMIN_KEY}"}):
            with pytest.raises(InvalidStatus) as error:
                connect(f"{self.address(target)}?key=x", additional_headers=headers)

            assert error.value.response.status_code == 401

    @pytest.mark.parametrize("flood", ["many", "large", "pieces", "pings"])
    def test_who_floods_is_dropped_and_nobody_else(self, target: Target, flood: str) -> None:
        key = {"authorization": f"Bearer {ADMIN_KEY}"}
        with (
            connect(self.address(target), additional_headers=key) as quiet,
            connect(self.address(target), additional_headers=key) as loud,
        ):
            with pytest.raises(ConnectionClosed) as error:
                _shout(loud, flood)
            quiet.ping().wait(5)

        assert error.value.rcvd is None or error.value.rcvd.code in {1008, 1009}


def _shout(socket: ClientConnection, flood: str) -> None:
    for _ in range(50_000):
        if flood == "pings":
            socket.ping()
        elif flood == "pieces":
            socket.send(iter(["x"] * 100))
        else:
            socket.send("x" * (100_000 if flood == "large" else 10))
