"""What can be searched for, as documents: repositories, issues, pull requests, comments, people.

How they are found and ranked is not decided here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from psycopg.rows import dict_row

from gitinsight.veil import Veil
from warehouse import hidden
from warehouse.engine import Connection, Engine, driver

Kind = Literal["repository", "issue", "pull_request", "comment", "person"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ROWS_AT_ONCE = 2_000
_NAMING = (("owner", "login"), ("title", "title"), ("text", "body"))
"""Columns that may name somebody, and as what."""

_KNOWN = """
select r.repository_id, concat_ws(' ', p.publication, r.full_name, r.state, r.is_private)
from ops.repositories r join ops.publications p using (repository_id)
where %(ids)s::bigint[] is null or r.repository_id = any(%(ids)s)
"""
_REPOSITORIES = """
select
    r.repository_id, r.is_private, 'repository' as kind, r.full_name as title,
    split_part(r.full_name, '/', 1) as owner, g.payload ->> 'description' as text,
    array(select jsonb_array_elements_text(
        case jsonb_typeof(g.payload -> 'topics') when 'array' then g.payload -> 'topics' end
    )) as labels,
    (g.payload ->> 'stargazers_count')::bigint as weight, null::int as number,
    g.payload ->> 'language' as language, r.state, g.payload ->> 'html_url' as url,
    (g.payload ->> 'updated_at')::timestamptz as updated_at
from ops.repositories r
join ops.publications p using (repository_id)
left join raw.github_repositories g on g.repository_id = r.repository_id and g.deleted_at is null
where r.repository_id = any(%(ids)s)
"""
_ISSUES = """
select
    i.repository_id, r.is_private,
    case when i.payload ? 'pull_request' then 'pull_request' else 'issue' end as kind,
    i.payload ->> 'title' as title, i.payload -> 'user' ->> 'login' as owner,
    left(i.payload ->> 'body', 4000) as text,
    array(select jsonb_path_query(i.payload, '$.labels[*].name') #>> '{}') as labels,
    (i.payload ->> 'comments')::bigint as weight, (i.payload ->> 'number')::int as number,
    null as language, i.payload ->> 'state' as state, i.payload ->> 'html_url' as url,
    i.source_updated_at as updated_at
from raw.github_issues i join ops.repositories r using (repository_id)
where i.repository_id = any(%(ids)s) and i.deleted_at is null
"""
_COMMENTS = """
select
    c.repository_id, r.is_private, 'comment' as kind, null as title,
    c.payload -> 'user' ->> 'login' as owner, left(c.payload ->> 'body', 4000) as text,
    '{}'::text[] as labels, null::bigint as weight,
    substring(coalesce(c.payload ->> 'issue_url', c.payload ->> 'pull_request_url')
        from '/([0-9]+)$')::int as number,
    null as language, null as state, c.payload ->> 'html_url' as url,
    c.source_updated_at as updated_at
from (
    select repository_id, payload, source_updated_at from raw.github_issue_comments
    where repository_id = any(%(ids)s) and deleted_at is null
    union all
    select repository_id, payload, source_updated_at from raw.github_review_comments
    where repository_id = any(%(ids)s) and deleted_at is null
) c
join ops.repositories r using (repository_id)
"""
_PEOPLE = """
select
    a.repository_id, r.is_private, 'person' as kind, a.login as title, a.login as owner,
    null as text, '{}'::text[] as labels, a.commits_count as weight, null::int as number,
    null as language, a.actor_class as state, null as url, null::timestamptz as updated_at
from marts.dim_actor a join ops.repositories r using (repository_id)
where a.repository_id = any(%(ids)s) and a.login not like '%%@%%'
"""
"""Addresses of commits are nobody's to look for."""


@dataclass(frozen=True, slots=True)
class Document:
    """``title`` is a name or a headline, null for comments; ``owner`` is whose it is or who wrote
    it; ``weight`` counts stars, comments or commits, by kind, and is null where unknown.
    """

    repository_id: int
    is_private: bool
    kind: Kind
    title: str | None
    owner: str | None
    text: str | None
    labels: list[str] = field(default_factory=list)
    weight: int | None = None
    number: int | None = None
    language: str | None = None
    state: str | None = None
    url: str | None = None
    updated_at: datetime | None = None


def versions(engine: Engine, repository_ids: Sequence[int] | None = None) -> dict[int, str]:
    """Of the repositories with figures that are shown, all of them or those that are named; another
    one whenever their documents may be others.
    """
    with engine.begin() as connection:
        return _versions(connection, repository_ids)


def documents(engine: Engine, repository_ids: Sequence[int]) -> Iterator[Document]:
    """Everything of these repositories as of one instant; nothing of one without figures."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        shown = list(_versions(connection, repository_ids))
        statements = [_REPOSITORIES, _ISSUES, _COMMENTS]
        if _has_people(connection):
            statements.append(_PEOPLE)
        veil = hidden.veil(connection)
        for number, statement in enumerate(statements):
            raw = driver(connection)
            with raw.cursor(f"documents_{number}", row_factory=dict_row) as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(statement.encode(), {"ids": shown})
                for row in cursor:
                    yield _document(row, veil)


def issues(
    connection: Connection, repository_ids: Sequence[int], ids: Sequence[int]
) -> list[Document]:
    """Those issues and pull requests of these repositories; whoever asks may see them."""
    veil = hidden.veil(connection)
    cursor = driver(connection).cursor(row_factory=dict_row)
    cursor.execute(
        f"{_ISSUES} and i.id = any(%(these)s)".encode(),
        {"ids": list(repository_ids), "these": list(ids)},
    )
    return [_document(row, veil) for row in cursor]


def _versions(connection: Connection, repository_ids: Sequence[int] | None) -> dict[int, str]:
    wanted = None if repository_ids is None else list(repository_ids)
    return dict(driver(connection).execute(_KNOWN, {"ids": wanted}).fetchall())


def _has_people(connection: Connection) -> bool:
    found = driver(connection).execute("select to_regclass('marts.dim_actor') is not null")
    return bool((found.fetchone() or (False,))[0])


def _document(row: dict[str, Any], veil: Veil) -> Document:
    """Naming nobody who is hidden."""
    for name, key in _NAMING:
        row[name] = row[name] and veil.text(row[name], key)
    return Document(**row)
