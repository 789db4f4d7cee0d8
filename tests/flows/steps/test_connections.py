"""Deployments and discussions: whole at first, then as far as something is new."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from flows.steps import discover, reading
from flows.steps.run import Run
from gitinsight.errors import UpstreamUnavailable
from gitinsight.settings import GitHubSettings, Settings
from gitinsight.simulator.organisation import Organisation, wider_truth
from gitinsight.things.deployments import DEPLOYMENTS
from gitinsight.things.discussions import DISCUSSIONS
from gitinsight.things.thing import Thing
from tests.support.analyses import attempting, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = wider_truth(Organisation().repositories["aurora"])


@pytest.fixture
def run(settings: Settings, warehouse: Engine) -> Iterator[Run]:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        yield run


def test_discussions_are_held_with_their_comments(run: Run, warehouse: Engine) -> None:
    reading.read(run, DISCUSSIONS)

    assert count(warehouse, "raw.github_discussions") == TRUTH["discussions"]
    assert count(warehouse, "raw.github_discussion_comments") == TRUTH["discussion_comments"]


def test_deployments_are_held_with_their_statuses(run: Run, warehouse: Engine) -> None:
    reading.read(run, DEPLOYMENTS)

    held = rows(
        warehouse,
        "select count(*), sum((payload -> 'statuses' ->> 'totalCount')::int)"
        " from raw.github_deployments",
    )
    assert held == [(TRUTH["deployments"], TRUTH["deployment_statuses"])]


@pytest.mark.parametrize("thing", [DISCUSSIONS, DEPLOYMENTS], ids=lambda thing: thing.name)
def test_a_second_walk_ends_at_the_first_page_that_is_held(
    run: Run, github: GitHub, thing: Thing
) -> None:
    reading.read(run, thing)
    github.start_counting()

    again = reading.read(run, thing)

    assert (again.touched, github.counted()["requests"]) == (0, 1)


def test_a_new_comment_is_found(run: Run, warehouse: Engine, github: GitHub) -> None:
    reading.read(run, DISCUSSIONS)
    github.change(NAME, "new_discussion_comment")

    assert reading.read(run, DISCUSSIONS).touched >= 2
    assert count(warehouse, "raw.github_discussion_comments") == TRUTH["discussion_comments"] + 1


def test_a_walk_that_was_cut_off_goes_on_to_the_end(
    run: Run, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its newest pages are held then; that they are must not end the next walk."""
    small = replace(DISCUSSIONS, page_size=1)
    commit, commits = run.commit, 0

    def cut_off(*arguments: Any, **options: Any) -> Any:
        nonlocal commits
        commits += 1
        if commits > 1:
            raise UpstreamUnavailable("here", "cut off")
        return commit(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "commit", lambda _run, *a, **o: cut_off(*a, **o))
        with pytest.raises(UpstreamUnavailable):
            reading.read(run, small)
    assert count(warehouse, "raw.github_discussions") == 1

    reading.read(run, small)

    assert count(warehouse, "raw.github_discussions") == TRUTH["discussions"]


def test_without_a_token_they_are_unavailable(settings: Settings, warehouse: Engine) -> None:
    github = GitHubSettings(
        api_url=settings.github.api_url, clone_url=settings.github.clone_url, tokens=()
    )
    anonymous = settings.model_copy(update={"github": github})
    with attempting(anonymous, warehouse, NAME) as run:
        result = reading.read(run, DISCUSSIONS)

    assert result.unavailable is not None
