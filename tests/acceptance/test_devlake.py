"""Lead times, deployments and incidents as Apache DevLake expects them of its own test data.

The data are of its end-to-end tests (`backend/plugins/dora/e2e`, Apache-2.0); they are put where
extraction puts GitHub's. `docs/definitions-compared.md` says where we differ.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.steps.transform import delivery_settings, figures
from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import DeliverySettings
from tests.support.analyses import rows
from tests.support.databases import copy_of
from tests.support.rows import add_repository
from warehouse.engine import Connection, Engine, driver, make_engine

DATA = Path(__file__).parents[3] / "shared" / "datasets" / "devlake_dora"
LEAD_TIME = Path(__file__).with_name("devlake_lead_time.sql")
INCIDENTS = "connect_incident_to_deployment/"
METRICS = "change_lead_time/project_pr_metrics"
PROJECT = "project1"
PHASES = ("coding", "pickup", "review", "deploy", "cycle")
TIMES = (
    "first_commit_authored_date", "first_comment_date", "pr_created_date", "pr_merged_date",
    "pr_deployed_date",
)  # fmt: skip
OURS = {
    # Nobody answered, so that it waited until its merge; the first deployment holds it.
    ("pr0", "pickup"): 43200, ("pr0", "review"): 0, ("pr0", "deploy"): 610681,
    # What was said before the opening is no answer.
    ("pr3", "pickup"): 1440, ("pr3", "review"): 2880,
    ("pr5", "pickup"): 60, ("pr5", "review"): 0,
    # Nor is it part of the wait what was said after the merge.
    ("pr4", "pickup"): 60, ("pr4", "review"): 0,
}  # fmt: skip
"""Minutes of our own phases where they are not DevLake's."""
WRITTEN = "'', 'rest', '1', false, now(), gen_random_uuid()"
KNOWN = (
    "issues", "pull_requests", "issue_comments", "reviews", "review_comments", "issue_events",
    "commits", "deployments",
)  # fmt: skip


@pytest.fixture(scope="module")
def transformed(
    postgres_server: EmbeddedPostgres, _template: str, shared_dir: Path
) -> Iterator[Engine]:
    """The data of all of the tests, each in repositories of its own, and what dbt makes of them."""
    home = shared_dir / "devlake-dora"
    state.prepare(home)
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        _store_incidents(engine)
        _store_lead_times(engine)
        _store_previous(engine)
        figures(engine, home, delivery_settings(DeliverySettings()), with_tests=False)
        yield engine
        engine.dispose()


def test_incidents_are_laid_to_the_deployments_that_devlake_expects(transformed: Engine) -> None:
    made = _read(f"{INCIDENTS}prev_success_deployment_commit/cicd_deployment_commits_after")
    expected = _read(f"{INCIDENTS}snapshot_tables/project_incident_deployment_relationships")
    numbers = {one["id"].rpartition(":")[2]: one["id"] for one in _incidents()}
    pipelines = {one["id"]: one["cicd_deployment_id"] for one in made}

    laid = {
        (numbers[str(number)], pipelines[key])
        for number, key in rows(
            transformed, "select number, deployment_key from intermediate.int_incidents"
        )
    }

    assert len(expected) == 6
    assert laid == {
        (one["id"], one["deployment_id"]) for one in expected if one["project_name"] == PROJECT
    }


def test_lead_times_are_those_that_devlake_expects(transformed: Engine) -> None:
    expected = {one["id"]: [*_phases(one), *_times(one)] for one in _read(METRICS)}

    found = rows(transformed, LEAD_TIME.read_text("utf-8"))

    assert len(expected) * len(PHASES) == 30
    assert {f"pr{number}": values for number, *values in found} == expected


def test_ours_differ_in_the_phases_that_are_told(transformed: Engine) -> None:
    theirs = {one["id"]: dict(zip(PHASES, _phases(one), strict=True)) for one in _read(METRICS)}

    found = rows(
        transformed,
        """
        select number,
            ceil(coding_hours * 60), ceil(pickup_hours * 60), ceil(review_hours * 60),
            ceil(deploy_hours * 60)
        from candidate.pull_request_cycle_time
        left join candidate.pull_request_deployments using (repository_id, number)
        where state = 'merged'
        """,
    )

    ours = {f"pr{number}": dict(zip(PHASES, values, strict=False)) for number, *values in found}
    assert {
        (name, phase): value
        for name, phases in ours.items()
        for phase, value in phases.items()
        if value != theirs[name][phase]
    } == OURS


def test_the_previous_deployment_is_the_one_that_devlake_expects(transformed: Engine) -> None:
    made = _read("prev_success_deployment_commit/cicd_deployment_commits_after")
    expected = {
        one["id"]: one["prev_success_deployment_commit_id"] or None
        for one in _of_project("prev_success_deployment_commit/", made)
    }

    found = dict(
        rows(
            transformed,
            """
            select deployment_id::text, lag(deployment_id::text) over (
                partition by repository_id, environment order by created_at
            )
            from staging.stg_github__deployments
            inner join ops.repositories using (repository_id)
            where full_name like 'previous/%' and first_success_at is not null
            """,
        )
    )

    # One that failed follows none and comes before none.
    failed = {one["id"] for one in made if one["result"] == "FAILURE"}
    assert found == {key: value for key, value in expected.items() if key not in failed}
    assert {expected.get(key) for key in failed} == {None}


def _store_incidents(warehouse: Engine) -> None:
    made = _read(f"{INCIDENTS}prev_success_deployment_commit/cicd_deployment_commits_after")
    repository_id = add_repository(warehouse, "incidents/project", github_id=1)
    with warehouse.begin() as connection:
        _store_deployments(connection, repository_id, _of_project(f"{INCIDENTS}raw_tables/", made))
        _store(
            connection, "github_issues", repository_id,
            {
                int(one["id"].rpartition(":")[2]): {
                    "number": int(one["id"].rpartition(":")[2]), "state": "closed",
                    "labels": [{"name": "incident"}],
                    "created_at": f"{one['created_date']}Z", "closed_at": f"{one['updated_date']}Z",
                }
                for one in _incidents()
            },
        )  # fmt: skip


def _store_previous(warehouse: Engine) -> None:
    """A repository for each of theirs in each scope, within which DevLake looks back."""
    folder = "prev_success_deployment_commit/"
    made = _of_project(folder, _read(f"{folder}cicd_deployment_commits_before"))
    places = sorted({(one["cicd_scope_id"], one["repo_url"]) for one in made})
    for github_id, place in enumerate(places, 200):
        name = f"previous/{'-'.join(place)}"
        repository_id = add_repository(warehouse, name, github_id=github_id)
        with warehouse.begin() as connection:
            _store_deployments(
                connection, repository_id,
                [one for one in made if (one["cicd_scope_id"], one["repo_url"]) == place],
            )  # fmt: skip


def _store_lead_times(warehouse: Engine) -> None:
    """DevLake gives the commits between two deployments, we walk a history: it is made so that it
    gives the same. A pull request is put where its merge commit is.
    """
    folder = "change_lead_time/"
    made = _of_project(folder, _read(f"{folder}cicd_deployment_commits"))
    differences = _read(f"{folder}commits_diffs")
    pulls = _read(f"{folder}pull_requests")
    for github_id, url in enumerate(sorted({one["repo_url"] for one in made}), 100):
        here = [one for one in made if one["repo_url"] == url]
        line = _line([one["commit_sha"] for one in here], differences)
        repository_id = add_repository(warehouse, f"lead-times/{url}", github_id=github_id)
        with warehouse.begin() as connection:
            _store_deployments(connection, repository_id, here)
            _store_line(connection, repository_id, line)
            _store_pulls(
                connection, repository_id,
                [one for one in pulls if one["merge_commit_sha"] in line],
            )  # fmt: skip


def _line(deployed: Iterable[str], differences: Iterable[Mapping[str, str]]) -> list[str]:
    """A history from its first commit, in which each difference lies between its deployments. What
    is in none lies before them all.
    """
    line: list[str] = []
    for sha in deployed:
        between = [one for one in differences if one["new_commit_sha"] == sha]
        held = [
            *(one["old_commit_sha"] for one in between),
            *(one["commit_sha"] for one in between),
        ]
        if between:
            line += [one for one in (*held, sha) if one and one not in line]
        else:
            line.insert(0, sha)
    return line


def _store_line(connection: Connection, repository_id: int, line: list[str]) -> None:
    raw = driver(connection)
    raw.execute(
        "update ops.repositories set default_branch = 'main' where repository_id = %s",
        (repository_id,),
    )
    raw.execute(
        "insert into raw.git_branches"
        " (repository_id, name, commit_sha, is_default, extracted_at, run_id)"
        " values (%s, 'main', %s, true, now(), gen_random_uuid())",
        (repository_id, line[-1]),
    )
    raw.cursor().executemany(
        "insert into raw.git_commits (repository_id, sha, parents, author_name, author_email,"
        " authored_at_raw, committer_name, committer_email, committed_at_raw, message,"
        " is_on_default_branch, source, sanitized, extracted_at, run_id)"
        " values (%s, %s, %s, '', '', '', '', '', '', '', true, 'git', false, now(),"
        " gen_random_uuid())",
        [
            (repository_id, sha, [parent] if parent else [])
            for parent, sha in zip(["", *line], line, strict=False)
        ],
    )
    raw.cursor().executemany(
        "insert into ops.completeness"
        " (repository_id, thing, upstream_count, held_count, state, as_of, job_id)"
        " values (%s, %s, 1, 1, 'complete', now(), gen_random_uuid())",
        [(repository_id, thing) for thing in KNOWN],
    )


def _store_pulls(
    connection: Connection, repository_id: int, pulls: Iterable[Mapping[str, str]]
) -> None:
    folder = "change_lead_time/"
    issues: dict[int, dict[str, Any]] = {}
    requests: dict[int, dict[str, Any]] = {}
    comments: dict[int, dict[str, Any]] = {}
    for one in pulls:
        number = int(one["id"].removeprefix("pr"))
        login = one["author_id"]
        created_at, merged_at = _utc(one["created_date"]), _utc(one["merged_date"])
        # GitHub lists them from the oldest; DevLake takes the earliest of their dates.
        commits = sorted(
            commit["commit_authored_date"]
            for commit in _read(f"{folder}pull_request_commits")
            if commit["pull_request_id"] == one["id"]
        )
        issues[number] = {
            "number": number, "state": "closed", "pull_request": {},
            "created_at": created_at, "closed_at": merged_at,
            "user": {"login": login} if login else None,
        }  # fmt: skip
        requests[number] = {
            "number": number, "state": "MERGED" if merged_at else "OPEN", "isDraft": False,
            "createdAt": created_at, "closedAt": merged_at, "mergedAt": merged_at,
            "mergeCommit": {"oid": one["merge_commit_sha"]},
            "author": {"__typename": "User", "login": login} if login else None,
            "commits": {
                "totalCount": len(commits),
                "nodes": [{"commit": {"authoredDate": _utc(one)}} for one in commits],
            },
        }  # fmt: skip
        comments |= {
            int(comment["id"].removeprefix("comment")): {
                "issue_url": f"/{number}", "user": {"login": comment["account_id"]},
                "created_at": _utc(comment["created_date"]),
            }
            for comment in _read(f"{folder}pull_request_comments")
            if comment["pull_request_id"] == one["id"]
        }  # fmt: skip
    _store(connection, "github_issues", repository_id, issues)
    _store(connection, "github_pull_requests", repository_id, requests)
    _store(connection, "github_issue_comments", repository_id, comments)


def _store_deployments(
    connection: Connection, repository_id: int, made: Iterable[Mapping[str, str]]
) -> None:
    _store(
        connection, "github_deployments", repository_id,
        {
            int(one["id"]): {
                "environment": one["environment"], "commitOid": one["commit_sha"],
                "createdAt": one["started_date"], "state": one["result"],
                "statuses": {"totalCount": 1, "nodes": [
                    {"state": one["result"], "createdAt": one["finished_date"]}
                ]},
            }
            for one in made
        },
    )  # fmt: skip


def _store(
    connection: Connection, table: str, repository_id: int, payloads: Mapping[int, dict[str, Any]]
) -> None:
    driver(connection).cursor().executemany(
        f"insert into raw.{table} (repository_id, id, payload, content_hash, source, api_version,"
        f" sanitized, extracted_at, run_id) values (%s, %s, %s, {WRITTEN})",
        [(repository_id, id_, json.dumps(payload)) for id_, payload in payloads.items()],
    )


def _phases(metrics: Mapping[str, str]) -> list[int | None]:
    values = (metrics[f"pr_{phase}_time"] for phase in PHASES)
    return [int(value) if value else None for value in values]


def _times(metrics: Mapping[str, str]) -> list[datetime | None]:
    values = (metrics[time] for time in TIMES)
    return [datetime.fromisoformat(value) if value else None for value in values]


def _utc(time: str) -> str | None:
    return f"{time}Z" if time else None


def _incidents() -> list[dict[str, str]]:
    folder = f"{INCIDENTS}raw_tables/"
    ours = _scopes(folder)
    return [one for one in _read(f"{folder}incidents") if (one["table"], one["scope_id"]) in ours]


def _of_project(folder: str, made: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    ours = _scopes(folder)
    return [one for one in made if ("cicd_scopes", one["cicd_scope_id"]) in ours]


def _scopes(folder: str) -> set[tuple[str, str]]:
    mapping = _read(f"{folder}project_mapping")
    return {(one["table"], one["row_id"]) for one in mapping if one["project_name"] == PROJECT}


def _read(name: str) -> list[dict[str, str]]:
    path = DATA / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"no data sets in ../{DATA.parent.parent.name}/{DATA.parent.name}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
