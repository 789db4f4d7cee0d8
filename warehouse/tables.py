"""Tables that Alembic owns: ``raw``, ``insights`` and ``ops``. dbt owns the other schemas."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gitinsight.things.catalogue import GITHUB_THINGS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_AT = DateTime(timezone=True)


def _repository_id() -> Column[int]:
    return Column("repository_id", BigInteger, primary_key=True, autoincrement=False)


def _payload_table(thing: str) -> Table:
    """One shape for everything GitHub answers: its own bytes, and what we know about them."""
    return Table(
        f"github_{thing}",
        metadata,
        _repository_id(),
        Column("id", BigInteger, primary_key=True, autoincrement=False, comment="GitHub's own id"),
        Column("payload", JSONB, nullable=False, comment="what GitHub answered, whole"),
        Column(
            "content_hash",
            LargeBinary,
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        Column("source_updated_at", _AT, comment="GitHub's own time of the last change"),
        Column("source", Text, nullable=False, comment="rest, graphql, webhook or gharchive"),
        Column("api_version", Text, nullable=False),
        Column("sanitized", Boolean, nullable=False, comment="a character was replaced"),
        Column("extracted_at", _AT, nullable=False, comment="when this version was written"),
        Column("run_id", Uuid, nullable=False, comment="the job that wrote this version"),
        Column("deleted_at", _AT, comment="when it was seen to be gone"),
        Column("deleted_reason", Text),
        schema="raw",
        comment=f"GitHub's {thing.replace('_', ' ')}, newest version of each",
    )


def _history_table(thing: str) -> Table:
    return Table(
        f"github_{thing}_history",
        metadata,
        _repository_id(),
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("valid_from", _AT, primary_key=True, comment="when this version was written"),
        Column("valid_to", _AT, nullable=False, comment="when the next one replaced it"),
        Column("payload", JSONB, nullable=False),
        Column("content_hash", LargeBinary, nullable=False),
        Column("source_updated_at", _AT),
        Column("source", Text, nullable=False),
        Column("run_id", Uuid, nullable=False),
        schema="raw",
        comment=f"earlier versions of {thing.replace('_', ' ')}, written when the hash changed",
    )


RAW: dict[str, Table] = {thing.name: _payload_table(thing.name) for thing in GITHUB_THINGS}
RAW_HISTORY: dict[str, Table] = {thing.name: _history_table(thing.name) for thing in GITHUB_THINGS}

git_commits = Table(
    "git_commits",
    metadata,
    _repository_id(),
    Column("sha", Text, primary_key=True),
    Column("parents", ARRAY(Text), nullable=False),
    Column("author_name", Text, nullable=False),
    Column("author_email", Text, nullable=False),
    Column("authored_at", _AT, comment="null where git's date is not a date"),
    Column("author_tz_offset_minutes", SmallInteger),
    Column("authored_at_raw", Text, nullable=False),
    Column("committer_name", Text, nullable=False),
    Column("committer_email", Text, nullable=False),
    Column("committed_at", _AT),
    Column("committed_at_raw", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("additions", Integer, comment="lines; merges against their first parent"),
    Column("deletions", Integer),
    Column("files_count", Integer),
    Column("is_on_default_branch", Boolean, nullable=False),
    Column("source", Text, nullable=False, comment="git, or graphql where no remote can be read"),
    Column("sanitized", Boolean, nullable=False),
    Column("extracted_at", _AT, nullable=False),
    Column("run_id", Uuid, nullable=False),
    schema="raw",
    comment="commits reachable from branches and tags",
)

git_commit_files = Table(
    "git_commit_files",
    metadata,
    _repository_id(),
    Column("sha", Text, primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("previous_path", Text, comment="set where the file was renamed"),
    Column("additions", Integer, comment="null for a binary file"),
    Column("deletions", Integer),
    schema="raw",
    comment="files that a commit changed, with line statistics",
)


def _ref_table(name: str, comment: str, *extra: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        _repository_id(),
        Column("name", Text, primary_key=True),
        Column("commit_sha", Text, comment="null where a tag names something else than a commit"),
        *extra,
        Column("extracted_at", _AT, nullable=False),
        Column("run_id", Uuid, nullable=False),
        Column("deleted_at", _AT),
        schema="raw",
        comment=comment,
    )


git_tags = _ref_table(
    "git_tags",
    "tags",
    Column("is_annotated", Boolean, nullable=False),
    Column("tagged_at", _AT, comment="of an annotated tag, else of its commit"),
)
git_branches = _ref_table("git_branches", "branches", Column("is_default", Boolean, nullable=False))

git_identities = Table(
    "git_identities",
    metadata,
    _repository_id(),
    Column("email", Text, primary_key=True, comment="lower case"),
    Column("login", Text, comment="null where GitHub links the address to nobody"),
    Column("user_id", BigInteger),
    Column("actor_type", Text, comment="User, Bot or Organization, as GitHub says"),
    Column("evidence", Text, nullable=False, comment="noreply address, or commit asked about"),
    Column("looked_up_at", _AT, nullable=False),
    Column("run_id", Uuid, nullable=False),
    schema="raw",
    comment="which account a commit e-mail address belongs to, by evidence only",
)

repositories = Table(
    "repositories",
    metadata,
    Column("repository_id", BigInteger, Identity(), primary_key=True),
    Column("host", Text, nullable=False, comment="API root, or 'git' for a remote without an API"),
    Column("github_id", BigInteger, comment="null for a local path"),
    Column("full_name", Text, nullable=False),
    Column("clone_url", Text, nullable=False),
    Column("default_branch", Text),
    Column("is_private", Boolean, nullable=False, server_default=text("false")),
    Column("is_synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False, comment="active, unreadable, blocked or disabled"),
    Column("state_reason", Text),
    Column("added_at", _AT, nullable=False),
    Column("checked_at", _AT, comment="when upstream was last asked, by the server's clock"),
    Index("ix_repositories_full_name", "host", text("lower(full_name)"), unique=True),
    Index("ix_repositories_github_id", "host", "github_id", unique=True),
    schema="ops",
    comment="repositories that are followed; the id is ours and never changes",
)

repository_names = Table(
    "repository_names",
    metadata,
    _repository_id(),
    Column("full_name", Text, primary_key=True),
    Column("valid_from", _AT, primary_key=True),
    Column("valid_to", _AT),
    schema="ops",
    comment="every name a repository has had",
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("is_full", Boolean, nullable=False, comment="read everything anew"),
    Column("as_of", _AT, comment="the instant that the figures describe"),
    Column("state", Text, nullable=False),
    Column("stage", Text),
    Column("requested_at", _AT, nullable=False),
    Column("started_at", _AT),
    Column("finished_at", _AT),
    Column("attempt", SmallInteger, nullable=False, server_default=text("0")),
    Column("worker", Text),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", _AT),
    Column("not_before", _AT, comment="parked until then, because a limit was used up"),
    Column("cancel_requested_at", _AT),
    Column("last_seq", Integer, nullable=False, server_default=text("0")),
    Column("error_type", Text),
    Column("error_detail", Text),
    Column("outcome", JSONB, comment="rows, requests, points and seconds, by stage"),
    Column("flow_run_id", Uuid),
    Column("flow_run_url", Text),
    Index(
        "ix_jobs_one_active",
        "repository_id",
        unique=True,
        postgresql_where=text("state in ('queued', 'running')"),
    ),
    Index("ix_jobs_state", "state", "requested_at"),
    schema="ops",
    comment="analyses, one at a time per repository",
)

job_events = Table(
    "job_events",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, Identity(), nullable=False, unique=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("at", _AT, nullable=False),
    Column("stage", Text),
    Column("state", Text, nullable=False),
    Column("resource", Text),
    Column("done", BigInteger),
    Column("total", BigInteger),
    Column("rows", BigInteger),
    Column("message", Text),
    Column("budget", JSONB),
    Column("eta_seconds", Integer),
    Index("ix_job_events_repository_id_event_id", "repository_id", "event_id"),
    schema="ops",
    comment="what happened to a job, append-only, numbered without gaps",
)

cursors = Table(
    "cursors",
    metadata,
    _repository_id(),
    Column("thing", Text, primary_key=True),
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("state", JSONB, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", _AT),
    Column("updated_at", _AT, nullable=False),
    schema="ops",
    comment="how far each thing of a repository has been read; moves with the rows it covers",
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", BigInteger, Identity(), primary_key=True),
    Column("at", _AT, nullable=False),
    Column("job_id", Uuid),
    Column("repository_id", BigInteger),
    Column("principal", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", SmallInteger, nullable=False, comment="0 where no answer came"),
    Column("cost", SmallInteger, nullable=False, comment="0 for a 304"),
    Column("milliseconds", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("error", Text),
    Index("ix_requests_job_id", "job_id"),
    schema="ops",
    comment="every call to GitHub and what it cost",
)

principals = Table(
    "principals",
    metadata,
    Column("principal", Text, primary_key=True, comment="fingerprint of the token, or 'anonymous'"),
    Column("state", Text, nullable=False, comment="active or rejected"),
    Column("first_seen_at", _AT, nullable=False),
    Column("last_seen_at", _AT, nullable=False),
    schema="ops",
    comment="in whose name GitHub is asked",
)

completeness = Table(
    "completeness",
    metadata,
    _repository_id(),
    Column("thing", Text, primary_key=True),
    Column("upstream_count", BigInteger, comment="what GitHub or git says exists"),
    Column("held_count", BigInteger, comment="what the warehouse holds"),
    Column("state", Text, nullable=False, comment="complete, partial, unavailable or uncounted"),
    Column("reason", Text, comment="why the two differ, or why one is unknown"),
    Column("as_of", _AT, nullable=False),
    Column("job_id", Uuid, nullable=False),
    schema="ops",
    comment="the completeness ledger, newest state per thing",
)

quality_results = Table(
    "quality_results",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("check_name", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("tool", Text, nullable=False, comment="dbt, great_expectations or completeness"),
    Column("subject", Text, nullable=False, comment="the table that was checked"),
    Column("severity", Text, nullable=False, comment="block or warn"),
    Column("status", Text, nullable=False, comment="passed, failed or skipped"),
    Column("failures", BigInteger),
    Column("observed", Text),
    Column("expected", Text),
    Column("at", _AT, nullable=False),
    Index("ix_quality_results_repository_id_at", "repository_id", "at"),
    schema="ops",
    comment="one row per check and job",
)

publications = Table(
    "publications",
    metadata,
    _repository_id(),
    Column("publication", BigInteger, nullable=False, comment="grows with each publication"),
    Column("job_id", Uuid, nullable=False),
    Column("as_of", _AT, nullable=False, comment="the instant that the figures describe"),
    Column("published_at", _AT, nullable=False),
    Column("quality_status", Text, nullable=False, comment="passed or warned"),
    schema="ops",
    comment="which job's figures the marts show",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(), primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("thing", Text, nullable=False),
    Column("id", BigInteger),
    Column("raw", LargeBinary, nullable=False, comment="the bytes as they came"),
    Column("error", Text, nullable=False),
    Column("at", _AT, nullable=False),
    Column("job_id", Uuid, nullable=False),
    Index("ix_quarantine_repository_id", "repository_id"),
    schema="ops",
    comment="what the decoder or PostgreSQL refused, kept as bytes",
)

bus_factor = Table(
    "bus_factor",
    metadata,
    _repository_id(),
    Column("window_days", Integer, primary_key=True, autoincrement=False, comment="0 is all time"),
    Column("caf_50_count", Integer, comment="persons with half of the commits; null without any"),
    Column("caf_80_count", Integer),
    Column("hhi_ratio", Double, comment="Herfindahl-Hirschman index of commit shares"),
    Column("gini_ratio", Double),
    Column("commits_count", BigInteger, nullable=False, comment="human commits seen"),
    Column("persons_count", BigInteger, nullable=False),
    Column("top_persons", JSONB, nullable=False),
    Column("as_of", _AT, nullable=False),
    Column("definition", Text, nullable=False),
    Column("job_id", Uuid, nullable=False),
    schema="insights",
    comment="how few persons hold most of the recent work",
)

review_latency = Table(
    "review_latency",
    metadata,
    _repository_id(),
    Column("subject", Text, primary_key=True, comment="issues or pull_requests"),
    Column("opened_count", BigInteger, nullable=False),
    Column("answered_count", BigInteger, nullable=False),
    Column("censored_count", BigInteger, nullable=False, comment="not answered yet"),
    Column("p50_hours", Double, comment="of the answered"),
    Column("p75_hours", Double),
    Column("p90_hours", Double),
    Column("km_p50_hours", Double, comment="Kaplan-Meier median; null if half is not reached"),
    Column("within_48_hours_ratio", Double, comment="of all opened"),
    Column("as_of", _AT, nullable=False),
    Column("definition", Text, nullable=False),
    Column("job_id", Uuid, nullable=False),
    schema="insights",
    comment="how long until another human answers",
)
