"""Daily counts of 22 repositories equal those that another package makes of the same records."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.steps import transform
from gitinsight.settings import DeliverySettings
from tests.support.analyses import rows
from warehouse import repositories
from warehouse.engine import Engine, driver

SEEDS = Path(__file__).parents[3] / "shared" / "datasets" / "fivetran_github"
AS_OF = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def counted(warehouse: Engine, tmp_path: Path) -> Engine:
    """The warehouse with the seeds as GitHub would have told them, and our models built on it."""
    if not SEEDS.is_dir():
        pytest.skip(f"no seeds in ../shared/datasets/{SEEDS.name}")
    held: dict[str, int] = {}
    with warehouse.begin() as connection:
        raw = driver(connection)
        for name in sorted({issue["repository_id"] for issue in _seed("issue")}):
            added, _ = repositories.add(
                connection, host="https://api.github.test", full_name=f"seeds/{name}",
                github_id=int(name), clone_url="https://github.test/seeds", at=AS_OF,
            )  # fmt: skip
            held[name] = added.repository_id
            for thing in ("issues", "pull_requests", "issue_events"):
                raw.execute(
                    "insert into ops.completeness (repository_id, thing, held_count, state, as_of,"
                    " job_id) values (%s, %s, 0, 'complete', %s, gen_random_uuid())",
                    (added.repository_id, thing, AS_OF),
                )
        for thing, name, identifier, payload in _records():
            raw.execute(
                f"insert into raw.github_{thing} (repository_id, id, payload, content_hash,"
                " source, api_version, sanitized, extracted_at, run_id)"
                " values (%s, %s, %s::jsonb, '', 'rest', '1', false, %s, gen_random_uuid())",
                (held[name], identifier, msgspec.json.encode(payload).decode(), AS_OF),
            )
    built = transform.figures(
        warehouse, tmp_path, transform.delivery_settings(DeliverySettings()), with_tests=False
    )
    assert {one.status for one in built} == {"success"}
    return warehouse


def test_daily_counts_equal_those_of_the_fivetran_package(counted: Engine) -> None:
    found = rows(
        counted,
        "select sum(issues_opened_count), sum(issues_closed_count),"
        " sum(pull_requests_opened_count), sum(pull_requests_merged_count),"
        " sum(pull_requests_closed_unmerged_count), count(distinct repository_id),"
        " count(*) filter (where issues_opened_count + issues_closed_count"
        " + pull_requests_opened_count + pull_requests_merged_count"
        " + pull_requests_closed_unmerged_count > 0) from candidate.daily_activity",
    )

    # From the README of the data sets: what the package's own models give on PostgreSQL.
    assert [tuple(map(int, row)) for row in found] == [(30, 30, 167, 110, 57, 22, 386)]


def _seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"github_{name}_data.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _records() -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    """Thing, repository, id and payload. On GitHub what has a time of closing is closed, and what
    is merged is closed then; the seeds' states and times of closing are not made so.
    """
    merges = {merge["issue_id"]: _time(merge["merged_at"]) for merge in _seed("issue_merged")}
    pulls = {pull["issue_id"]: int(pull["id"]) for pull in _seed("pull_request")}
    for issue in _seed("issue"):
        merged_at = merges.get(issue["id"])
        closed_at = merged_at or _time(issue["closed_at"])
        number, created_at = int(issue["number"]), _time(issue["created_at"])
        state = "closed" if closed_at else "open"
        is_pull_request = issue["pull_request"] == "TRUE"
        payload = {
            "id": int(issue["id"]), "number": number, "state": state, "title": issue["title"],
            "user": None, "comments": 0, "created_at": created_at, "closed_at": closed_at,
            "updated_at": _time(issue["updated_at"]),
        } | ({"pull_request": {}} if is_pull_request else {})  # fmt: skip
        yield "issues", issue["repository_id"], int(issue["id"]), payload
        if is_pull_request:
            pull = {
                "number": number, "state": "MERGED" if merged_at else state.upper(),
                "isDraft": False, "author": None, "createdAt": created_at, "closedAt": closed_at,
                "mergedAt": merged_at,
            }  # fmt: skip
            yield "pull_requests", issue["repository_id"], pulls[issue["id"]], pull


def _time(text: str) -> str | None:
    return f"{text.replace(' ', 'T')}Z" if text else None
