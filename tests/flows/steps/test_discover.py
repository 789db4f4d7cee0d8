"""The repository object: followed under a new name, refused under a stranger's."""

import pytest

from flows.steps.discover import discover, discover_local
from gitinsight.errors import IdentityChanged, NotVisible, TokenRejected
from gitinsight.settings import GitHubSettings, Settings
from gitinsight.simulator.app import WRONG_TOKEN
from tests.support.analyses import attempting, count, enqueue, rows
from tests.support.github import GitHub
from tests.support.repositories import make_repository
from warehouse import repositories
from warehouse.engine import Engine

NAME = "synthetic-labs/borealis"


def test_the_object_is_held_whole_and_the_next_look_is_free(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        first = discover(run)
        github.start_counting()
        second = discover(run)

    assert (first.touched, second.touched) == (1, 0)
    assert github.counted() == {"requests": 1, "by_status": {"304": 1}, "charged": 0}
    assert rows(warehouse, "select is_synthetic, state from ops.repositories") == [(True, "active")]


def test_a_rename_is_followed_and_the_old_name_remembered(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover(run)
    github.control(rename={NAME: "synthetic-labs/polaris"})

    with attempting(settings, warehouse, NAME) as run:
        discover(run)

    assert run.repository.full_name == "synthetic-labs/polaris"
    assert rows(
        warehouse, "select full_name, valid_to is null from ops.repository_names order by 1"
    ) == [(NAME, False), ("synthetic-labs/polaris", True)]
    assert count(warehouse, "ops.repositories") == 1


def test_a_name_that_belongs_to_another_repository_now_changes_nothing(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.repositories set github_id = 1")
            run.repository = repositories.by_name(connection, NAME)

        with pytest.raises(IdentityChanged):
            discover(run)

    assert count(warehouse, "raw.github_repositories") == 0


def test_a_repository_that_is_not_shown_any_more_keeps_its_data(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover(run)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set full_name = 'synthetic-labs/gone'")

    with attempting(settings, warehouse, "synthetic-labs/gone") as run, pytest.raises(NotVisible):
        discover(run)

    assert rows(warehouse, "select state from ops.repositories") == [("unreadable",)]
    assert count(warehouse, "raw.github_repositories where deleted_at is null") == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("private", ("unreadable", "HTTP 404: Not Found")),
        ("forbidden", ("unreadable", "HTTP 403: Resource not accessible by integration")),
        ("sso", ("unreadable", "HTTP 403: Resource protected by organization SAML enforcement.")),
        ("disabled", ("disabled", "HTTP 403: Repository access blocked (tos)")),
        ("blocked", ("blocked", "HTTP 451: Repository access blocked (dmca)")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_why_a_repository_is_not_shown_is_kept(
    settings: Settings, warehouse: Engine, github: GitHub, fault: str, told: tuple[str, str]
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        github.control(state={NAME: fault})
        with pytest.raises(NotVisible):
            discover(run)

    state, reason = told
    assert rows(warehouse, "select state, state_reason from ops.repositories") == [
        (state, f"GitHub does not show /repos/{NAME} ({reason})")
    ]


def test_a_wrong_token_is_said_to_be_wrong(settings: Settings, warehouse: Engine) -> None:
    enqueue(settings, warehouse, NAME)
    wrong = settings.github.model_dump() | {"tokens": WRONG_TOKEN}
    settings = settings.model_copy(update={"github": GitHubSettings.model_validate(wrong)})

    with attempting(settings, warehouse, NAME) as run, pytest.raises(TokenRejected):
        discover(run)


def test_a_git_remote_without_an_api_says_which_branch_is_its_default(
    settings: Settings, warehouse: Engine
) -> None:
    path = make_repository(settings.state_dir / "here", commits=2)

    with attempting(settings, warehouse, str(path)) as run:
        discover_local(run)

    assert run.repository.default_branch == "main"
