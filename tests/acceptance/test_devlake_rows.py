"""GitHub's records become the columns that Apache DevLake expects of the same records.

The data are of its end-to-end tests (`backend/plugins/github/e2e`, Apache-2.0): answers of GitHub
and the typed rows expected of them. The answers go through our split, our raw tables and staging;
of each table of theirs every column is compared or named with the reason why it is not.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from flows.steps.transform import delivery_settings, figures
from gitinsight.github import nodes, payloads
from gitinsight.github.payloads import Actor
from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import DeliverySettings
from gitinsight.things.pull_request_commits import PULL_REQUEST_COMMITS
from gitinsight.things.reviews import REVIEWS
from gitinsight.things.thing import Thing
from tests.support.analyses import rows
from tests.support.databases import copy_of
from tests.support.rows import AT, add_repository
from warehouse import raw
from warehouse.engine import Connection, Engine, make_engine
from warehouse.raw import Origin

DATA = Path(__file__).parents[3] / "shared" / "datasets" / "devlake_github"
LARGEST_FIELD = 2**24


def text(value: str) -> str | None:
    """A table in CSV has no null."""
    return value or None


def whole(value: str) -> int | None:
    return int(value) if value else None


def flag(value: str) -> bool:
    return value == "1"


def time(value: str) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def item(github_id: str) -> int:
    """The number of an issue or a pull request, by which ours are known."""
    return _numbers()[github_id]


def is_closed(state: str) -> bool:
    return state == "closed"


@dataclass(frozen=True)
class Case:
    """``columns`` are ours, or what is made of them, with theirs; ``without`` is a reason with the
    columns that are not compared for it.
    """

    expected: str
    ours: str
    columns: Mapping[str, tuple[str, Callable[[str], Any]]]
    without: Mapping[str, str]
    only: Callable[[Mapping[str, str]], object] = bool
    """Which of their rows."""


OWN = "where DevLake has read it, and under which number it keeps it"
RAW = "no model asks for it, so that it stays in the raw payload"
SET_UP = "by patterns that are set up in DevLake"
UNCOUNTED = "the list does not count: ours is null and theirs 0"
SOURCE = "connection_id _raw_data_params _raw_data_table _raw_data_id _raw_data_remark"
CHANGED = {"created_at": ("github_created_at", time), "updated_at": ("github_updated_at", time)}
ISSUES = "stg_github__issues where not is_pull_request"
PULL_REQUESTS = "stg_github__pull_requests"
NUMBERS = f"(select number from staging.{ISSUES})"
CASES = {
    "issues": Case(
        "issues", ISSUES,
        {
            "issue_id": ("github_id", int), "number": ("number", int), "title": ("title", text),
            "state": ("state", text), "author_login": ("author_name", text), **CHANGED,
            "closed_at": ("closed_at", time),
            "floor(extract(epoch from closed_at - created_at) / 60)::bigint":
                ("lead_time_minutes", whole),
        },
        {
            OWN: f"{SOURCE} repo_id", SET_UP: "type priority severity component",
            RAW: "body url author_id assignee_id assignee_name milestone_id",
        },
    ),
    "labels of issues": Case(
        "issue_labels", ISSUES,
        {
            "issue_id": ("issue_id", int),
            "jsonb_array_elements_text(label_names)": ("label_name", text),
        },
        {OWN: SOURCE},
    ),
    "pull requests": Case(
        "pull_requests", PULL_REQUESTS,
        {
            "pull_request_id": ("github_id", int), "number": ("number", int),
            "title": ("title", text), "is_closed": ("state", is_closed),
            "is_draft": ("is_draft", flag), "author_login": ("author_name", text), **CHANGED,
            "closed_at": ("closed_at", time), "merged_at": ("merged_at", time),
            "head_sha": ("head_commit_sha", text),
        },
        {
            OWN: f"{SOURCE} repo_id", SET_UP: "type component",
            RAW: "body url author_id head_repo_id head_ref base_ref base_commit_sha",
            UNCOUNTED: "additions deletions comments commits review_comments merged",
            "of one that is not merged it is a commit to try it out": "merge_commit_sha",
        },
    ),
    "merge commits": Case(
        "pull_requests", f"{PULL_REQUESTS} where merged_at is not null",
        {
            "pull_request_id": ("github_id", int),
            "merge_commit_sha": ("merge_commit_sha", text),
        },
        {},
        lambda row: row["merged_at"],
    ),
    "comments on issues": Case(
        "issue_comments", f"stg_github__issue_comments where number in {NUMBERS}",
        {
            "comment_id": ("github_id", int), "number": ("issue_id", item),
            "author_login": ("author_username", text), **CHANGED,
        },
        {OWN: SOURCE, RAW: "body author_user_id"},
    ),
    "comments on pull requests": Case(
        "pull_request_comments", f"stg_github__issue_comments where number not in {NUMBERS}",
        {
            "comment_id": ("github_id", int), "number": ("pull_request_id", item),
            "author_login": ("author_username", text), **CHANGED,
        },
        {OWN: SOURCE, RAW: "body author_user_id", "of the others": "type commit_sha review_id"},
        lambda row: row["type"] == "NORMAL",
    ),
    "review comments": Case(
        "pull_request_comments", "stg_github__review_comments",
        {
            "comment_id": ("github_id", int), "number": ("pull_request_id", item),
            "review_id": ("review_id", int), "author_login": ("author_username", text), **CHANGED,
        },
        {OWN: SOURCE, RAW: "body author_user_id commit_sha", "what this is about": "type"},
        lambda row: row["type"] == "DIFF",
    ),
    "reviews": Case(
        "pull_request_reviews", "stg_github__reviews",
        {
            "review_id": ("github_id", int), "number": ("pull_request_id", item),
            "state": ("state", text), "author_login": ("author_username", text),
            "submitted_at": ("github_submit_at", time),
        },
        {OWN: SOURCE, RAW: "body author_user_id commit_sha"},
    ),
    "reviewers": Case(
        "reviewers", "stg_github__reviews group by number, author_login",
        {"number": ("pull_request_id", item), "author_login": ("username", text)},
        {OWN: SOURCE, RAW: "reviewer_id name"},
    ),
    "commits of pull requests": Case(
        "pull_request_commits", "stg_github__pull_request_commits",
        {"sha": ("commit_sha", text), "number": ("pull_request_id", item)},
        {OWN: SOURCE, RAW: "commit_author_name commit_author_email commit_authored_date"},
    ),
    "times of commits": Case(
        "commits", "stg_github__pull_request_commits group by sha, committed_at",
        {"sha": ("sha", text), "committed_at": ("committed_date", time)},
        {
            OWN: SOURCE.removeprefix("connection_id"), UNCOUNTED: "additions deletions",
            RAW: "author_id author_name author_email authored_date committer_id committer_name"
            " committer_email message url",
        },
    ),
    "events": Case(
        "issue_events", "stg_github__issue_events",
        {
            "issue_event_id": ("github_id", int), "number": ("issue_id", item),
            "event": ("type", text), "actor_login": ("author_username", text),
            "created_at": ("github_created_at", time),
        },
        {OWN: SOURCE},
    ),
    "milestones": Case(
        "milestones", "stg_github__milestones",
        {
            "milestone_id": ("milestone_id", int), "title": ("title", text),
            "state": ("state", text), "closed_at": ("closed_at", time),
        },
        {OWN: f"{SOURCE} repo_id", RAW: "number url open_issues closed_issues"},
    ),
    "runs": Case(
        "runs", "stg_github__workflow_runs",
        {
            "run_id": ("id", int), "workflow_id": ("workflow_id", int),
            "workflow_name": ("name", text), "event": ("event", text),
            "head_branch": ("head_branch", text), "head_sha": ("head_sha", text),
            "status": ("status", text), "nullif(conclusion, '')": ("conclusion", text),
            "attempt": ("run_attempt", int), "started_at": ("run_started_at", time), **CHANGED,
        },
        {
            OWN: "connection_id repo_id", SET_UP: "type environment",
            RAW: "node_id path run_number check_suite_id check_suite_node_id display_title url"
            " html_url jobs_url logs_url check_suite_url artifacts_url cancel_url rerun_url"
            " workflow_url",
        },
    ),
    "jobs": Case(
        "jobs", "stg_github__workflow_jobs",
        {
            "job_id": ("id", int), "run_id": ("run_id", int), "name": ("name", text),
            # GitHub writes them small, DevLake great.
            "upper(status)": ("status", text),
            "nullif(upper(conclusion), '')": ("conclusion", text),
            "started_at": ("started_at", time), "completed_at": ("completed_at", time),
        },
        {
            OWN: "connection_id repo_id", SET_UP: "type environment",
            RAW: "run_url node_id head_sha url html_url steps check_run_url labels runner_id"
            " runner_name runner_group_id",
        },
    ),
}  # fmt: skip
NAMED_IN = ("issue", "pr", "comment", "event", "review", "repo")
"""Where DevLake looks for accounts."""
ELSEWHERE = {(380755, "hanfezh"), (14050754, "Startrekzky")}
"""Who started a run, who made a milestone."""
THINGS = {
    "issues": "issues", "pull_requests": "pull_requests", "comments": "issue_comments",
    "events": "issue_events", "pull_request_review_comments": "review_comments",
    "milestones": "milestones", "runs": "workflow_runs", "jobs": "workflow_jobs",
}  # fmt: skip
"""Answers that we read as they are, with our name of what they hold."""


@pytest.fixture(scope="module")
def staged(postgres_server: EmbeddedPostgres, _template: str, shared_dir: Path) -> Iterator[Engine]:
    """All answers as those of one repository, and what dbt makes of them."""
    if not DATA.is_dir():
        pytest.skip(f"no data sets in ../{DATA.parent.parent.name}/{DATA.parent.name}")
    home = shared_dir / "devlake"
    state.prepare(home)
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        origin = Origin(add_repository(engine), "rest", "1", AT, uuid4())
        with engine.begin() as connection:
            for kind, thing in THINGS.items():
                page = payloads.split(b"[" + b",".join(_answers(kind)) + b"]")
                raw.store(connection, thing, page, origin=origin, known=set())
            _store_nodes(connection, REVIEWS, _review, origin=origin)
            _store_nodes(connection, PULL_REQUEST_COMMITS, _commit, origin=origin)
            accounts = [msgspec.json.decode(one, type=Actor) for one in _answers("accounts")]
            raw.store_accounts(connection, accounts, origin=origin, known=set())
        figures(engine, home, delivery_settings(DeliverySettings()), with_tests=False)
        yield engine
        engine.dispose()


@pytest.mark.parametrize("name", CASES)
def test_each_row_has_the_columns_that_devlake_expects(name: str, staged: Engine) -> None:
    case = CASES[name]
    typed = [row for row in _read("snapshot_tables/_tool_github_", case.expected) if case.only(row)]

    found = rows(staged, f"select {', '.join(case.columns)} from staging.{case.ours}")

    assert Counter(found) == Counter(
        tuple(read(row[theirs]) for theirs, read in case.columns.values()) for row in typed
    )


def test_no_column_of_theirs_is_left_out_without_a_reason() -> None:
    for expected in {case.expected for case in CASES.values()}:
        cases = [case for case in CASES.values() if case.expected == expected]
        told = {theirs for case in cases for theirs, _ in case.columns.values()}
        told |= {
            theirs for case in cases for names in case.without.values() for theirs in names.split()
        }

        assert told == set(_read("snapshot_tables/_tool_github_", expected)[0]), expected


def test_the_accounts_are_those_that_devlake_finds(staged: Engine) -> None:
    named = {
        (int(row["account_id"]), row["login"])
        for place in NAMED_IN
        for row in _read("snapshot_tables/_tool_github_accounts_in_", place)
    }
    typed = {
        (int(row["id"]), row["login"], row["type"])
        for row in _read("snapshot_tables/_tool_github_", "account")
    }

    found = set(rows(staged, "select user_id, login, actor_type from staging.stg_github__users"))

    expected = named | {(user_id, login) for user_id, login, _ in typed}
    assert {(user_id, login) for user_id, login, _ in found} == expected | ELSEWHERE
    assert ELSEWHERE.isdisjoint(expected)
    assert typed <= found


def _read(prefix: str, name: str) -> list[dict[str, str]]:
    if not DATA.is_dir():
        pytest.skip(f"no data sets in ../{DATA.parent.parent.name}/{DATA.parent.name}")
    csv.field_size_limit(LARGEST_FIELD)
    with (DATA / f"{prefix}{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _answers(kind: str) -> list[bytes]:
    """The records as GitHub wrote them."""
    return [row["data"].encode() for row in _read("raw_tables/_raw_github_api_", kind)]


@cache
def _numbers() -> dict[str, int]:
    """GitHub's id of an issue or a pull request -> its number, by what was asked and answered."""
    found = [json.loads(one) for kind in ("issues", "pull_requests") for one in _answers(kind)]
    found += [json.loads(one)["issue"] for one in _answers("events")]
    return {str(one["id"]): one["number"] for one in found}


def _store_nodes(
    connection: Connection, thing: Thing, node: Callable[[dict[str, Any]], dict[str, Any]], *,
    origin: Origin,
) -> None:  # fmt: skip
    """What we read by GraphQL, in which the same is written otherwise."""
    asked = _read("raw_tables/_raw_github_api_", f"pull_request_{thing.connection}")
    made = []
    for row in asked:
        parent = json.loads(row["input"])
        one = node(json.loads(row["data"])) | {thing.number: parent["Number"]}
        made.append((one, nodes.node_row(thing, one, parent=parent["GithubId"])))
    actors = [actor for one, _ in made for actor in nodes.actors(one)]
    raw.store_accounts(connection, actors, origin=origin, known=set())
    raw.upsert(connection, thing.name, [row for _, row in made], origin=origin)


def _review(record: dict[str, Any]) -> dict[str, Any]:
    user = record["user"]
    return {
        "fullDatabaseId": str(record["id"]), "state": record["state"],
        "submittedAt": record["submitted_at"],
        "author": {
            "__typename": user["type"], "login": user["login"].removesuffix("[bot]"),
            "databaseId": user["id"],
        },
    }  # fmt: skip


def _commit(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "commit": {
            "oid": record["sha"], "authoredDate": record["commit"]["author"]["date"],
            "committedDate": record["commit"]["committer"]["date"],
        }
    }  # fmt: skip
