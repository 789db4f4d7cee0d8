"""The warehouse as it was: what the marts of an earlier instant are made of again.

The same dbt project reads the schemas ``past_raw`` and ``past_ops`` instead of ``raw`` and ``ops``,
and builds ``past_candidate``. An instant is a publication: each repository stands as the last job
left it that had published by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg.sql import Literal as Value

from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse import code, insights
from warehouse.engine import Connection, driver
from warehouse.schemas import MADE, Schemas

PREFIX = "past_"
SCHEMAS = Schemas(held=PREFIX, made=PREFIX)
MARTS = SCHEMAS.named("candidate")
INSIGHTS = SCHEMAS.named("insights")
LOCK_KEY = 7_105_203
"""The past is built for one question at a time."""
ROLE = "gitinsight_past_analyst"
_ALL = ("raw", "ops", "insights", *MADE)

_INSTANTS = """
create table past_ops.instants as
select distinct on (repository_id)
    repository_id, finished_at as held_at,
    coalesce((outcome ->> 'as_of')::timestamptz, as_of, finished_at) as data_as_of
from ops.jobs
where state in ('succeeded', 'partial') and outcome ->> 'publication' is not null
    and finished_at <= {at}
    and ({repository_ids}::bigint[] is null or repository_id = any({repository_ids}))
order by repository_id, finished_at desc, job_id
"""
_THEN = """
create view past_raw.{table} as
select now_held.repository_id, now_held.id, now_held.payload, now_held.content_hash,
    now_held.source_updated_at, now_held.source, now_held.extracted_at, now_held.run_id,
    null::timestamptz as deleted_at, null::text as deleted_reason
from raw.{table} as now_held
inner join past_ops.instants as instant using (repository_id)
where now_held.extracted_at <= instant.held_at
    and (now_held.deleted_at is null or now_held.deleted_at > instant.held_at)
union all
select earlier.repository_id, earlier.id, earlier.payload, earlier.content_hash,
    earlier.source_updated_at, earlier.source, earlier.valid_from, earlier.run_id, null, null
from raw.{history} as earlier
inner join past_ops.instants as instant using (repository_id)
where earlier.valid_from <= instant.held_at and earlier.valid_to > instant.held_at
"""
_REPLACED_THEN = """
create view past_raw.{history} as
select earlier.* from raw.{history} as earlier
inner join past_ops.instants as instant using (repository_id)
where earlier.valid_to <= instant.held_at
"""
_REFS_THEN = """
create view past_raw.{table} as
select now_held.repository_id, now_held.name, now_held.commit_sha, {columns},
    now_held.extracted_at, null::timestamptz as deleted_at
from raw.{table} as now_held
inner join past_ops.instants as instant using (repository_id)
where now_held.extracted_at <= instant.held_at
    and (now_held.deleted_at is null or now_held.deleted_at > instant.held_at)
union all
select earlier.repository_id, earlier.name, earlier.commit_sha, {columns_then},
    earlier.valid_from, null
from raw.{history} as earlier
inner join past_ops.instants as instant using (repository_id)
where earlier.valid_from <= instant.held_at and earlier.valid_to > instant.held_at
"""
_MERGED_THEN = """
create view past_ops.identity_merges as
select alias, person, null::timestamptz as unmerged_at
from ops.identity_merges
where merged_at <= (select max(held_at) from past_ops.instants)
    and coalesce(unmerged_at, 'infinity') > (select max(held_at) from past_ops.instants)
union all
select lower({alias}), {person}, null where {alias}::text is not null
"""
_SNAPSHOTS_THEN = """
create view past_insights.code_snapshots as
select {columns} from insights.code_snapshots as made
inner join past_ops.instants as instant using (repository_id)
where made.measured_at <= instant.held_at
union all
select {columns} from insights.code_snapshots_history as made
inner join past_ops.instants as instant using (repository_id)
where made.valid_from <= instant.held_at and made.valid_to > instant.held_at
"""
_REFS = {"git_tags": ("is_annotated", "tagged_at"), "git_branches": ("is_default",)}
_OTHERS = (
    """
    create view past_raw.git_commits as
    select made.repository_id, made.sha, made.parents, made.author_name, made.author_email,
        made.authored_at, made.author_tz_offset_minutes, made.authored_at_raw, made.committer_name,
        made.committer_email, made.committed_at, made.committed_at_raw, made.message,
        made.additions, made.deletions, made.files_count, made.source, made.sanitized,
        made.extracted_at, made.run_id,
        case when made.unreachable_at <= instant.held_at then made.unreachable_at end
            as unreachable_at,
        made.is_on_default_branch
            and coalesce(made.default_branch_at, made.extracted_at) <= instant.held_at
        or exists (
            select from raw.git_default_branch_history as earlier
            where earlier.repository_id = made.repository_id and earlier.sha = made.sha
                and earlier.valid_from <= instant.held_at and earlier.valid_to > instant.held_at
        ) as is_on_default_branch
    from raw.git_commits as made
    inner join past_ops.instants as instant using (repository_id)
    where made.extracted_at <= instant.held_at
    """,
    # A tone is that of a text, whenever it was said.
    "create view past_insights.text_tone as select * from insights.text_tone",
    # What was measured is that of a content, too.
    "create view past_insights.code_blobs as select * from insights.code_blobs",
    """
    create view past_insights.code_looks as
    select looked.* from insights.code_looks as looked
    inner join past_ops.instants as instant using (repository_id)
    where looked.looked_at <= instant.held_at
    """,
    """
    create view past_insights.code_files as
    select lies.repository_id, lies.month, lies.path, lies.blob_id, lies.kind, lies.is_test
    from insights.code_files as lies
    inner join past_ops.instants as instant using (repository_id)
    where lies.taken_at <= instant.held_at
    union all
    select lay.repository_id, lay.month, lay.path, lay.blob_id, lay.kind, lay.is_test
    from insights.code_files_history as lay
    inner join past_ops.instants as instant using (repository_id)
    where lay.valid_from <= instant.held_at and lay.valid_to > instant.held_at
    """,
    """
    create view past_raw.git_commit_files as
    select changed.* from raw.git_commit_files as changed
    inner join past_raw.git_commits as made using (repository_id, sha)
    """,
    """
    create view past_raw.git_identities as
    select known.* from raw.git_identities as known
    inner join past_ops.instants as instant using (repository_id)
    where known.looked_up_at <= instant.held_at
    """,
    """
    create view past_raw.git_mailmap as
    select said.repository_id, said.email, said.proper_email, null::timestamptz as replaced_at
    from raw.git_mailmap as said
    inner join past_ops.instants as instant using (repository_id)
    where said.extracted_at <= instant.held_at
        and (said.replaced_at is null or said.replaced_at > instant.held_at)
    """,
    """
    create view past_ops.repositories as
    select followed.repository_id, followed.full_name, followed.is_synthetic,
        followed.default_branch, followed.added_at, instant.data_as_of as checked_at
    from ops.repositories as followed
    inner join past_ops.instants as instant using (repository_id)
    """,
    """
    create view past_ops.repository_names as
    select named.repository_id, named.full_name, named.valid_from,
        case when named.valid_to <= instant.held_at then named.valid_to end as valid_to
    from ops.repository_names as named
    inner join past_ops.instants as instant using (repository_id)
    where named.valid_from <= instant.held_at
    """,
    """
    create view past_ops.actor_overrides as
    select login, actor_class, reason, null::timestamptz as unset_at
    from ops.actor_overrides
    where set_at <= (select max(held_at) from past_ops.instants)
        and coalesce(unset_at, 'infinity') > (select max(held_at) from past_ops.instants)
    """,
    # Filled by whoever asks, with what is said today of what was known then.
    "create table past_ops.actor_scores (like ops.actor_scores including indexes)",
    """
    create view past_ops.affiliations as
    select affiliation_id, subject, organisation, from_day, to_day, null::timestamptz as unset_at
    from ops.affiliations
    where set_at <= (select max(held_at) from past_ops.instants)
        and coalesce(unset_at, 'infinity') > (select max(held_at) from past_ops.instants)
    """,
    """
    create view past_ops.completeness as
    select counted.repository_id, counted.thing, counted.upstream_count, counted.held_count,
        counted.state, counted.reason
    from ops.completeness as counted
    inner join past_ops.instants as instant using (repository_id)
    where coalesce(counted.counted_since, '-infinity') <= instant.held_at
    union all
    select earlier.repository_id, earlier.thing, earlier.upstream_count, earlier.held_count,
        earlier.state, earlier.reason
    from ops.completeness_history as earlier
    inner join past_ops.instants as instant using (repository_id)
    where earlier.valid_from <= instant.held_at and earlier.valid_to > instant.held_at
    """,
)


@dataclass(frozen=True, slots=True)
class Instant:
    """What a repository is shown as: held then, and described as of then."""

    repository_id: int
    held_at: datetime
    data_as_of: datetime


def set_to(
    connection: Connection, at: datetime, *, repository_ids: Sequence[int] | None = None,
    if_merged: tuple[str, str] | None = None,
) -> list[Instant]:  # fmt: skip
    """Let ``past_raw`` and ``past_ops`` show what was held at ``at``; the instant of each
    repository that had published something by then. With ``if_merged`` as if an identity had been
    a person's, too.
    """
    raw = driver(connection)
    clear(connection)
    for schema in ("past_raw", "past_ops", INSIGHTS):
        raw.execute(SQL("create schema {}").format(Identifier(schema)))
    wanted = Value(None if repository_ids is None else list(repository_ids))
    raw.execute(SQL(_INSTANTS).format(at=Value(at), repository_ids=wanted))
    for statement in _views():
        raw.execute(statement)
    for text in _OTHERS:
        raw.execute(text.encode())
    alias, person = if_merged or (None, None)
    raw.execute(SQL(_MERGED_THEN).format(alias=Value(alias), person=Value(person)))
    raw.execute("analyze past_ops.instants")
    return (
        raw.cursor(row_factory=class_row(Instant))
        .execute("select * from past_ops.instants order by repository_id")
        .fetchall()
    )


def clear(connection: Connection) -> None:
    """Drop every schema of the past with all that is in it."""
    for schema in _ALL:
        driver(connection).execute(
            SQL("drop schema if exists {} cascade").format(Identifier(SCHEMAS.named(schema)))
        )


def can_show(connection: Connection) -> bool:
    """Whether the role of analysts of the past is there, and can be taken."""
    found = (
        driver(connection)
        .execute(
            "select pg_has_role(current_user, oid, 'MEMBER') from pg_roles where rolname = %s",
            (ROLE,),
        )
        .fetchone()
    )
    return bool(found and found[0])


def show(connection: Connection) -> None:
    """Let analysts of the past read what was built, and nothing that is of today."""
    raw = driver(connection)
    for schema in (MARTS, INSIGHTS):
        for statement in (
            "create schema if not exists {0}",
            "grant usage on schema {0} to {1}",
            "grant select on all tables in schema {0} to {1}",
        ):
            raw.execute(SQL(statement).format(Identifier(schema), Identifier(ROLE)))


def keep_insights(
    connection: Connection, repository_id: int, rows: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    """Insights of a repository, beside the marts that were built."""
    raw = driver(connection)
    raw.execute(SQL("create schema if not exists {}").format(Identifier(INSIGHTS)))
    for insight, found in rows.items():
        raw.execute(
            SQL("create table if not exists {} (like {})").format(
                Identifier(INSIGHTS, insight), Identifier("insights", insight)
            )
        )
        insights.store(connection, repository_id, insight, found, schemas=SCHEMAS)


def _views() -> list[Composed]:
    said = [Identifier("made", name) for name in code.SNAPSHOT_COLUMNS]
    found = [SQL(_SNAPSHOTS_THEN).format(columns=SQL(", ").join(said))]
    for thing in GITHUB_THINGS:
        names = {
            "table": Identifier(thing.table), "history": Identifier(f"{thing.table}_history"),
        }  # fmt: skip
        found += [SQL(_THEN).format(**names), SQL(_REPLACED_THEN).format(**names)]
    for table, columns in _REFS.items():
        now, then = (
            SQL(", ").join(Identifier(source, one) for one in columns)
            for source in ("now_held", "earlier")
        )
        found.append(
            SQL(_REFS_THEN).format(
                table=Identifier(table), history=Identifier(f"{table}_history"), columns=now,
                columns_then=then,
            )
        )  # fmt: skip
    return found
