"""Answers in fewer bytes: as zstd or gzip to whoever takes them so, and never beside a secret."""

import asyncio
import gzip
import json
import random
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import httpx2
import psutil
import pytest
from backports import zstd
from fastapi import FastAPI
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp

from api import compressed
from api.answers import Answer
from api.app import create_app
from api.compressed import SECRETS, WORTH_BYTES, Coding, Compressed
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.marts import publish_figures
from tests.support.people import client_of, where_keys_are_needed
from tests.support.raw_http import ask
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine

READ = {"zstd": zstd.decompress, "gzip": gzip.decompress}
CODINGS = pytest.mark.parametrize("coding", compressed.CODINGS)
ROWS = "/api/v1/marts/daily_activity/rows"
LONG = json.dumps([{"number": number} for number in range(200)]).encode()
_PIECE = b"".join(b"%d,octo/app,2026-01-05\n" % number for number in range(3_000))
_PIECES = 2_000
_LITTLE_BYTES = 24 * 2**20


def answer_to(app: ASGIApp, path: str = "/", *, taken: str | None = None, **more: Any) -> Any:
    """The answer, with what came over the wire as ``raw``."""

    async def ask() -> tuple[httpx2.Response, bytes]:
        transport = httpx2.ASGITransport(Compressed(app), **more)
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            client.headers.pop("accept-encoding")
            headers = {} if taken is None else {"accept-encoding": taken}
            async with client.stream("GET", path, headers=headers) as answer:
                raw = b"".join([piece async for piece in answer.aiter_raw()])
                return answer, raw

    return asyncio.run(ask())


def told(body: bytes = LONG, media_type: str = "application/json", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, headers=named, media_type=media_type)


@CODINGS
@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/problem+json", "text/csv; charset=utf-8", "image/svg+xml",
     "text/plain; version=1.0.0; charset=utf-8", "application/openmetrics-text; version=1.0.0"],
)  # fmt: skip
def test_text_of_some_length_is_compressed(coding: str, media_type: str) -> None:
    answer, raw = answer_to(told(media_type=media_type, etag='W/"a"'), taken=coding)

    assert READ[coding](raw) == LONG
    assert len(raw) < len(LONG) / 3
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["etag"] == 'W/"a"'


@pytest.mark.parametrize("size", [0, WORTH_BYTES - 1, WORTH_BYTES])
def test_what_is_short_stays_as_it_is_and_says_that_it_may_differ(size: int) -> None:
    answer, raw = answer_to(told(b" " * size), taken="gzip")

    assert ("content-encoding" in answer.headers) == (size >= WORTH_BYTES)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(raw))


@pytest.mark.parametrize("taken", [None, "", "identity", "br", "gzip;q=0", "gzip" + "," * 999])
def test_who_takes_none_is_told_it_as_it_is(taken: str | None) -> None:
    answer, raw = answer_to(told(), taken=taken)

    assert raw == LONG
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(LONG))


@pytest.mark.parametrize("taken", ["zstd, gzip", None])
@pytest.mark.parametrize(
    "response",
    [
        told(media_type="image/png"),
        told(media_type="application/vnd.apache.parquet"),
        told(media_type="text/event-stream"),
        told(media_type="text/html"),
        told(content_encoding="br"),
        told(vary="Origin, accept-encoding"),
        told(etag='"strong"'),
        Response(status_code=204),
    ],
    ids=["png", "parquet", "events", "page", "coded", "negotiated", "strong", "nothing"],
)
def test_what_is_not_for_it_is_not_touched(response: Response, taken: str | None) -> None:
    plain = list(response.raw_headers)
    answer, raw = answer_to(response, taken=taken)

    assert raw == response.body
    assert answer.headers.raw == plain


@pytest.mark.parametrize("taken", ["zstd, gzip", None])
def test_what_is_held_says_that_it_may_differ(taken: str | None) -> None:
    answer, raw = answer_to(Response(status_code=304, headers={"etag": 'W/"a"'}), taken=taken)

    assert (answer.headers["vary"], raw) == ("Accept-Encoding", b"")
    assert "content-encoding" not in answer.headers


def test_what_becomes_longer_stays_as_it_is() -> None:
    noise = random.Random(1).randbytes(WORTH_BYTES)  # noqa: S311 - what compresses badly
    answer, raw = answer_to(told(noise), taken="zstd")

    assert raw == noise
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("body", [LONG, LONG + b" "], ids=["its own", "another"])
def test_a_copy_is_told_for_its_own_body_alone(body: bytes) -> None:
    copy = gzip.compress(LONG, 1)
    kept = Answer('W/"a"', LONG, 1, 0, is_public=True, copies={"gzip": copy})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"answer": kept}
        await told(body)(scope, receive, send)

    _, raw = answer_to(app, taken="gzip")

    assert gzip.decompress(raw) == body
    assert (raw == copy) == (body is LONG)


@pytest.mark.parametrize("path", [*SECRETS, "/api/v1/auth/refresh", "/api/v1/auth/ticket"])
def test_nothing_is_compressed_beside_a_secret(path: str) -> None:
    answer, raw = answer_to(told(), path, taken="zstd, gzip")

    assert raw == LONG
    assert {"vary", "content-encoding"}.isdisjoint(answer.headers)


def test_every_route_that_answers_a_secret_is_known() -> None:
    """By what its schema calls it."""
    app = create_app(
        Settings(), warehouse_url="postgresql://nobody@127.0.0.1:1/none", admin_key=None
    )
    document = app.openapi()
    secret = {
        name
        for name, schema in document["components"]["schemas"].items()
        if schema.get("properties", {}).keys() & {"key", "ticket", "access_token", "refresh_token"}
    } - {"Refresh"}
    paths = {
        path
        for path, operations in document["paths"].items()
        for one in operations.values()
        for name in secret
        if f"schemas/{name}'" in str(one["responses"])
    }

    assert secret == {"MadeKey", "Login", "Ticket"}
    assert len(paths) == 4
    assert all(path.startswith(SECRETS) for path in paths)


@CODINGS
@pytest.mark.parametrize("sizes", [[1] * 9, [10, 0, 600], [40_000, 3], [0, 0, 0]], ids=str)
def test_a_stream_is_compressed_piece_by_piece(coding: str, sizes: list[int]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size

    answer, raw = answer_to(StreamingResponse(pieces(), media_type="text/csv"), taken=coding)

    assert READ[coding](raw) == b"x" * sum(sizes)
    assert answer.headers["content-encoding"] == coding
    assert "content-length" not in answer.headers


def test_a_stream_that_says_that_it_is_short_stays_as_it_is() -> None:
    headers = {"content-length": "2"}
    stream = StreamingResponse(iter([b"a", b"b"]), media_type="text/csv", headers=headers)
    answer, raw = answer_to(stream, taken="gzip")

    assert (raw, answer.headers["content-length"]) == (b"ab", "2")
    assert answer.headers["vary"] == "Accept-Encoding"


def test_what_fails_before_it_has_begun_has_not_begun() -> None:
    async def failing(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/csv")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise RuntimeError("nothing to tell")

    answer, _ = answer_to(failing, taken="gzip", raise_app_exceptions=False)

    assert answer.status_code == 500


@CODINGS
def test_a_long_stream_needs_little_memory(coding: Coding) -> None:
    process = psutil.Process()
    sizes, grown = [], []

    async def send(message: Any) -> None:
        sizes.append(len(message.get("body", b"")))
        grown.append(process.memory_info().rss - before)

    async def ask() -> None:
        stream = StreamingResponse(iter([_PIECE] * _PIECES), media_type="text/csv")
        headers = [(b"accept-encoding", coding.encode())]
        scope = {"type": "http", "path": "/", "headers": headers, "state": {}}
        await Compressed(stream)(scope, _silent, send)

    compressed.compressed(_PIECE * 100, coding)  # what it looks back at is not what it holds
    before = process.memory_info().rss
    asyncio.run(ask())

    assert len(_PIECE) * _PIECES > 5 * _LITTLE_BYTES
    assert max(grown) < _LITTLE_BYTES
    assert max(sizes) < 2**20


async def _silent() -> Any:
    await asyncio.Event().wait()


class TestServed:
    """By the whole service, over a socket."""

    @pytest.fixture
    def app(self, settings: Settings, warehouse: Engine) -> FastAPI:
        publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
        told = where_keys_are_needed(settings)
        return create_app(told, warehouse_url=told.warehouse_url, admin_key=ADMIN_KEY)

    @pytest.fixture
    def client(self, app: FastAPI) -> Iterator[httpx2.Client]:
        with serving_app(app) as url, client_of(url, ADMIN_KEY) as client:
            client.headers["accept-encoding"] = "identity"
            yield client

    @CODINGS
    @pytest.mark.parametrize(
        "path",
        [ROWS, f"{ROWS}?repository_id=1", "/openapi.json", "/metrics",
         "/api/v1/repositories/1/charts/commits_count.svg", f"/api/v1/marts/{'x' * 900}",
         "/api/v1/jobs?limit=x&state=lost"],
        ids=["all", "one", "document", "metrics", "chart", "none", "problem"],
    )  # fmt: skip
    def test_it_is_the_same_in_fewer_bytes(
        self, client: httpx2.Client, coding: str, path: str
    ) -> None:
        plain = client.get(path)
        coded, raw = fetched(client, path, coding)

        assert ("content-encoding" in coded.headers) == (len(plain.content) >= WORTH_BYTES)
        assert int(coded.headers["content-length"]) == len(raw)
        assert coded.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert coded.headers.get("etag") == plain.headers.get("etag")
        assert coded.status_code == plain.status_code
        body = READ[coding](raw) if "content-encoding" in coded.headers else raw
        assert body[:40] == plain.content[:40]
        if "etag" in plain.headers:
            assert body == plain.content
            for taken in (coding, "identity"):
                held = {"if-none-match": plain.headers["etag"], "accept-encoding": taken}
                answer = client.get(path, headers=held)
                assert (answer.status_code, answer.content) == (304, b"")
                assert answer.headers["vary"] == "Accept-Encoding"

    @CODINGS
    def test_a_file_is_compressed_as_it_is_read(
        self, client: httpx2.Client, coding: str, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into marts.daily_activity (repository_id, day)"
                " select 1, date '2030-01-01' + number from generate_series(1, 20000) as number"
            )
        path = f"{ROWS}?format=csv"
        coded, raw = fetched(client, path, coding)
        parquet, _ = fetched(client, f"{ROWS}?format=parquet", coding)

        assert READ[coding](raw) == client.get(path).content
        assert coded.headers["content-encoding"] == coding
        assert "content-length" not in coded.headers
        assert "content-encoding" not in parquet.headers
        assert "content-length" in parquet.headers

    def test_a_file_for_http_1_0_keeps_its_length(
        self, client: httpx2.Client, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update marts.daily_activity set remark = repeat('x', 999)")
        at = client.base_url
        request = (
            f"GET {ROWS}?format=csv HTTP/1.0\r\nhost: {at.host}\r\naccept-encoding: gzip\r\n"
            f"authorization: Bearer {ADMIN_KEY}\r\n\r\n"
        )
        (answer,) = ask((at.host, at.port or 0), [request.encode()])

        assert answer.body == client.get(f"{ROWS}?format=csv").content
        assert answer.headers["content-length"] == str(len(answer.body))

    @CODINGS
    def test_what_is_kept_is_compressed_once(
        self, app: FastAPI, client: httpx2.Client, coding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = f"{ROWS}?repository_id=1"
        wait_for(lambda: client.get(path).is_success and len(app.state.answers))
        first, raw = fetched(client, path, coding)
        app.router.routes.clear()  # what is answered now is kept
        monkeypatch.setattr(compressed, "compressed", None)

        again = [fetched(client, path, coding) for _ in range(3)]

        held = {"if-none-match": first.headers["etag"], "accept-encoding": coding}
        told = [client.get(path, headers=held)]
        app.state.answers.get(path.encode()).copies.clear()
        told.append(client.get(path, headers=held))

        assert first.headers["content-encoding"] == coding
        for one in told:
            assert (one.status_code, one.headers["vary"]) == (304, "Accept-Encoding")
            assert "content-encoding" not in one.headers
        assert {one for _, one in again} == {raw}
        for before, after in pairwise([first, *(one for one, _ in again)]):
            assert before.headers["content-length"] == after.headers["content-length"]

    def test_keys_and_tickets_come_as_they_are(self, client: httpx2.Client) -> None:
        client.headers["accept-encoding"] = "zstd, gzip"
        name = "n" * 100
        made = [client.post("/api/v1/api-keys", json={"name": name}) for _ in range(3)]
        answers = [
            *made, client.get("/api/v1/api-keys"), client.post("/api/v1/auth/ticket"),
            client.post("/api/v1/auth/refresh", json={"refresh_token": "x" * 900}),
        ]  # fmt: skip

        assert len(answers[3].content) > WORTH_BYTES
        assert all("content-encoding" not in one.headers for one in answers)

    def test_the_lane_and_the_pages_agree_on_it_themselves(self, client: httpx2.Client) -> None:
        client.headers["accept-encoding"] = "zstd"
        for path in ("/api/v1/fast/repositories/1/summary", "/"):
            answer = client.get(path).raise_for_status()

            assert "content-encoding" not in answer.headers
            assert answer.headers.get_list("vary") in (["accept-encoding"], ["Accept-Encoding"])


def fetched(client: httpx2.Client, path: str, coding: str) -> tuple[httpx2.Response, bytes]:
    """As it came over the wire, too."""
    with client.stream("GET", path, headers={"accept-encoding": coding}) as answer:
        return answer, b"".join(answer.iter_raw())
