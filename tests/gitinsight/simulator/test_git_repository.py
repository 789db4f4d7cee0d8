"""The git side of the made-up organisation: real repositories, the same for the same seed."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitinsight.git import history
from gitinsight.git.mirror import Mirror
from gitinsight.simulator import git_repository
from gitinsight.simulator.organisation import Organisation, Repository
from tests.support.git import GitRepository


@pytest.fixture(scope="module")
def aurora() -> Repository:
    return Organisation(1).repositories["aurora"]


@pytest.fixture(scope="module")
def built(aurora: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return git_repository.build(aurora, tmp_path_factory.mktemp("git"), seed=1)


def test_the_same_seed_gives_the_same_commits(
    built: Path, aurora: Repository, tmp_path: Path
) -> None:
    again = git_repository.build(aurora, tmp_path, seed=1)
    other = git_repository.build(aurora, tmp_path, seed=2)

    assert git_repository.refs(again, "heads") == git_repository.refs(built, "heads")
    assert git_repository.refs(again, "tags") == git_repository.refs(built, "tags")
    assert git_repository.refs(other, "heads") != git_repository.refs(built, "heads")


def test_a_repository_is_made_once(aurora: Repository, tmp_path: Path) -> None:
    path = git_repository.build(aurora, tmp_path, seed=1)
    git_repository.add_commit(path, at=datetime(2027, 1, 1, tzinfo=UTC))

    assert git_repository.build(aurora, tmp_path, seed=1) == path
    assert git_repository.log(path)[0]["message"] == "Late work"


def test_one_that_was_half_made_is_made_anew(
    built: Path, aurora: Repository, tmp_path: Path
) -> None:
    path = git_repository.build(aurora, tmp_path, seed=1)
    (path / "finished").unlink()
    shutil.rmtree(path / "refs")

    assert git_repository.refs(
        git_repository.build(aurora, tmp_path, seed=1), "heads"
    ) == git_repository.refs(built, "heads")


def test_an_empty_repository_has_no_commits(tmp_path: Path) -> None:
    empty = Organisation(1).repositories["empty-repo"]

    path = git_repository.build(empty, tmp_path, seed=1)

    assert git_repository.log(path) == []
    assert git_repository.refs(path, "heads") == {}


def test_the_log_is_the_default_branch_newest_first(built: Path) -> None:
    commits = git_repository.log(built)

    assert commits[0]["sha"] == git_repository.refs(built, "heads")["main"]
    assert [one["committed_at"][:10] for one in commits] == sorted(
        (one["committed_at"][:10] for one in commits), reverse=True
    )
    assert all(one["message"].endswith("(synthetic)") for one in commits)


def test_merges_renames_binary_files_and_odd_zones_are_among_the_commits(built: Path) -> None:
    mirror = Mirror(built, str(built))

    read = history.commits(mirror, new=git_repository.refs(built, "heads").values(), old=())

    pairs = [(one, list(one.files)) for one in read]
    found = [one for one, _ in pairs]
    changes = [change for _, files in pairs for change in files]
    assert any(len(one.parents) == 2 for one in found)
    assert any(change.previous_path for change in changes)
    assert any(change.additions is None for change in changes)
    assert {one.authored.offset_minutes for one in found} == {0, 540}


def test_tags_name_commits_annotated_ones_too(built: Path) -> None:
    commits = {one["sha"] for one in git_repository.log(built)}

    tags = git_repository.refs(built, "tags")

    assert "annotated" in tags
    assert len(tags) > 5
    assert tags["annotated"] in commits


def test_a_repository_that_the_caller_works_in_is_never_touched(
    aurora: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = GitRepository(tmp_path / "own.git")
    before = own.commit({"a": "mine\n"})
    monkeypatch.setenv("GIT_DIR", str(own.path))

    git_repository.build(aurora, tmp_path / "made", seed=1)

    assert own.git("rev-parse", "main") == before
