"""What comes inside a pull request, and the rest of it."""

from collections.abc import Iterator

import pytest

from flows.steps import discover, nested, pull_requests, reading
from flows.steps.run import Run
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, wider_truth
from gitinsight.things.issues import ISSUES
from gitinsight.things.pull_requests import PULL_REQUESTS
from tests.support.analyses import attempting, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = wider_truth(Organisation().repositories["aurora"])


@pytest.fixture
def run(settings: Settings, warehouse: Engine) -> Iterator[Run]:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        reading.read(run, ISSUES)
        pull_requests.hydrate(run)
        yield run


@pytest.mark.parametrize("thing", ["pull_request_commits", "pull_request_files", "reviews"])
def test_everything_is_held_however_much_came_at_once(
    run: Run, warehouse: Engine, thing: str
) -> None:
    assert count(warehouse, f"raw.github_{thing}") == TRUTH[thing]
    largest = rows(
        warehouse,
        f"select max(inside) from (select count(*) as inside from raw.github_{thing}"
        " group by payload ->> 'pullRequestNumber') as counted",
    )
    assert largest[0][0] > 30, "the data must have one that does not fit into a page"


def test_commits_that_a_force_push_took_away_are_gone(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.github_pull_request_commits select repository_id, id + 1,"
            " jsonb_set(payload, '{commit,oid}', to_jsonb(repeat('f', 40))), content_hash,"
            " source_updated_at, source, api_version, sanitized, extracted_at, run_id"
            " from raw.github_pull_request_commits limit 1"
        )
    number = rows(
        warehouse,
        "select (payload ->> 'pullRequestNumber')::int from raw.github_pull_request_commits"
        " where payload #>> '{commit,oid}' = repeat('f', 40)",
    )[0][0]

    pull_requests.hydrate(run, numbers=[number])

    gone = rows(
        warehouse,
        "select payload #>> '{commit,oid}', deleted_reason from raw.github_pull_request_commits"
        " where deleted_at is not null",
    )
    assert gone == [("f" * 40, "absent from what it was in")]


def test_lists_that_were_cut_without_a_word_are_seen() -> None:
    node = {
        "reviews": {"totalCount": 2, "nodes": [1]},
        "commits": {"totalCount": 300, "nodes": [1] * 250},
        "files": {"totalCount": 0, "nodes": []},
    }

    assert not nested.is_whole(PULL_REQUESTS, node)
    node["reviews"]["nodes"].append(2)
    assert nested.is_whole(PULL_REQUESTS, node)
