"""Badges: what everybody may see, and `unknown` for everything else."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.support.marts import make
from warehouse.engine import Engine

HEALTH = "repository_id bigint, iso_week date, score double precision, primary key (repository_id)"
SUMMARY = "repository_id bigint primary key, issues_open_count bigint, stargazers_count bigint"


@pytest.fixture(scope="module")
def badges(published: httpx2.Client, library: Engine) -> Iterator[httpx2.Client]:
    """Whoever fetches them holds no key."""
    with library.begin() as connection:
        make(
            connection, "marts.health_score", HEALTH,
            (1, "2026-05-25", 81.6), (2, "2026-05-25", None),
        )  # fmt: skip
        make(connection, "marts.repository_summary", SUMMARY, (1, 1_234, 0), (2, None, 3))
    with httpx2.Client(base_url=published.base_url, timeout=30) as client:
        yield client


def badge(client: httpx2.Client, name: str, **told: str) -> str:
    answer = client.get(f"/badge/octo/{name}.svg", params=told)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    return str(answer.text)


def test_a_badge_shows_the_health_score(badges: httpx2.Client) -> None:
    found = badge(badges, "app-1")

    assert 'aria-label="health score: 82/100"' in found
    assert "#1a7f37" in found


def test_any_metric_will_do(badges: httpx2.Client) -> None:
    assert 'aria-label="open issues: 1.2k"' in badge(badges, "app-1", metric="issues-open")
    assert ">backlog<" in badge(badges, "APP-1", metric="issues-open", label="backlog")


def test_zero_is_zero_and_what_is_not_known_is_grey(badges: httpx2.Client) -> None:
    assert 'aria-label="stars: 0"' in badge(badges, "app-1", metric="stars")
    unknown = badge(badges, "app-2")
    assert 'aria-label="health score: unknown"' in unknown
    assert "#57606a" in unknown
    assert "unknown" in badge(badges, "app-2", metric="issues-open")
    assert "unknown" in badge(badges, "app-1", metric="code-health")  # a mart that is not there


def test_what_is_private_looks_like_what_is_not_there(
    badges: httpx2.Client, library: Engine
) -> None:
    with library.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set is_private = true where repository_id = 1"
        )
    private, missing = badge(badges, "app-1"), badge(badges, "nothing")
    with library.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set is_private = false")

    assert private == missing
    assert badge(badges, "app-1") != missing


def test_who_holds_a_badge_is_told_so(badges: httpx2.Client) -> None:
    first = badges.get("/badge/octo/app-1.svg")
    again = badges.get("/badge/octo/app-1.svg", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, max-age=300"


def test_what_is_no_badge_is_refused(badges: httpx2.Client) -> None:
    assert badges.get("/badge/octo/app-1.svg?metric=nothing").status_code == 404
    assert badges.get("/badge/octo/app-1.svg", params={"label": "x" * 61}).status_code == 422
    for nul in (
        "/badge/octo%00/app-1.svg",
        "/badge/octo/%00.svg",
        "/badge/octo/app-1.svg?label=%00",
    ):
        assert badges.get(nul).status_code == 422
    evil = badge(badges, "app-1", label="<script>&")
    assert "&lt;script&gt;&amp;" in evil
    assert "<script" not in evil
