"""What is held of a commit at which a shallow clone ended."""

from uuid import UUID

from gitinsight.git.history import FileChange
from tests.support.commits import commit
from tests.support.rows import AT, fetch
from warehouse import cut_off, git
from warehouse.engine import Engine


def test_it_is_forgotten_with_its_files_in_one_repository(warehouse: Engine) -> None:
    files = (FileChange("a.py", None, 2, 1),)
    history = [
        commit(sha, parents=parents, files=files)
        for sha, parents in (("c1", ()), ("c2", ("c1",)), ("c3", ()))
    ]
    with warehouse.begin() as connection:
        for number in (1, 2):
            git.insert_commits(
                connection, history, run=git.Run(number, AT, UUID(int=1)), source="git"
            )
        found = cut_off.without_parents(connection, 1)

        cut_off.forget(connection, 1, ["c1"])

        left = [("c1", 2), ("c2", 1), ("c2", 2), ("c3", 1), ("c3", 2)]
        for table in ("git_commits", "git_commit_files"):
            held = f"select sha, repository_id from raw.{table} order by 1, 2"
            assert fetch(connection, held) == left
    assert found == {"c1", "c3"}
