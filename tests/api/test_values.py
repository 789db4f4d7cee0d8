"""The value of a metric is that of its formula."""

import httpx2
import pytest

from tests.support.marts import make
from tests.support.rows import add_repository
from warehouse.engine import Engine

SUMMARY = "repository_id bigint primary key, issues_open_count bigint"


@pytest.fixture(scope="module")
def api(reading: httpx2.Client, library: Engine) -> httpx2.Client:
    for number in (1, 2):
        add_repository(library, f"octo/app-{number}", github_id=number)
    with library.begin() as connection:
        make(connection, "marts.repository_summary", SUMMARY, (1, 7), (2, None))
    return reading


def test_a_value_is_told_with_its_unit_and_definition(api: httpx2.Client) -> None:
    found = api.get("/api/v1/repositories/1/values/issues-open").json()

    assert found["data"] == {"value": 7.0, "unit": "count", "better": None}
    assert found["meta"]["definition"] == "issues-open@1"


def test_what_is_not_known_is_null(api: httpx2.Client) -> None:
    assert api.get("/api/v1/repositories/2/values/issues-open").json()["data"]["value"] is None


def test_what_there_is_not_is_not_found(api: httpx2.Client) -> None:
    for path in ("1/values/nothing", "9/values/issues-open", "1/values/health-score"):
        assert api.get(f"/api/v1/repositories/{path}").status_code == 404
