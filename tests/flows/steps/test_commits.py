"""Commits, tags and branches: what git holds is what is held, whatever happens to the refs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.steps import discover
from flows.steps.commits import read_commits
from flows.steps.extract import extract
from flows.steps.run import StepResult
from gitinsight.git.mirror import Mirror
from gitinsight.settings import GitHubSettings, GitSettings, Settings
from tests.support.analyses import attempting, count, rows
from tests.support.repositories import add_commit, git, make_repository
from warehouse.engine import Engine

NAME = "synthetic-labs/borealis"


@pytest.fixture
def here(state_dir: Path) -> Iterator[Path]:
    return make_repository(state_dir / "here", commits=3)


def read(settings: Settings, warehouse: Engine, name: str) -> StepResult:
    with attempting(settings, warehouse, name) as run:
        if run.repository.has_api:
            discover.discover(run)
        else:
            discover.discover_local(run)
        return read_commits(run)


def test_every_commit_is_held_with_its_lines(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    (here / "picture.bin").write_bytes(b"\0\1\2")
    add_commit(here, "two\nlines\n")

    read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 4
    assert rows(warehouse, "select sum(additions), sum(deletions) from raw.git_commits") == [(5, 0)]
    assert rows(warehouse, "select state ->> 'commits' from ops.cursors") == [("4",)]


def test_unchanged_refs_read_nothing(settings: Settings, warehouse: Engine, here: Path) -> None:
    read(settings, warehouse, str(here))

    assert read(settings, warehouse, str(here)).touched == 0


def test_only_new_commits_are_read(settings: Settings, warehouse: Engine, here: Path) -> None:
    read(settings, warehouse, str(here))
    add_commit(here, "more\n")

    result = read(settings, warehouse, str(here))

    assert result.rows == 1
    assert count(warehouse, "raw.git_commits") == 4


def test_commits_that_a_force_push_left_behind_no_longer_count(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    read(settings, warehouse, str(here))
    git(here, "reset", "--quiet", "--hard", "HEAD~2")
    add_commit(here, "another way\n")

    result = read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits") == 4
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 2
    assert count(warehouse, "raw.git_commits where unreachable_at is not null") == 2
    assert result.left_behind == 2
    assert _upstream(warehouse) == int(git(here, "rev-list", "--count", "main"))


class _PushedOver(Mirror):
    """Of a remote that is pushed over between being looked at and being fetched."""

    fetches = 0

    def fetch(self) -> None:
        if self.fetches == 0:
            git(Path(self.url), "reset", "--quiet", "--hard", "HEAD~2")
            add_commit(Path(self.url), "another way\n")
        self.fetches += 1
        super().fetch()


def test_a_force_push_while_it_is_fetched_takes_no_other_clone(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    with attempting(settings, warehouse, str(here)) as run:
        discover.discover_local(run)
        run.mirror = mirror = _PushedOver(run.mirror.path, run.mirror.url)

        read_commits(run)

    assert mirror.fetches == 1
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 2


def _upstream(warehouse: Engine) -> int:
    """Commits that git counts, as the ledger is told."""
    found = rows(warehouse, "select state ->> 'commits' from ops.cursors where thing = 'commits'")
    return int(found[0][0])


def test_what_was_left_behind_counts_again_when_it_comes_back(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    first_way = git(here, "rev-parse", "HEAD")
    read(settings, warehouse, str(here))
    git(here, "reset", "--quiet", "--hard", "HEAD~2")
    read(settings, warehouse, str(here))
    git(here, "reset", "--quiet", "--hard", first_way)

    result = read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commits where unreachable_at is not null") == 0
    assert (result.left_behind, result.rows) == (0, 0)


def test_marks_hold_when_the_mirror_was_lost_in_between(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    read(settings, warehouse, str(here))
    git(here, "reset", "--quiet", "--hard", "HEAD~1")
    add_commit(here, "another way\n")
    shutil.rmtree(settings.state_dir / "mirrors")

    read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commits where unreachable_at is not null") == 1


@pytest.mark.parametrize("is_on_a_branch", [True, False])
def test_a_checkout_whose_head_is_detached_counts_from_where_it_is(
    settings: Settings, warehouse: Engine, here: Path, *, is_on_a_branch: bool
) -> None:
    git(here, "checkout", "--quiet", "--detach", "HEAD~1")
    if not is_on_a_branch:
        git(here, "branch", "-D", "main")

    read(settings, warehouse, str(here))
    first = count(warehouse, "raw.git_commits where is_on_default_branch"), _upstream(warehouse)
    add_commit(here, "from here on\n")
    read(settings, warehouse, str(here))

    assert first == (2, 2)
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commits where unreachable_at is not null") == 0
    assert read(settings, warehouse, str(here)).touched == 0


def test_a_commit_that_only_a_tag_reaches_is_held_and_counts_for_no_branch(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    git(here, "checkout", "--quiet", "--detach")
    git(here, "tag", "aside", add_commit(here, "aside\n"))
    git(here, "checkout", "--quiet", "main")

    read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits") == 4
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commits where unreachable_at is not null") == 0


def test_a_branch_that_is_deleted_leaves_its_commits_behind(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    git(here, "checkout", "--quiet", "-b", "topic")
    add_commit(here, "on the topic\n")
    git(here, "checkout", "--quiet", "main")
    read(settings, warehouse, str(here))
    git(here, "branch", "--delete", "--force", "topic")

    assert read(settings, warehouse, str(here)).left_behind == 1

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3


def test_a_mirror_that_is_broken_is_cloned_anew_and_read_to_the_end(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    read(settings, warehouse, str(here))
    (mirror,) = (settings.state_dir / "mirrors").iterdir()
    for pack in (mirror / "objects" / "pack").iterdir():
        pack.chmod(0o600)
        pack.write_bytes(b"no pack")
    add_commit(here, "more\n")

    read(settings, warehouse, str(here))

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 4
    assert _upstream(warehouse) == 4


def test_a_remote_that_is_too_large_is_said_to_be_and_is_read_when_more_is_allowed(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    (here / "noise.bin").write_bytes(os.urandom(100_000))
    add_commit(here, "with noise\n", to="noise.bin")
    little = settings.model_copy(update={"git": GitSettings(max_mirror_bytes=50_000)})

    with attempting(little, warehouse, str(here)) as run:
        extract(run, lambda _name, step: step())
    again = read(little, warehouse, str(here))

    [(state, reason)] = rows(
        warehouse, "select state, reason from ops.completeness where thing = 'commits'"
    )
    assert state == "unavailable"
    assert "50000 bytes" in reason
    assert again.unavailable == reason
    assert count(warehouse, "raw.git_commits") == 0
    assert list((settings.state_dir / "mirrors").iterdir()) == []
    assert read(settings, warehouse, str(here)).rows == 4


def test_a_reading_that_was_killed_goes_on_where_it_was(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    """As if the worker had died after its first page: rows are there, the cursor has not moved."""
    read(settings, warehouse, str(here))
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.cursors set state = '{}'")
        connection.exec_driver_sql(
            "delete from raw.git_commit_files where sha in"
            " (select sha from raw.git_commits where cardinality(parents) = 0)"
        )
        connection.exec_driver_sql("delete from raw.git_commits where cardinality(parents) = 0")

    assert read(settings, warehouse, str(here)).rows == 1

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commit_files") == 3


def test_refs_move_and_go(settings: Settings, warehouse: Engine, here: Path) -> None:
    git(here, "branch", "topic")
    git(here, "tag", "v1", "HEAD~1")
    git(here, "tag", "--annotate", "v2", "--message", "two")
    read(settings, warehouse, str(here))
    git(here, "branch", "--delete", "--force", "topic")
    git(here, "tag", "--force", "v1", "HEAD")

    result = read(settings, warehouse, str(here))

    head = git(here, "rev-parse", "HEAD")
    branches = rows(warehouse, "select name from raw.git_branches where deleted_at is null")
    tags = rows(warehouse, "select name, commit_sha, is_annotated from raw.git_tags order by name")
    earlier = rows(warehouse, "select name, commit_sha from raw.git_tags_history")
    assert branches == [("main",)]
    assert earlier == [("v1", git(here, "rev-parse", "HEAD~1"))]
    assert result.moved_tags == 1
    assert tags == [("v1", head, False), ("v2", head, True)]


def test_an_empty_repository_has_no_commits_and_that_is_known(
    settings: Settings, warehouse: Engine
) -> None:
    result = read(settings, warehouse, "synthetic-labs/empty-repo")

    assert result.unavailable is None
    assert rows(
        warehouse, "select state ->> 'commits' from ops.cursors where thing = 'commits'"
    ) == [("0",)]


def test_without_a_remote_github_itself_is_asked(settings: Settings, warehouse: Engine) -> None:
    settings = _without_remote(settings)

    read(settings, warehouse, NAME)
    again = read(settings, warehouse, NAME)

    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 80
    assert count(warehouse, "raw.git_commits where cardinality(parents) > 1") == 7
    assert count(warehouse, "raw.git_commit_files") == 0
    assert again.touched == 0


def test_without_a_remote_and_without_a_token_commits_are_unavailable(
    settings: Settings, warehouse: Engine
) -> None:
    settings = _without_remote(settings, tokens="")

    result = read(settings, warehouse, NAME)

    assert result.unavailable is not None
    assert count(warehouse, "raw.git_commits") == 0


def _without_remote(settings: Settings, **changed: str) -> Settings:
    told = settings.github.model_dump() | {
        "clone_url": f"{settings.github.api_url}/nothing/{{name}}.git", **changed
    }  # fmt: skip
    return settings.model_copy(update={"github": GitHubSettings.model_validate(told)})


@pytest.mark.parametrize("is_full", [False, True])
def test_a_shallow_clone_that_was_made_whole_is_read_whole(
    settings: Settings, warehouse: Engine, here: Path, *, is_full: bool
) -> None:
    shallow = here.parent / "shallow"
    git(here.parent, "clone", "--quiet", "--depth", "1", f"file://{here}", str(shallow))
    read(settings, warehouse, str(shallow))
    still = read(settings, warehouse, str(shallow))
    git(shallow, "fetch", "--quiet", "--unshallow")
    if is_full:
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.cursors set state = '{}'")

    read(settings, warehouse, str(shallow))

    assert still.touched == 0
    assert rows(
        warehouse, "select additions, cardinality(parents) from raw.git_commits order by parents"
    ) == [(1, 0), (1, 1), (1, 1)]
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 3
    assert count(warehouse, "raw.git_commit_files") == 3
    assert rows(
        warehouse, "select state ->> 'is_shallow' from ops.cursors where thing = 'commits'"
    ) == [("false",)]
    assert read(settings, warehouse, str(shallow)).touched == 0


def test_a_shallow_clone_has_no_history_that_could_be_counted(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    shallow = here.parent / "shallow"
    git(here.parent, "clone", "--quiet", "--depth", "1", f"file://{here}", str(shallow))

    with attempting(settings, warehouse, str(shallow)) as run:
        extract(run, lambda _name, step: step())

    [(state, reason)] = rows(
        warehouse, "select state, reason from ops.completeness where thing = 'commits'"
    )
    assert state == "unavailable"
    assert "shallow" in reason


def test_what_mailmap_says_is_held_until_it_says_otherwise(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    said = "select proper_email from raw.git_mailmap where replaced_at is null"
    email = git(here, "log", "-1", "--format=%ae")
    add_commit(here, f"<proper@example.invalid> <{email}>\n", to=".mailmap")
    read(settings, warehouse, str(here))
    assert rows(warehouse, said) == [("proper@example.invalid",)]

    git(here, "rm", "--quiet", ".mailmap")
    add_commit(here, "nobody is\n")
    read(settings, warehouse, str(here))
    assert rows(warehouse, said) == []
