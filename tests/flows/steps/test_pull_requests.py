"""Pull requests are read in full where the issue list shows them as changed, and nowhere else."""

import threading
import time

import pytest

from flows.steps import discover, pull_requests, reading
from flows.steps.lanes import Feed
from flows.steps.pull_requests import hydrate
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, RateLimited
from gitinsight.settings import GitHubSettings, Settings
from gitinsight.simulator.organisation import Organisation, wider_truth
from gitinsight.things.issues import ISSUES
from tests.support.analyses import analyse, attempting, count, rows
from tests.support.extractions import hastened
from tests.support.github import GitHub
from tests.support.rows import AT
from tests.support.waiting import wait_for
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = wider_truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine) -> StepResult:
    with attempting(settings, warehouse, NAME) as run:
        return _read(run)


def _read(run: Run) -> StepResult:
    discover.discover(run)
    reading.read(run, ISSUES)
    return hydrate(run)


def node_id() -> str:
    """Of pull request 7."""
    return str(Organisation().repositories["aurora"].issues[7]["node_id"])


def test_every_pull_request_is_held_with_all_of_its_reviews(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse)

    most = rows(
        warehouse,
        "select count(*) from raw.github_reviews group by payload ->> 'pullRequestNumber'"
        " order by 1 desc limit 1",
    )
    assert count(warehouse, "raw.github_pull_requests") == TRUTH["pull_requests"]
    assert count(warehouse, "raw.github_reviews") == TRUTH["reviews"]
    assert most == [(33,)]  # more than come with the pull request itself


def test_a_giant_is_read_so_many_at_a_time(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_requests, "_DUE_AT_ONCE", 10)

    result = read(settings, warehouse)

    assert result.rows == TRUTH["pull_requests"] > 2 * 10
    assert count(warehouse, "raw.github_pull_requests") == TRUTH["pull_requests"]
    assert count(warehouse, "raw.github_reviews") == TRUTH["reviews"]


def test_those_that_are_listed_are_read_while_the_list_goes_on(
    settings: Settings, warehouse: Engine
) -> None:
    held = "raw.github_pull_requests"
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        reading.read(run, ISSUES)
        numbers = [
            number for (number,) in rows(
                warehouse, "select (payload ->> 'number')::int from raw.github_issues"
                " where payload ? 'pull_request' order by 1",
            )
        ]  # fmt: skip
        listed, results = Feed[int](), list[StepResult]()
        reader = threading.Thread(
            target=lambda: results.append(hydrate(run, numbers=numbers[:3], listed=listed))
        )
        reader.start()
        with listed.filling() as told:
            told(numbers[:30])
            told(numbers[:30])  # once more, as where a window of the list begins anew
            wait_for(lambda: count(warehouse, held) >= 20)  # the long ones are read together
            told(numbers[30:-1])
        reader.join()

    assert count(warehouse, held) == TRUTH["pull_requests"] == len(numbers)
    assert results[0].rows == len(numbers)
    assert count(warehouse, "raw.github_reviews") == TRUTH["reviews"]


def test_a_list_that_fails_ends_the_reading_of_what_it_names(
    settings: Settings, warehouse: Engine
) -> None:
    listed = Feed[int]()

    def fill() -> None:
        with listed.filling():
            raise RateLimited("core", AT)

    with pytest.raises(RateLimited):
        fill()
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        with pytest.raises(RateLimited):
            hydrate(run, listed=listed)


def test_one_that_changes_again_in_the_second_of_its_reading_is_read_once_more(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    with attempting(settings, warehouse, NAME) as run:
        time.sleep(1 - time.time() % 1)  # so that all of it comes in one second
        github.change(NAME, "merge_pull_request")
        reading.read(run, ISSUES)
        merged = hydrate(run)
        [(number,)] = rows(warehouse, "select state -> 'young' -> 0 from ops.cursors"
            " where thing = 'pull_requests'")  # fmt: skip
        github.change(NAME, "edit_issue", number=number)
        reading.read(run, ISSUES)
        edited = hydrate(run)

    assert (merged.rows, merged.touched > 0) == (1, True)
    assert (edited.rows, edited.touched > 0) == (1, True)
    titles = rows(
        warehouse,
        "select payload ->> 'title' from raw.github_pull_requests"
        f" where (payload ->> 'number')::int = {number}",
    )
    assert titles[0][0].endswith("(edited)")


def test_one_that_is_gone_before_it_is_read_once_more_is_waited_for_no_longer(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.cursors set state = jsonb_set(state, '{young}', '[1000000]')"
            " where thing = 'pull_requests'"
        )

    read(settings, warehouse)

    young = "select state -> 'young' from ops.cursors where thing = 'pull_requests'"
    assert rows(warehouse, young) == [([],)]


def test_what_did_not_change_is_not_asked_for(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    github.change(NAME, "new_issue")
    github.start_counting()

    result = read(settings, warehouse)

    assert result.rows == 0
    assert github.counted()["requests"] <= 4  # the object, the list twice, no GraphQL


def test_a_pull_request_that_was_deleted_is_marked_with_the_reason(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        reading.read(run, ISSUES)
        number = max(Organisation().repositories["aurora"].pulls)
        for _ in range(max(Organisation().repositories["aurora"].issues) - number + 1):
            github.change(NAME, "delete_issue")

        hydrate(run)

    gone = rows(
        warehouse,
        "select (payload ->> 'number')::int, deleted_reason from raw.github_issues"
        " where deleted_at is not null",
    )
    assert gone == [(number, "deleted")]
    assert count(warehouse, "raw.github_pull_requests") == TRUTH["pull_requests"] - 1


def test_one_that_github_never_answers_for_is_parked_and_the_others_are_read(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_poison=node_id())

    with attempting(settings, warehouse, NAME) as run, hastened(run, settings):
        parked = _read(run)
        github.control(calm=True)
        again = hydrate(run)

    assert parked.touched > 0
    assert parked.doubts == {"pull_requests": "1 of them could not be read: #7 (HTTP 502)"}
    assert (again.rows, again.doubts) == (1, {})
    assert count(warehouse, "raw.github_pull_requests") == TRUTH["pull_requests"]
    assert count(warehouse, "raw.github_reviews where deleted_at is null") == TRUTH["reviews"]


def test_one_that_was_parked_while_the_list_went_on_is_not_asked_for_again_at_its_end(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_poison=node_id())
    asked: list[int] = []

    for numbers in ([], [range(1, 121)]):
        with attempting(settings, warehouse, NAME) as run, hastened(run, settings):
            discover.discover(run)
            reading.read(run, ISSUES)
            github.start_counting()
            result = hydrate(run, listed=numbers)
        asked.append(github.counted()["by_status"]["502"])
        assert "#7 (HTTP 502)" in result.doubts["pull_requests"]
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.cursors set state = '{}'")
            connection.exec_driver_sql("delete from raw.github_pull_requests")

    assert asked[0] == asked[1]


def test_those_with_more_inside_than_can_be_had_are_parked_and_the_others_are_read(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_poison="part_0:")  # what repeats a field for each of them

    with attempting(settings, warehouse, NAME) as run, hastened(run, settings):
        parked = _read(run)
        held = count(warehouse, "raw.github_pull_requests")
        github.control(calm=True)
        again = hydrate(run)

    told = "3 of them could not be read: #54 (HTTP 502), #74 (HTTP 502), #94 (HTTP 502)"
    assert parked.doubts == {"pull_requests": told}
    assert held == TRUTH["pull_requests"] - 3
    assert (again.rows, again.doubts) == (3, {})
    for thing in ("pull_requests", "reviews", "pull_request_commits", "pull_request_files"):
        assert count(warehouse, f"raw.github_{thing} where deleted_at is null") == TRUTH[thing]


def test_one_that_is_refused_is_parked_and_its_page_is_kept(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse=node_id())
    github.start_counting()

    result = read(settings, warehouse)

    assert result.doubts == {"pull_requests": "1 of them could not be read: #7 (FORBIDDEN)"}
    assert count(warehouse, "raw.github_pull_requests") == TRUTH["pull_requests"] - 1
    assert github.statistics()["charged_graphql"] <= 6


def test_those_that_a_token_may_not_see_are_unavailable_with_all_that_is_inside(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse="PullRequest")

    result = read(settings, warehouse)
    job = analyse(settings, warehouse, NAME)

    assert result.unavailable == "HTTP 403: FORBIDDEN"
    assert job.state == "partial"
    told = rows(warehouse, "select thing, held_count from ops.completeness"
                " where state = 'unavailable' order by 1")  # fmt: skip
    inside = ["pull_request_commits", "pull_request_files", "pull_requests", "reviews"]
    assert told == [(thing, None) for thing in inside]
    assert rows(warehouse, "select pull_requests_count, reviews_count"
                " from marts.repository_summary") == [(None, None)]  # fmt: skip

    github.control(calm=True)

    assert analyse(settings, warehouse, NAME).state == "succeeded"
    assert count(warehouse, "raw.github_reviews") == TRUTH["reviews"]


def test_an_outage_parks_nothing(settings: Settings, warehouse: Engine, github: GitHub) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        reading.read(run, ISSUES)
        github.control(state={NAME: "private"})
        with pytest.raises(NotVisible):
            hydrate(run)

    assert count(warehouse, "raw.github_issues where deleted_at is not null") == 0
    assert (
        count(warehouse, "ops.cursors where state ? 'parked' and state ->> 'parked' <> '{}'") == 0
    )


def test_what_was_cut_with_its_totals_is_read_again_by_itself(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_truncate_nodes=2)

    read(settings, warehouse)

    for thing in ("reviews", "pull_request_files", "pull_request_commits"):
        assert count(warehouse, f"raw.github_{thing}") == TRUTH[thing]


def test_without_a_token_they_come_from_the_list_and_reviews_stay_unknown(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    told = settings.github.model_dump() | {"tokens": ""}
    anonymous = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})

    read(anonymous, warehouse)

    assert count(warehouse, "raw.github_pull_requests where source = 'rest'") == 48
    assert count(warehouse, "raw.github_reviews") == 0

    read(settings, warehouse)

    assert count(warehouse, "raw.github_pull_requests where source = 'graphql'") == 48
    assert count(warehouse, "raw.github_reviews") == TRUTH["reviews"]
