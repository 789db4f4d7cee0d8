"""Pull requests are read in full where the issue list shows them as changed, and nowhere else."""

from flows.steps import discover, reading
from flows.steps.pull_requests import hydrate
from flows.steps.run import Run, StepResult
from gitinsight.settings import GitHubSettings, Settings
from gitinsight.simulator.organisation import Organisation, truth
from gitinsight.things.issues import ISSUES
from tests.support.analyses import attempting, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine) -> StepResult:
    with attempting(settings, warehouse, NAME) as run:
        return _read(run)


def _read(run: Run) -> StepResult:
    discover.discover(run)
    reading.read(run, ISSUES)
    return hydrate(run)


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
