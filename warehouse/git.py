"""Writes what git knows: commits, changed files, refs, and whose address an e-mail is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from gitinsight.git.history import Commit, Moment
from warehouse.engine import Connection, driver

_COMMIT_COLUMNS = (
    "repository_id, sha, parents, author_name, author_email, authored_at,"
    " author_tz_offset_minutes, authored_at_raw, committer_name, committer_email, committed_at,"
    " committed_at_raw, message, additions, deletions, files_count, is_on_default_branch, source,"
    " sanitized, extracted_at, run_id"
)


@dataclass(frozen=True, slots=True)
class Run:
    """For which repository, when and in which job a row is written."""

    repository_id: int
    at: datetime
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Identity:
    email: str
    login: str | None
    user_id: int | None
    actor_type: str | None
    evidence: str


def held_shas(connection: Connection, repository_id: int, shas: Sequence[str]) -> set[str]:
    found = driver(connection).execute(
        "select sha from raw.git_commits where repository_id = %s and sha = any(%s)",
        (repository_id, list(shas)),
    )
    return {sha for (sha,) in found}


def insert_commits(
    connection: Connection, commits: Sequence[Commit], *, run: Run, source: str
) -> int:
    """Add those that are not held yet, with their files; a commit never changes."""
    held = held_shas(connection, run.repository_id, [commit.sha for commit in commits])
    new = list({commit.sha: commit for commit in commits if commit.sha not in held}.values())
    raw = driver(connection)
    with raw.cursor().copy(f"copy raw.git_commits ({_COMMIT_COLUMNS}) from stdin") as copy:
        for commit in new:
            copy.write_row(_commit_values(commit, run, source))
    with raw.cursor().copy(
        "copy raw.git_commit_files"
        " (repository_id, sha, ordinal, path, previous_path, additions, deletions) from stdin"
    ) as copy:
        for commit in new:
            for ordinal, change in enumerate(commit.files):
                copy.write_row(
                    (
                        run.repository_id,
                        commit.sha,
                        ordinal,
                        _text(change.path),
                        _text(change.previous_path),
                        change.additions,
                        change.deletions,
                    )
                )
    return len(new)


def mark_default_branch(connection: Connection, repository_id: int, shas: Iterable[str]) -> None:
    """Say which held commits the default branch reaches; the others were left by a force push or
    belong to another branch.
    """
    raw = driver(connection)
    raw.execute("create temporary table reachable (sha text primary key) on commit drop")
    with raw.cursor().copy("copy reachable (sha) from stdin") as copy:
        for sha in shas:
            copy.write_row((sha,))
    raw.execute(
        """
        update raw.git_commits as held
        set is_on_default_branch = not held.is_on_default_branch
        where held.repository_id = %s
            and held.is_on_default_branch
                <> exists (select 1 from reachable where reachable.sha = held.sha)
        """,
        (repository_id,),
    )


def replace_branches(
    connection: Connection, branches: Mapping[str, str], *, default: str | None, run: Run
) -> None:
    raw = driver(connection)
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
) -> None:
    """``tags``: name -> (sha, whether annotated, ISO time), as the mirror lists them. A time that
    PostgreSQL has no room for is null.
    """
    driver(connection).cursor().executemany(
        """
        insert into raw.git_tags
            (repository_id, name, commit_sha, is_annotated, tagged_at, extracted_at, run_id)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, name) do update
        set commit_sha = excluded.commit_sha, is_annotated = excluded.is_annotated,
            tagged_at = excluded.tagged_at, extracted_at = excluded.extracted_at,
            run_id = excluded.run_id, deleted_at = null
        where (raw.git_tags.commit_sha, raw.git_tags.is_annotated, raw.git_tags.tagged_at)
            is distinct from (excluded.commit_sha, excluded.is_annotated, excluded.tagged_at)
            or raw.git_tags.deleted_at is not null
        """,
        [
            (run.repository_id, name, sha, annotated, _time(created), run.at, run.run_id)
            for name, (sha, annotated, created) in sorted(tags.items())
        ],
    )
    _drop_absent(connection, "git_tags", list(tags), run)


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


def unknown_emails(connection: Connection, repository_id: int) -> list[tuple[str, str]]:
    """(address, newest commit with it) of authors whose account has not been looked up."""
    found = driver(connection).execute(
        """
        select distinct on (lower(held.author_email)) lower(held.author_email), held.sha
        from raw.git_commits as held
        left join raw.git_identities as known
            on known.repository_id = held.repository_id
            and known.email = lower(held.author_email)
        where held.repository_id = %s and held.is_on_default_branch and known.email is null
        order by lower(held.author_email), held.committed_at desc nulls last, held.sha
        """,
        (repository_id,),
    )
    return [(email, sha) for email, sha in found]


def record_identities(connection: Connection, identities: Sequence[Identity], *, run: Run) -> None:
    driver(connection).cursor().executemany(
        """
        insert into raw.git_identities
            (repository_id, email, login, user_id, actor_type, evidence, looked_up_at, run_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, email) do nothing
        """,
        [
            (
                run.repository_id,
                one.email,
                one.login,
                one.user_id,
                one.actor_type,
                one.evidence,
                run.at,
                run.run_id,
            )
            for one in identities
        ],
    )


def _drop_absent(connection: Connection, table: str, present: list[str], run: Run) -> None:
    driver(connection).execute(
        f"update raw.{table} set deleted_at = %s"  # noqa: S608
        " where repository_id = %s and deleted_at is null and not name = any(%s)",
        (run.at, run.repository_id, present),
    )


def _commit_values(commit: Commit, run: Run, source: str) -> tuple[object, ...]:
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
        commit.additions,
        commit.deletions,
        commit.files_count,
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


def _text(value: str | None) -> str | None:
    return value.replace("\0", "\ufffd") if value is not None else None
