"""first tables

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_PAYLOAD_TABLES = (
    "github_issue_comments",
    "github_issue_comments_history",
    "github_issue_events",
    "github_issue_events_history",
    "github_issues",
    "github_issues_history",
    "github_labels",
    "github_labels_history",
    "github_milestones",
    "github_milestones_history",
    "github_pull_requests",
    "github_pull_requests_history",
    "github_releases",
    "github_releases_history",
    "github_repositories",
    "github_repositories_history",
    "github_review_comments",
    "github_review_comments_history",
    "github_reviews",
    "github_reviews_history",
    "github_users",
    "github_users_history",
)

# lz4 costs 40 % less CPU on the way in than pglz, for 17 % more disk; the embedded server lacks it.
_LZ4 = """
do $$
begin
    alter table raw.{table} alter column payload set compression lz4;
exception when feature_not_supported then
    null;
end
$$;
"""

_ANNOUNCE = """
create function ops.announce_job_event() returns trigger language plpgsql as $$
begin
    perform pg_notify(
        'gitinsight_job_events',
        json_build_object(
            'event_id', new.event_id, 'job_id', new.job_id,
            'repository_id', new.repository_id, 'seq', new.seq
        )::text
    );
    return null;
end
$$;
create trigger announce after insert on ops.job_events
    for each row execute function ops.announce_job_event();
create function ops.announce_job() returns trigger language plpgsql as $$
begin
    perform pg_notify('gitinsight_jobs', new.job_id::text);
    return null;
end
$$;
create trigger announce after insert or update of state, cancel_requested_at on ops.jobs
    for each row execute function ops.announce_job();
"""

_ANALYST = """
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'gitinsight_analyst') then
        create role gitinsight_analyst nologin;
    end if;
    alter role gitinsight_analyst set statement_timeout = '60s';
exception when insufficient_privilege then
    raise notice 'role gitinsight_analyst was not created: this user may not create roles';
end
$$;
do $$
begin
    if exists (select 1 from pg_roles where rolname = 'gitinsight_analyst') then
        grant usage on schema marts, insights to gitinsight_analyst;
        grant select on all tables in schema insights to gitinsight_analyst;
        alter default privileges in schema marts grant select on tables to gitinsight_analyst;
        alter default privileges in schema insights grant select on tables to gitinsight_analyst;
    end if;
end
$$;
"""


def upgrade() -> None:
    for schema in ("raw", "insights", "ops", "marts"):
        op.execute(f"create schema if not exists {schema}")
    op.create_table(
        "bus_factor",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "window_days",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="0 is all time",
        ),
        sa.Column(
            "caf_50_count",
            sa.Integer(),
            nullable=True,
            comment="persons with half of the commits; null without any",
        ),
        sa.Column("caf_80_count", sa.Integer(), nullable=True),
        sa.Column(
            "hhi_ratio",
            sa.Double(),
            nullable=True,
            comment="Herfindahl-Hirschman index of commit shares",
        ),
        sa.Column("gini_ratio", sa.Double(), nullable=True),
        sa.Column("commits_count", sa.BigInteger(), nullable=False, comment="human commits seen"),
        sa.Column("persons_count", sa.BigInteger(), nullable=False),
        sa.Column("top_persons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "window_days", name=op.f("pk_bus_factor")),
        schema="insights",
        comment="how few persons hold most of the recent work",
    )
    op.create_table(
        "review_latency",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="issues or pull_requests"),
        sa.Column("opened_count", sa.BigInteger(), nullable=False),
        sa.Column("answered_count", sa.BigInteger(), nullable=False),
        sa.Column("censored_count", sa.BigInteger(), nullable=False, comment="not answered yet"),
        sa.Column("p50_hours", sa.Double(), nullable=True, comment="of the answered"),
        sa.Column("p75_hours", sa.Double(), nullable=True),
        sa.Column("p90_hours", sa.Double(), nullable=True),
        sa.Column(
            "km_p50_hours",
            sa.Double(),
            nullable=True,
            comment="Kaplan-Meier median; null if half is not reached",
        ),
        sa.Column("within_48_hours_ratio", sa.Double(), nullable=True, comment="of all opened"),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "subject", name=op.f("pk_review_latency")),
        schema="insights",
        comment="how long until another human answers",
    )
    op.create_table(
        "completeness",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column(
            "upstream_count",
            sa.BigInteger(),
            nullable=True,
            comment="what GitHub or git says exists",
        ),
        sa.Column("held_count", sa.BigInteger(), nullable=True, comment="what the warehouse holds"),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="complete, partial, unavailable or uncounted",
        ),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why the two differ, or why one is unknown"
        ),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "thing", name=op.f("pk_completeness")),
        schema="ops",
        comment="the completeness ledger, newest state per thing",
    )
    op.create_table(
        "cursors",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "thing", "shard", name=op.f("pk_cursors")),
        schema="ops",
        comment="how far each thing of a repository has been read; moves with the rows it covers",
    )
    op.create_table(
        "job_events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("budget", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("eta_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("pk_job_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_job_events_event_id")),
        schema="ops",
        comment="what happened to a job, append-only, numbered without gaps",
    )
    op.create_index(
        "ix_job_events_repository_id_event_id",
        "job_events",
        ["repository_id", "event_id"],
        unique=False,
        schema="ops",
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False, comment="read everything anew"),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the instant that the figures describe",
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="parked until then, because a limit was used up",
        ),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column(
            "outcome",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="rows, requests, points and seconds, by stage",
        ),
        sa.Column("flow_run_id", sa.Uuid(), nullable=True),
        sa.Column("flow_run_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        schema="ops",
        comment="analyses, one at a time per repository",
    )
    op.create_index(
        "ix_jobs_one_active",
        "jobs",
        ["repository_id"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("state in ('queued', 'running')"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "requested_at"], unique=False, schema="ops")
    op.create_table(
        "principals",
        sa.Column(
            "principal",
            sa.Text(),
            nullable=False,
            comment="fingerprint of the token, or 'anonymous'",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="active or rejected"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", name=op.f("pk_principals")),
        schema="ops",
        comment="in whose name GitHub is asked",
    )
    op.create_table(
        "publications",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "publication", sa.BigInteger(), nullable=False, comment="grows with each publication"
        ),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the instant that the figures describe",
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quality_status", sa.Text(), nullable=False, comment="passed or warned"),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_publications")),
        schema="ops",
        comment="which job's figures the marts show",
    )
    op.create_table(
        "quality_results",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "tool", sa.Text(), nullable=False, comment="dbt, great_expectations or completeness"
        ),
        sa.Column("subject", sa.Text(), nullable=False, comment="the table that was checked"),
        sa.Column("severity", sa.Text(), nullable=False, comment="block or warn"),
        sa.Column("status", sa.Text(), nullable=False, comment="passed, failed or skipped"),
        sa.Column("failures", sa.BigInteger(), nullable=True),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("expected", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "check_name", name=op.f("pk_quality_results")),
        schema="ops",
        comment="one row per check and job",
    )
    op.create_index(
        "ix_quality_results_repository_id_at",
        "quality_results",
        ["repository_id", "at"],
        unique=False,
        schema="ops",
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False, comment="the bytes as they came"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
        schema="ops",
        comment="what the decoder or PostgreSQL refused, kept as bytes",
    )
    op.create_index(
        "ix_quarantine_repository_id", "quarantine", ["repository_id"], unique=False, schema="ops"
    )
    op.create_table(
        "repositories",
        sa.Column("repository_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "host",
            sa.Text(),
            nullable=False,
            comment="API root, or 'git' for a remote without an API",
        ),
        sa.Column("github_id", sa.BigInteger(), nullable=True, comment="null for a local path"),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("clone_url", sa.Text(), nullable=False),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("is_private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="active, unreadable, blocked or disabled"
        ),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when upstream was last asked, by the server's clock",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repositories")),
        schema="ops",
        comment="repositories that are followed; the id is ours and never changes",
    )
    op.create_index(
        "ix_repositories_full_name",
        "repositories",
        ["host", sa.literal_column("lower(full_name)")],
        unique=True,
        schema="ops",
    )
    op.create_index(
        "ix_repositories_github_id",
        "repositories",
        ["host", "github_id"],
        unique=True,
        schema="ops",
    )
    op.create_table(
        "repository_names",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "repository_id", "full_name", "valid_from", name=op.f("pk_repository_names")
        ),
        schema="ops",
        comment="every name a repository has had",
    )
    op.create_table(
        "requests",
        sa.Column("request_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="0 where no answer came"),
        sa.Column("cost", sa.SmallInteger(), nullable=False, comment="0 for a 304"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_requests")),
        schema="ops",
        comment="every call to GitHub and what it cost",
    )
    op.create_index("ix_requests_job_id", "requests", ["job_id"], unique=False, schema="ops")
    op.create_table(
        "git_branches",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "commit_sha",
            sa.Text(),
            nullable=True,
            comment="null where a tag names something else than a commit",
        ),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("extracted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "name", name=op.f("pk_git_branches")),
        schema="raw",
        comment="branches",
    )
    op.create_table(
        "git_commit_files",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column(
            "previous_path", sa.Text(), nullable=True, comment="set where the file was renamed"
        ),
        sa.Column("additions", sa.Integer(), nullable=True, comment="null for a binary file"),
        sa.Column("deletions", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(
            "repository_id", "sha", "ordinal", name=op.f("pk_git_commit_files")
        ),
        schema="raw",
        comment="files that a commit changed, with line statistics",
    )
    op.create_table(
        "git_commits",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("parents", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column(
            "authored_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null where git's date is not a date",
        ),
        sa.Column("author_tz_offset_minutes", sa.SmallInteger(), nullable=True),
        sa.Column("authored_at_raw", sa.Text(), nullable=False),
        sa.Column("committer_name", sa.Text(), nullable=False),
        sa.Column("committer_email", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at_raw", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "additions",
            sa.Integer(),
            nullable=True,
            comment="lines; merges against their first parent",
        ),
        sa.Column("deletions", sa.Integer(), nullable=True),
        sa.Column("files_count", sa.Integer(), nullable=True),
        sa.Column("is_on_default_branch", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="git, or graphql where no remote can be read",
        ),
        sa.Column("sanitized", sa.Boolean(), nullable=False),
        sa.Column("extracted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "sha", name=op.f("pk_git_commits")),
        schema="raw",
        comment="commits reachable from branches and tags",
    )
    op.create_table(
        "git_identities",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="lower case"),
        sa.Column(
            "login",
            sa.Text(),
            nullable=True,
            comment="null where GitHub links the address to nobody",
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "actor_type",
            sa.Text(),
            nullable=True,
            comment="User, Bot or Organization, as GitHub says",
        ),
        sa.Column(
            "evidence", sa.Text(), nullable=False, comment="noreply address, or commit asked about"
        ),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "email", name=op.f("pk_git_identities")),
        schema="raw",
        comment="which account a commit e-mail address belongs to, by evidence only",
    )
    op.create_table(
        "git_tags",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "commit_sha",
            sa.Text(),
            nullable=True,
            comment="null where a tag names something else than a commit",
        ),
        sa.Column("is_annotated", sa.Boolean(), nullable=False),
        sa.Column(
            "tagged_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of an annotated tag, else of its commit",
        ),
        sa.Column("extracted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "name", name=op.f("pk_git_tags")),
        schema="raw",
        comment="tags",
    )
    op.create_table(
        "github_issue_comments",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_issue_comments")),
        schema="raw",
        comment="GitHub's issue comments, newest version of each",
    )
    op.create_table(
        "github_issue_comments_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_issue_comments_history")
        ),
        schema="raw",
        comment="earlier versions of issue comments, written when the hash changed",
    )
    op.create_table(
        "github_issue_events",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_issue_events")),
        schema="raw",
        comment="GitHub's issue events, newest version of each",
    )
    op.create_table(
        "github_issue_events_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_issue_events_history")
        ),
        schema="raw",
        comment="earlier versions of issue events, written when the hash changed",
    )
    op.create_table(
        "github_issues",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_issues")),
        schema="raw",
        comment="GitHub's issues, newest version of each",
    )
    op.create_table(
        "github_issues_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_issues_history")
        ),
        schema="raw",
        comment="earlier versions of issues, written when the hash changed",
    )
    op.create_table(
        "github_labels",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_labels")),
        schema="raw",
        comment="GitHub's labels, newest version of each",
    )
    op.create_table(
        "github_labels_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_labels_history")
        ),
        schema="raw",
        comment="earlier versions of labels, written when the hash changed",
    )
    op.create_table(
        "github_milestones",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_milestones")),
        schema="raw",
        comment="GitHub's milestones, newest version of each",
    )
    op.create_table(
        "github_milestones_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_milestones_history")
        ),
        schema="raw",
        comment="earlier versions of milestones, written when the hash changed",
    )
    op.create_table(
        "github_pull_requests",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_pull_requests")),
        schema="raw",
        comment="GitHub's pull requests, newest version of each",
    )
    op.create_table(
        "github_pull_requests_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_pull_requests_history")
        ),
        schema="raw",
        comment="earlier versions of pull requests, written when the hash changed",
    )
    op.create_table(
        "github_releases",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_releases")),
        schema="raw",
        comment="GitHub's releases, newest version of each",
    )
    op.create_table(
        "github_releases_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_releases_history")
        ),
        schema="raw",
        comment="earlier versions of releases, written when the hash changed",
    )
    op.create_table(
        "github_repositories",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_repositories")),
        schema="raw",
        comment="GitHub's repositories, newest version of each",
    )
    op.create_table(
        "github_repositories_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_repositories_history")
        ),
        schema="raw",
        comment="earlier versions of repositories, written when the hash changed",
    )
    op.create_table(
        "github_review_comments",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_review_comments")),
        schema="raw",
        comment="GitHub's review comments, newest version of each",
    )
    op.create_table(
        "github_review_comments_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_review_comments_history")
        ),
        schema="raw",
        comment="earlier versions of review comments, written when the hash changed",
    )
    op.create_table(
        "github_reviews",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_reviews")),
        schema="raw",
        comment="GitHub's reviews, newest version of each",
    )
    op.create_table(
        "github_reviews_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_reviews_history")
        ),
        schema="raw",
        comment="earlier versions of reviews, written when the hash changed",
    )
    op.create_table(
        "github_users",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.BigInteger(), autoincrement=False, nullable=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what GitHub answered, whole",
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="GitHub's own time of the last change",
        ),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, webhook or gharchive"
        ),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("sanitized", sa.Boolean(), nullable=False, comment="a character was replaced"),
        sa.Column(
            "extracted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that wrote this version"),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was seen to be gone",
        ),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "id", name=op.f("pk_github_users")),
        schema="raw",
        comment="GitHub's users, newest version of each",
    )
    op.create_table(
        "github_users_history",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when this version was written",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the next one replaced it",
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "repository_id", "id", "valid_from", name=op.f("pk_github_users_history")
        ),
        schema="raw",
        comment="earlier versions of users, written when the hash changed",
    )
    for table in _PAYLOAD_TABLES:
        op.execute(_LZ4.format(table=table))
    op.execute(_ANNOUNCE)
    op.execute(_ANALYST)


def downgrade() -> None:
    for schema in ("raw", "insights"):
        op.execute(f"drop schema {schema} cascade")
    op.execute("drop function ops.announce_job_event cascade")
    op.execute("drop function ops.announce_job cascade")
    for table in (
        "requests",
        "repository_names",
        "repositories",
        "quarantine",
        "quality_results",
        "publications",
        "principals",
        "jobs",
        "job_events",
        "cursors",
        "completeness",
    ):
        op.drop_table(table, schema="ops")
