"""Commits at which a shallow clone ended: what was held of them is taken back, and read anew."""

from collections.abc import Sequence

from warehouse.engine import Connection, driver


def without_parents(connection: Connection, repository_id: int) -> set[str]:
    """The first commits of all, and those that a shallow clone has made look like one."""
    found = driver(connection).execute(
        "select sha from raw.git_commits where repository_id = %s and parents = '{}'",
        (repository_id,),
    )
    return {sha for (sha,) in found}


def forget(connection: Connection, repository_id: int, shas: Sequence[str]) -> None:
    """With their files: every one of the tree, as if it were new."""
    for table in ("git_commit_files", "git_commits"):
        driver(connection).execute(
            f"delete from raw.{table} where repository_id = %s and sha = any(%s)".encode(),  # noqa: S608 - one of two of ours
            (repository_id, list(shas)),
        )
