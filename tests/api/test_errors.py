"""Errors as problem documents, row by row."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import httpx2
import psycopg
import pytest
from fastapi import FastAPI, Request
from psycopg.sql import SQL, Identifier

from api import errors
from api.app import RequestIds
from gitinsight import errors as ours
from gitinsight.errors import GitInsightError
from tests.support.outages import away, kill_sessions
from tests.support.rows import add_repository
from warehouse.engine import Engine, driver

SOON = datetime.now(UTC) + timedelta(seconds=90)
TABLE: tuple[tuple[Exception, int, str], ...] = (
    (ours.NotFound("repository 7"), 404, "not-found"),
    (ours.NotVisible("octo/app", 404, "Not Found"), 404, "not-visible"),
    (ours.InvalidName("../etc"), 422, "invalid-name"),
    (ours.InvalidPlace("./work"), 422, "invalid-name"),
    (ours.InvalidLogin("a/b"), 422, "invalid-name"),
    (ours.InvalidHour("x", "no"), 500, "failed"),
    (ours.TooLarge("octo/app", 1_000), 500, "failed"),
    (ours.IdentityChanged("octo/app", 1, 2), 409, "identity-changed"),
    (ours.TokenRejected("/repos"), 502, "token-rejected"),
    (ours.UnexpectedPayload("/repos", "no list"), 502, "unexpected-payload"),
    (ours.RateLimited("core", SOON), 503, "rate-limited"),
    (ours.UpstreamUnavailable("api.github.com", "HTTP 502"), 503, "try-again"),
    (ours.BrokenAnswer("api.github.com", "no JSON", b"<html>"), 503, "try-again"),
    (ours.HourMissing("2024-01-15-0", "here"), 503, "try-again"),
    (ours.BrokenArchive("too short"), 503, "try-again"),
    (ours.MirrorBroken("7.git", "bad object"), 503, "try-again"),
    (ours.LeaseLost("job 1"), 503, "try-again"),
    (ours.TransientError("later"), 503, "try-again"),
    (ours.BrokenEnvironment("disk full", "make room"), 500, "failed"),
    (ours.WeightsMissing("encoder==1", "not fetched"), 503, "weights-missing"),
    (ours.TooHard("lizard", "it takes too long"), 422, "too-hard"),
    (ours.QualityGateFailed(("volume",)), 500, "failed"),
    (ours.Cancelled("job 1"), 500, "failed"),
    (ours.PermanentError("no"), 500, "failed"),
    (ours.Unauthorised("who?", known=False), 401, "unauthorised"),
    (ours.Unauthorised("not you", known=True), 403, "forbidden"),
    (psycopg.OperationalError("server closed the connection"), 503, "try-again"),
    (RuntimeError("secret of the inside"), 500, "unexpected"),
)


def answer_to(error: Exception) -> httpx2.Response:
    """What a route that raises it is answered with."""
    app = FastAPI()
    errors.install(app)
    app.add_middleware(RequestIds)

    @app.get("/broken")
    def broken(_: Request) -> None:
        raise error

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await client.get("/broken", headers={"x-request-id": "request-1"})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    TABLE,
    ids=[f"{type(error).__name__} {status}" for error, status, _ in TABLE],
)
def test_an_error_is_a_problem_document(error: Exception, status: int, kind: str) -> None:
    answer = answer_to(error)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    detail = {
        "OperationalError": "the warehouse does not answer now",
        "RuntimeError": "something unexpected happened; see the log",
    }.get(type(error).__name__, str(error))
    assert answer.json() == {
        "type": f"urn:gitinsight:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status, "detail": detail, "instance": "/broken", "request_id": "request-1",
    }  # fmt: skip


def test_the_table_has_a_row_for_every_error_of_ours() -> None:
    def kinds(base: type[GitInsightError]) -> Iterator[type[GitInsightError]]:
        for kind in base.__subclasses__():
            if kind.__module__ == ours.__name__:
                yield kind
                yield from kinds(kind)

    assert set(kinds(GitInsightError)) <= {type(error) for error, *_ in TABLE}


def test_a_limit_says_when_to_come_back() -> None:
    answer = answer_to(ours.RateLimited("core", datetime.now(UTC) + timedelta(seconds=90)))

    assert 85 <= int(answer.headers["retry-after"]) <= 90


def test_a_limit_that_is_over_is_no_reason_to_come_back_at_once() -> None:
    answer = answer_to(ours.RateLimited("core", datetime.now(UTC) - timedelta(hours=1)))

    assert answer.headers["retry-after"] == "1"


def test_a_stranger_is_told_how_to_show_himself() -> None:
    assert answer_to(ours.Unauthorised("who?", known=False)).headers["www-authenticate"] == "Bearer"
    assert "www-authenticate" not in answer_to(ours.Unauthorised("no", known=True)).headers


def test_a_request_that_is_not_valid_says_where(reading: httpx2.Client) -> None:
    problem = reading.get("/api/v1/jobs", params={"limit": 0, "state": "lost"}).json()

    assert (problem["status"], problem["type"]) == (422, "urn:gitinsight:problem:invalid-request")
    assert [one["where"] for one in problem["errors"]] == [["query", "state"], ["query", "limit"]]
    assert all(one["message"] for one in problem["errors"])
    assert "state in the query: Input should be" in problem["detail"]
    assert "limit in the query: Input should be" in problem["detail"]


def test_a_path_that_is_not_valid_says_what_is_wrong_with_it(reading: httpx2.Client) -> None:
    """People see one sentence, in the dashboard and wherever `errors` is not read."""
    problem = reading.get("/api/v1/repositories/abc").json()

    assert problem["detail"] == (
        "the request is not valid: repository_id in the path: Input should be a valid integer,"
        " unable to parse string as an integer"
    )


def test_a_request_with_many_faults_tells_of_some_of_them(reading: httpx2.Client) -> None:
    wrong = {f"name{number}": number for number in range(5)}
    problem = reading.post("/api/v1/repositories", json=wrong).json()

    assert problem["detail"].endswith("; and 3 more")
    assert len(problem["errors"]) == 6


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"{", 422), (b"[]", 422), (b'"octo/app"', 422), (b"\xff", 400)],
)
def test_a_body_that_is_none_is_not_valid(reading: httpx2.Client, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = reading.post("/api/v1/repositories", content=body, headers=headers)

    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_an_address_that_is_none_is_a_problem_too(reading: httpx2.Client) -> None:
    problem = reading.get("/api/v1/nothing").json()

    assert (problem["status"], problem["type"]) == (404, "urn:gitinsight:problem:not-found")


def test_a_method_that_is_not_allowed_says_which_are(reading: httpx2.Client) -> None:
    answer = reading.delete("/api/v1/marts")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["type"] == "urn:gitinsight:problem:method-not-allowed"
    assert "GET" in reading.delete("/openapi.json").headers["allow"]


@pytest.mark.parametrize(
    "path", ["/api/v1/repositories", "/api/v1/marts", f"/api/v1/jobs/{UUID(int=7)}"]
)
def test_while_the_warehouse_is_away_the_answer_is_try_again(
    api: httpx2.Client, database_url: str, path: str
) -> None:
    with away(database_url):
        answer = api.get(path)

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:gitinsight:problem:try-again")
    assert answer.headers["retry-after"] == "5"
    assert api.get("/api/v1/repositories").status_code == 200


def test_while_the_warehouse_only_reads_whoever_writes_is_to_try_again(
    api: httpx2.Client, warehouse: Engine, database_url: str
) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        name = Identifier(database_url.rpartition("/")[2])
        alter = SQL("alter database {} set default_transaction_read_only = on").format(name)
        driver(connection).execute(alter)
    kill_sessions(database_url)

    read = api.get(f"/api/v1/repositories/{repository_id}")
    written = api.post(f"/api/v1/repositories/{repository_id}/analyze", json={})

    assert (read.status_code, written.status_code) == (200, 503)
    assert written.json()["type"] == "urn:gitinsight:problem:try-again"
    assert "Retry-After" in written.headers
