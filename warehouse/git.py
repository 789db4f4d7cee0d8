"""Writes what git knows: commits, changed files and refs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg import Copy

from gitinsight.git.history import Commit, Moment
from warehouse.engine import Connection, driver

_COMMIT_COLUMNS = (
    "repository_id, sha, parents, author_name, author_email, authored_at,"
    " author_tz_offset_minutes, authored_at_raw, committer_name, committer_email, committed_at,"
    " committed_at_raw, message, additions, deletions, files_count, is_on_default_branch, source,"
    " sanitized, extracted_at, run_id"
)
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Run:
    """For which repository, when and in which job a row is written."""

    repository_id: int
    at: datetime
    run_id: UUID


def held_shas(connection: Connection, repository_id: int, shas: Sequence[str]) -> set[str]:
    found = driver(connection).execute(
        "select sha from raw.git_commits where repository_id = %s and sha = any(%s)",
        (repository_id, list(shas)),
    )
    return {sha for (sha,) in found}


def insert_commits(
    connection: Connection, commits: Iterable[Commit], *, run: Run, source: str
) -> int:
    """Add commits, none of which may be held (``held_shas``), with their files.

    Files go to PostgreSQL while they are read: a commit of a million of them takes no memory.
    """
    raw = driver(connection)
    rows = []
    with raw.cursor().copy(
        "copy raw.git_commit_files"
        " (repository_id, sha, ordinal, path, previous_path, additions, deletions) from stdin"
    ) as copy:
        for commit in commits:
            counted = _copy_files(copy, run.repository_id, commit)
            rows.append(_commit_values(commit, commit.totals or counted, run, source))
    with raw.cursor().copy(f"copy raw.git_commits ({_COMMIT_COLUMNS}) from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    return len(rows)


def mark_default_branch(
    connection: Connection, repository_id: int, shas: Iterable[str],
    *, left: Iterable[str] | None = None, at: datetime,
) -> None:  # fmt: skip
    """Say which held commits the default branch reaches: ``shas`` and no others, or, where
    ``left`` is given, ``shas`` too and ``left`` no longer.
    """
    raw = driver(connection)
    _name_shas(connection, "reached", shas)
    if left is None:
        others = "true"
    else:
        _name_shas(connection, "left_behind", left)
        others = "sha in (select sha from left_behind)"
    is_left = (
        f"is_on_default_branch and {others}"
        " and not exists (select from reached where reached.sha = git_commits.sha)"
    )
    values = {"id": repository_id, "at": at}
    raw.execute(
        f"""
        insert into raw.git_default_branch_history
        select repository_id, sha, coalesce(default_branch_at, extracted_at), %(at)s
        from raw.git_commits where repository_id = %(id)s and {is_left} on conflict do nothing
        """.encode(),  # noqa: S608 - one of two conditions of ours
        values,
    )
    raw.execute(
        f"""
        update raw.git_commits set is_on_default_branch = not is_on_default_branch,
            default_branch_at = case when not is_on_default_branch then %(at)s::timestamptz end
        where repository_id = %(id)s
            and (not is_on_default_branch and sha in (select sha from reached) or {is_left})
        """.encode(),  # noqa: S608 - as above
        values,
    )
    raw.execute("drop table if exists reached, left_behind")


def mark_unreachable(
    connection: Connection, repository_id: int, shas: Iterable[str],
    *, left: Iterable[str] | None = None, at: datetime,
) -> int:  # fmt: skip
    """Say which held commits no branch and no tag reaches any more: all but ``shas``, or, where
    ``left`` is given, those. How many have been left behind by this call.
    """
    raw = driver(connection)
    _name_shas(connection, "reached", shas)
    raw.execute(
        "update raw.git_commits set unreachable_at = null"
        " where repository_id = %s and unreachable_at is not null"
        " and sha in (select sha from reached)",
        (repository_id,),
    )
    if left is None:
        others = "sha not in (select sha from reached)"
    else:
        _name_shas(connection, "left_behind", left)
        others = "sha in (select sha from left_behind)"
    count = raw.execute(
        "update raw.git_commits set unreachable_at = %s"  # noqa: S608 - ours, as above
        f" where repository_id = %s and unreachable_at is null and {others}".encode(),
        (at, repository_id),
    ).rowcount
    raw.execute("drop table if exists reached, left_behind")
    return count


def replace_branches(
    connection: Connection, branches: Mapping[str, str], *, default: str | None, run: Run
) -> None:
    raw = driver(connection)
    raw.execute(
        """
        insert into raw.git_branches_history
            (repository_id, name, valid_from, valid_to, commit_sha, is_default, run_id)
        select repository_id, name, extracted_at, coalesce(deleted_at, %(at)s), commit_sha,
            is_default, run_id
        from raw.git_branches as held
        inner join unnest(%(names)s::text[], %(shas)s::text[]) as arrived (name, sha) using (name)
        where repository_id = %(id)s and (deleted_at is not null
            or (commit_sha, is_default) is distinct from (sha, coalesce(name = %(default)s, false)))
        on conflict do nothing
        """,
        {
            "id": run.repository_id, "at": run.at, "default": default, "names": list(branches),
            "shas": list(branches.values()),
        },
    )  # fmt: skip
    raw.cursor().executemany(
        """
        insert into raw.git_branches
            (repository_id, name, commit_sha, is_default, extracted_at, run_id)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (repository_id, name) do update
        set commit_sha = excluded.commit_sha, is_default = excluded.is_default,
            extracted_at = excluded.extracted_at, run_id = excluded.run_id, deleted_at = null
        where (raw.git_branches.commit_sha, raw.git_branches.is_default)
            is distinct from (excluded.commit_sha, excluded.is_default)
            or raw.git_branches.deleted_at is not null
        """,
        [
            (run.repository_id, name, sha, name == default, run.at, run.run_id)
            for name, sha in sorted(branches.items())
        ],
    )
    _drop_absent(connection, "git_branches", list(branches), run)


def replace_tags(
    connection: Connection, tags: Mapping[str, tuple[str, bool, str]], *, run: Run
) -> int:
    """``tags``: name -> (sha, whether annotated, ISO time). A time that PostgreSQL has no room for
    is null. What a tag was before is kept; how many now name something else.
    """
    raw = driver(connection)
    rows = [
        (run.repository_id, name, sha, annotated, _time(created))
        for name, (sha, annotated, created) in sorted(tags.items())
    ]
    raw.execute(
        "create temporary table arrived (repository_id bigint, name text, commit_sha text,"
        " is_annotated boolean, tagged_at timestamptz)"
    )
    with raw.cursor().copy("copy arrived from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    moved = raw.execute(
        """
        with earlier as (
            insert into raw.git_tags_history
                (repository_id, name, valid_from, valid_to, commit_sha, is_annotated, tagged_at,
                run_id)
            select repository_id, name, held.extracted_at, coalesce(held.deleted_at, %(at)s),
                held.commit_sha, held.is_annotated, held.tagged_at, held.run_id
            from raw.git_tags as held
            inner join arrived using (repository_id, name)
            where (held.commit_sha, held.is_annotated, held.tagged_at)
                is distinct from (arrived.commit_sha, arrived.is_annotated, arrived.tagged_at)
                or held.deleted_at is not null
            on conflict do nothing
        )
        select count(*) from raw.git_tags as held
        inner join arrived using (repository_id, name)
        where held.commit_sha is distinct from arrived.commit_sha
        """,
        {"at": run.at},
    ).fetchone()
    raw.execute(
        """
        insert into raw.git_tags
            (repository_id, name, commit_sha, is_annotated, tagged_at, extracted_at, run_id)
        select repository_id, name, commit_sha, is_annotated, tagged_at, %s, %s from arrived
        on conflict (repository_id, name) do update
        set commit_sha = excluded.commit_sha, is_annotated = excluded.is_annotated,
            tagged_at = excluded.tagged_at, extracted_at = excluded.extracted_at,
            run_id = excluded.run_id, deleted_at = null
        where (raw.git_tags.commit_sha, raw.git_tags.is_annotated, raw.git_tags.tagged_at)
            is distinct from (excluded.commit_sha, excluded.is_annotated, excluded.tagged_at)
            or raw.git_tags.deleted_at is not null
        """,
        (run.at, run.run_id),
    )
    raw.execute("drop table arrived")
    _drop_absent(connection, "git_tags", list(tags), run)
    return moved[0] if moved else 0


def held_refs(connection: Connection, repository_id: int) -> tuple[dict[str, str], dict[str, str]]:
    """(branches, tags) as last seen: name -> sha."""
    branches, tags = (
        dict(
            driver(connection).execute(
                f"select name, commit_sha from raw.{table}"  # noqa: S608 - one of two of ours
                " where repository_id = %s and deleted_at is null",
                (repository_id,),
            )
        )
        for table in ("git_branches", "git_tags")
    )
    return branches, tags


def pushed_at(connection: Connection, repository_id: int) -> str | None:
    """When something was pushed last, as the repository object says."""
    found = (
        driver(connection)
        .execute(
            "select payload ->> 'pushed_at' from raw.github_repositories where repository_id = %s",
            (repository_id,),
        )
        .fetchone()
    )
    return found[0] if found else None


def _drop_absent(connection: Connection, table: str, present: list[str], run: Run) -> None:
    driver(connection).execute(
        f"update raw.{table} set deleted_at = %s"  # noqa: S608
        " where repository_id = %s and deleted_at is null and not name = any(%s)",
        (run.at, run.repository_id, present),
    )


def _name_shas(connection: Connection, table: str, shas: Iterable[str]) -> None:
    raw = driver(connection)
    raw.execute(f"create temporary table {table} (sha text primary key)".encode())
    with raw.cursor().copy(f"copy {table} (sha) from stdin".encode()) as copy:
        for sha in shas:
            copy.write_row((sha,))
    raw.execute(f"analyze {table}".encode())


def _copy_files(copy: Copy, repository_id: int, commit: Commit) -> tuple[int, int, int | None]:
    """(lines added, lines deleted, files) of what was written."""
    additions = deletions = count = 0
    for ordinal, change in enumerate(commit.files):
        copy.write_row(
            (
                repository_id,
                commit.sha,
                ordinal,
                _text(change.path),
                _text(change.previous_path),
                _count(change.additions),
                _count(change.deletions),
            )
        )
        additions += change.additions or 0
        deletions += change.deletions or 0
        count += 1
    return additions, deletions, count


def _commit_values(
    commit: Commit, totals: tuple[int, int, int | None], run: Run, source: str
) -> tuple[object, ...]:
    additions, deletions, files_count = totals
    authored: Moment = commit.authored
    committed: Moment = commit.committed
    return (
        run.repository_id,
        commit.sha,
        commit.parents,
        _text(commit.author_name),
        _text(commit.author_email),
        authored.at,
        authored.offset_minutes,
        _text(authored.raw),
        _text(commit.committer_name),
        _text(commit.committer_email),
        committed.at,
        _text(committed.raw),
        _text(commit.message),
        _count(additions),
        _count(deletions),
        files_count,
        False,
        source,
        commit.is_sanitized,
        run.at,
        run.run_id,
    )


def _time(iso: str) -> datetime | None:
    """Null for the year 3170843, the zone +9999, and whatever else a tag object may hold."""
    try:
        return datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count(value: int | None) -> int | None:
    """Unknown where the column has no room: a small repository can claim more lines than that."""
    return value if value is None or value <= _MOST else None


def _text(value: str | None) -> str | None:
    return value.replace("\0", "\ufffd") if value is not None else None
