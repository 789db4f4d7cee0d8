"""Bodies that are too large, too deep or too slow, over real sockets."""

import socket
import time
from collections.abc import Iterator

import pytest

from api.bodies import MOST_DEEP
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.raw_http import Answer, ask, receive
from warehouse.engine import Engine

MOST = 4_096
SLOW = 0.4
_HEAD = b"Host: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %b\r\n" % (
    ADMIN_KEY.encode()
)
PATHS = (b"/api/v1/sql", b"/api/v1/ai/sentiment", b"/api/v1/repositories", b"/mcp", b"/nowhere")


@pytest.fixture(scope="module")
def address(library: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """An API that takes 4 kB, and waits for them for a moment."""
    settings = Settings.model_validate({
        "state_dir": tmp_path_factory.mktemp("bodies"),
        "warehouse": {"url": library.url.render_as_string(hide_password=False)},
        "github": {"webhook_secret": "s"},
        "api": {"body_bytes": MOST, "body_seconds": SLOW},
    })  # fmt: skip
    with serving_api(settings) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def post(path: bytes, body: bytes, *headers: bytes) -> bytes:
    told = headers or (b"Content-Length: %d" % len(body),)
    return b"POST %b HTTP/1.1\r\n%b%b\r\n\r\n%b" % (path, _HEAD, b"\r\n".join(told), body)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix("urn:gitinsight:problem:")


class TestSize:
    @pytest.mark.parametrize("path", PATHS)
    def test_more_than_a_request_may_have_is_refused(
        self, address: tuple[str, int], path: bytes
    ) -> None:
        body = b'{"sql": "%b"}' % (b"x" * MOST)

        (told,) = ask(address, [post(path, body)])
        (counted,) = ask(address, [post(path, chunked(body), b"Transfer-Encoding: chunked")])

        assert problem(told) == problem(counted) == (413, "too-large")
        assert told.headers["connection"] == "close"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert told.json["request_id"] == told.headers["x-request-id"]

    def test_what_says_that_it_is_far_too_large_is_not_sent_at_all(
        self, address: tuple[str, int]
    ) -> None:
        head = post(b"/api/v1/sql", b"", b"Content-Length: 99999999", b"Expect: 100-continue")

        (answer,) = ask(address, [head], timeout=5)

        assert problem(answer) == (413, "too-large")

    def test_what_never_ends_is_not_read_for_ever(self, address: tuple[str, int]) -> None:
        head = post(b"/api/v1/sql", b"", b"Transfer-Encoding: chunked")

        (answer,) = ask(address, [head, b"2100\r\n" + b"x" * 0x2100 + b"\r\n"], timeout=5)

        assert problem(answer) == (413, "too-large")

    def test_as_much_as_it_may_have_is_read(self, address: tuple[str, int]) -> None:
        body = b'{"full_name": "%b"}' % (b"x" * (MOST - 17))

        (answer,) = ask(address, [post(b"/api/v1/repositories", body)])

        assert (len(body), problem(answer)) == (MOST, (422, "invalid-name"))

    def test_a_body_that_nobody_wants_is_bounded_too(self, address: tuple[str, int]) -> None:
        get = post(b"/health/live", b"x" * (MOST + 1)).replace(b"POST", b"GET", 1)

        assert problem(ask(address, [get])[0]) == (413, "too-large")

    def test_a_delivery_of_github_may_be_larger(self, address: tuple[str, int]) -> None:
        (answer,) = ask(
            address,
            [post(b"/api/v1/webhooks/github", b"x" * (3 * MOST)).replace(
                b"Host: x", b"Host: x\r\nX-Hub-Signature-256: sha256=0"
            )],
        )  # fmt: skip

        assert problem(answer) == (401, "unauthorised")


class TestDepth:
    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize(
        "deep",
        [b"[" * 1_000, b'{"a":' * 500, b"[" * 65 + b"]" * 65,
         b'["\\"[", ' * (MOST_DEEP + 1) + b"1" + b"]" * (MOST_DEEP + 1)],
        ids=["lists", "records", "closed", "among strings"],
    )  # fmt: skip
    def test_what_is_nested_too_deeply_is_refused(
        self, address: tuple[str, int], path: bytes, deep: bytes
    ) -> None:
        assert problem(ask(address, [post(path, deep)])[0]) == (400, "too-deep")

    @pytest.mark.parametrize(
        "flat",
        [b"[" * MOST_DEEP + b"]" * MOST_DEEP, b"[" + b"[],{}," * 200 + b"1]",
         b'{"sql": "' + b"[{" * 200 + b'"}', b'"' + b'\\\\\\"[' * 200 + b'"', b'"' + b"[" * 500],
        ids=["as deep as may be", "many beside each other", "in a string", "escaped", "no JSON"],
    )  # fmt: skip
    def test_what_only_looks_deep_is_read(self, address: tuple[str, int], flat: bytes) -> None:
        assert ask(address, [post(b"/api/v1/sql", flat)])[0].status == 422


class TestTime:
    @pytest.mark.parametrize("path", [*PATHS, b"/api/v1/webhooks/github"])
    def test_a_body_that_does_not_come_is_not_waited_for(
        self, address: tuple[str, int], path: bytes
    ) -> None:
        head = post(path, b"{", b"Content-Length: 9", b"X-Hub-Signature-256: sha256=0")
        started = time.monotonic()

        (answer,) = ask(address, [head], timeout=5)

        assert problem(answer) == (408, "too-slow")
        assert SLOW <= time.monotonic() - started < SLOW + 2

    def test_one_that_comes_a_byte_at_a_time_has_no_longer(self, address: tuple[str, int]) -> None:
        started = time.monotonic()
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(post(b"/api/v1/sql", b"", b"Content-Length: 4000"))
            connection.settimeout(SLOW / 8)
            answers: list[Answer] = []
            while not answers:
                connection.sendall(b" ")
                try:
                    answers = receive(connection, 1)
                except TimeoutError:
                    assert time.monotonic() - started < SLOW + 2

        assert problem(answers[0]) == (408, "too-slow")

    def test_one_that_ends_before_its_end_is_no_fault_of_ours(
        self, address: tuple[str, int]
    ) -> None:
        with socket.create_connection(address) as connection:
            connection.sendall(post(b"/api/v1/sql", b"{", b"Content-Length: 9"))

        (answer,) = ask(address, [b"GET /metrics HTTP/1.1\r\n%b\r\n" % _HEAD])
        assert b'status="500"' not in answer.body
