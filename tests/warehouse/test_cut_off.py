"""What is held of a commit at which a shallow clone ended."""

from uuid import UUID

from gitinsight.git.history import Commit, FileChange, moment
from tests.support.rows import AT, fetch
from warehouse import cut_off, git
from warehouse.engine import Engine

WHEN = moment("1767225600 +0200")


def commit(sha: str, *parents: str) -> Commit:
    return Commit(
        sha=sha, parents=list(parents), author_name="Ann", author_email="ann@example.org",
        authored=WHEN, committer_name="Ann", committer_email="ann@example.org", committed=WHEN,
        message="work", is_sanitized=False, files=[FileChange("a.py", None, 2, 1)],
    )  # fmt: skip


def test_it_is_forgotten_with_its_files_in_one_repository(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        for number in (1, 2):
            git.insert_commits(
                connection, [commit("c1"), commit("c2", "c1"), commit("c3")],
                run=git.Run(number, AT, UUID(int=1)), source="git",
            )  # fmt: skip
        found = cut_off.without_parents(connection, 1)

        cut_off.forget(connection, 1, ["c1"])

        left = [("c1", 2), ("c2", 1), ("c2", 2), ("c3", 1), ("c3", 2)]
        for table in ("git_commits", "git_commit_files"):
            held = f"select sha, repository_id from raw.{table} order by 1, 2"
            assert fetch(connection, held) == left
    assert found == {"c1", "c3"}
