"""The order that costs least: an unchanged repository is free, a changed one costs what changed."""

from flows.steps.extract import Extraction, extract
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, truth
from tests.support.analyses import attempting, count, enqueue
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine) -> Extraction:
    with attempting(settings, warehouse, NAME) as run:
        return extract(run, lambda _name, step: step())


def test_an_unchanged_repository_costs_five_free_requests_at_most(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)

    for _ in range(4):
        github.start_counting()
        extraction = read(settings, warehouse)

        assert extraction.account is None
        assert not extraction.has_changed
        assert github.counted()["requests"] <= 5
        assert set(github.counted()["by_status"]) == {"304"}


def test_a_change_is_found_and_accounted_for(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    github.change(NAME, "new_issue")
    github.change(NAME, "new_commit")

    extraction = read(settings, warehouse)

    assert {name for name, one in extraction.results.items() if one.touched} >= {
        "issues", "commits"
    }  # fmt: skip
    assert extraction.account is not None
    assert extraction.account.gaps == []
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 241


def test_a_full_analysis_reads_everything_anew_and_writes_nothing_twice(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "delete from raw.github_issue_comments where id in"
            " (select id from raw.github_issue_comments limit 7)"
        )
    enqueue(settings, warehouse, NAME, is_full=True)

    extraction = read(settings, warehouse)

    assert extraction.results["issue_comments"].touched == 7
    assert extraction.results["issues"].touched == 0
    assert count(warehouse, "raw.github_issue_comments") == TRUTH["issue_comments"]
    assert extraction.account is not None
    assert extraction.account.gaps == []


def test_steps_run_under_their_names(settings: Settings, warehouse: Engine) -> None:
    names: list[str] = []
    with attempting(settings, warehouse, NAME) as run:
        extract(run, lambda name, step: (names.append(name), step())[1])

    assert names[:3] == ["repositories", "issues", "issue_comments"]
    assert {"commits", "pull_requests", "identities", "labels"} <= set(names)
    assert len(names) == len(set(names))
