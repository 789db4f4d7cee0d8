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

_AT = sa.DateTime(timezone=True)
_SCHEMAS = ("raw", "insights", "ops")
_THINGS = (
    "issue_comments", "issue_events", "issues", "labels", "milestones", "pull_requests",
    "releases", "repositories", "review_comments", "reviews", "users",
)  # fmt: skip

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


def _repository_id(*, is_key: bool = True) -> sa.Column[int]:
    return sa.Column(
        "repository_id", sa.BigInteger, primary_key=is_key, autoincrement=False, nullable=False,
        comment="our own id, see ops.repositories",
    )  # fmt: skip


def upgrade() -> None:
    for schema in (*_SCHEMAS, "marts"):
        op.execute(f"create schema if not exists {schema}")
    _insights()
    _operations()
    _git()
    for thing in _THINGS:
        _payloads(thing)
    op.execute(_ANNOUNCE)
    op.execute(_ANALYST)


def _insights() -> None:
    op.create_table(
        "bus_factor",
        _repository_id(),
        sa.Column(
            "window_days",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="0 is all time",
        ),
        sa.Column(
            "caf_50_count", sa.Integer, comment="persons with half of the commits; null without any"
        ),
        sa.Column(
            "caf_80_count", sa.Integer, comment="persons with 80 % of the commits; null without any"
        ),
        sa.Column("hhi_ratio", sa.Double, comment="Herfindahl-Hirschman index of commit shares"),
        sa.Column("gini_ratio", sa.Double, comment="Gini coefficient of commits; 0 is all alike"),
        sa.Column("commits_count", sa.BigInteger, nullable=False, comment="human commits seen"),
        sa.Column("persons_count", sa.BigInteger, nullable=False, comment="humans with a commit"),
        sa.Column(
            "top_persons", postgresql.JSONB, nullable=False, comment="the ten with the most commits"
        ),
        sa.Column("as_of", _AT, nullable=False, comment="the instant that the figures describe"),
        sa.Column(
            "definition", sa.Text, nullable=False, comment="what was computed, and its version"
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="how few persons hold most of the recent work",
    )
    op.create_table(
        "review_latency",
        _repository_id(),
        sa.Column("subject", sa.Text, primary_key=True, comment="issues or pull_requests"),
        sa.Column("opened_count", sa.BigInteger, nullable=False, comment="opened by humans"),
        sa.Column(
            "answered_count", sa.BigInteger, nullable=False, comment="answered by another human"
        ),
        sa.Column("censored_count", sa.BigInteger, nullable=False, comment="not answered yet"),
        sa.Column("p50_hours", sa.Double, comment="median of the answered"),
        sa.Column("p75_hours", sa.Double, comment="75th percentile of the answered"),
        sa.Column("p90_hours", sa.Double, comment="90th percentile of the answered"),
        sa.Column(
            "km_p50_hours", sa.Double, comment="Kaplan-Meier median; null if half is not reached"
        ),
        sa.Column("within_48_hours_ratio", sa.Double, comment="of all opened"),
        sa.Column("as_of", _AT, nullable=False, comment="the instant that the figures describe"),
        sa.Column(
            "definition", sa.Text, nullable=False, comment="what was computed, and its version"
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="how long until another human answers",
    )


def _operations() -> None:
    op.create_table(
        "repositories",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            sa.Identity(always=False),
            primary_key=True,
            comment="ours, for good",
        ),
        sa.Column(
            "host",
            sa.Text,
            nullable=False,
            comment="API root, or 'git' for a remote without an API",
        ),
        sa.Column("github_id", sa.BigInteger, comment="null for a local path"),
        sa.Column("full_name", sa.Text, nullable=False, comment="as it is called now"),
        sa.Column("clone_url", sa.Text, nullable=False, comment="where git reads it"),
        sa.Column("default_branch", sa.Text, comment="null until upstream was asked"),
        sa.Column(
            "is_private",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="as GitHub says",
        ),
        sa.Column(
            "is_synthetic",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="made up by the simulated GitHub",
        ),
        sa.Column(
            "state", sa.Text, nullable=False, comment="active, unreadable, blocked or disabled"
        ),
        sa.Column("state_reason", sa.Text, comment="what GitHub said, where it is not active"),
        sa.Column("added_at", _AT, nullable=False, comment="since when it is followed"),
        sa.Column("checked_at", _AT, comment="when upstream was last asked, by the server's clock"),
        schema="ops",
        comment="repositories that are followed; the id is ours and never changes",
    )
    op.create_index(
        "ix_repositories_full_name",
        "repositories",
        ["host", sa.text("lower(full_name)")],
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
        _repository_id(),
        sa.Column("full_name", sa.Text, primary_key=True, comment="owner/name"),
        sa.Column(
            "valid_from", _AT, primary_key=True, comment="when it was first seen under this name"
        ),
        sa.Column(
            "valid_to", _AT, comment="when another name was seen; null for the one it has now"
        ),
        schema="ops",
        comment="every name a repository has had",
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Uuid, primary_key=True, comment="ours"),
        _repository_id(is_key=False),
        sa.Column("is_full", sa.Boolean, nullable=False, comment="read everything anew"),
        sa.Column("as_of", _AT, comment="the instant that the figures describe"),
        sa.Column(
            "state",
            sa.Text,
            nullable=False,
            comment="queued, running, succeeded, partial, failed or cancelled",
        ),
        sa.Column(
            "stage", sa.Text, comment="discover, extract, transform, insights, check or publish"
        ),
        sa.Column("requested_at", _AT, nullable=False, comment="when somebody asked for it"),
        sa.Column("started_at", _AT, comment="when a worker first took it"),
        sa.Column("finished_at", _AT, comment="when it ended, however it did"),
        sa.Column(
            "attempt",
            sa.SmallInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="how often a worker has taken it",
        ),
        sa.Column("worker", sa.Text, comment="who has it now, or had it last"),
        sa.Column(
            "fence",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="grows with each taking; who holds an older one can write no more",
        ),
        sa.Column("lease_until", _AT, comment="after this time another worker may take it over"),
        sa.Column("not_before", _AT, comment="parked until then, because a limit was used up"),
        sa.Column("cancel_requested_at", _AT, comment="when somebody asked for it to stop"),
        sa.Column(
            "last_seq",
            sa.Integer,
            nullable=False,
            server_default=sa.text("0"),
            comment="number of its newest event",
        ),
        sa.Column("error_type", sa.Text, comment="name of the error that ended it"),
        sa.Column("error_detail", sa.Text, comment="what the error says"),
        sa.Column(
            "outcome", postgresql.JSONB, comment="rows, requests, points and seconds, by stage"
        ),
        sa.Column("flow_run_id", sa.Uuid, comment="its run in the orchestrator"),
        sa.Column("flow_run_url", sa.Text, comment="where the orchestrator shows it"),
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
    op.create_index("ix_jobs_state", "jobs", ["state", "requested_at"], schema="ops")
    op.create_table(
        "job_events",
        sa.Column("job_id", sa.Uuid, primary_key=True, comment="the job"),
        sa.Column(
            "seq",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="counts within the job, without gaps",
        ),
        sa.Column(
            "event_id",
            sa.BigInteger,
            sa.Identity(always=False),
            nullable=False,
            unique=True,
            comment="counts over all jobs; in the order of commits within one repository",
        ),
        _repository_id(is_key=False),
        sa.Column("at", _AT, nullable=False, comment="when it happened"),
        sa.Column(
            "stage", sa.Text, comment="discover, extract, transform, insights, check or publish"
        ),
        sa.Column(
            "state",
            sa.Text,
            nullable=False,
            comment="queued, running, succeeded, partial, failed or cancelled",
        ),
        sa.Column("resource", sa.Text, comment="the thing or model it is about"),
        sa.Column("done", sa.BigInteger, comment="how many of total are done"),
        sa.Column("total", sa.BigInteger, comment="null where it is not known"),
        sa.Column("rows", sa.BigInteger, comment="new and changed rows"),
        sa.Column("message", sa.Text, comment="for people"),
        sa.Column(
            "budget",
            postgresql.JSONB,
            comment="bucket, remaining and reset_at of GitHub's tightest limit",
        ),
        sa.Column("eta_seconds", sa.Integer, comment="until the end; null where it is not known"),
        schema="ops",
        comment="what happened to a job, append-only, numbered without gaps",
    )
    op.create_index(
        "ix_job_events_repository_id_event_id",
        "job_events",
        ["repository_id", "event_id"],
        schema="ops",
    )
    op.create_table(
        "cursors",
        _repository_id(),
        sa.Column("thing", sa.Text, primary_key=True, comment="what is read"),
        sa.Column(
            "shard",
            sa.SmallInteger,
            primary_key=True,
            autoincrement=False,
            comment="0 is the whole",
        ),
        sa.Column("state", postgresql.JSONB, nullable=False, comment="how far it has been read"),
        sa.Column(
            "fence",
            sa.BigInteger,
            nullable=False,
            comment="grows with each taking; who holds an older one can write no more",
        ),
        sa.Column("updated_at", _AT, nullable=False, comment="when upstream was last looked at"),
        schema="ops",
        comment="how far each thing of a repository has been read; moves with the rows it covers",
    )
    op.create_table(
        "requests",
        sa.Column(
            "request_id", sa.BigInteger, sa.Identity(always=False), primary_key=True, comment="ours"
        ),
        sa.Column("at", _AT, nullable=False, comment="when it was sent"),
        sa.Column("job_id", sa.Uuid, comment="the job that asked"),
        sa.Column("repository_id", sa.BigInteger, comment="our own id, see ops.repositories"),
        sa.Column(
            "principal", sa.Text, nullable=False, comment="fingerprint of the token, or 'anonymous'"
        ),
        sa.Column(
            "bucket", sa.Text, nullable=False, comment="the limit of GitHub that it counts against"
        ),
        sa.Column("path", sa.Text, nullable=False, comment="what was asked for"),
        sa.Column("status", sa.SmallInteger, nullable=False, comment="0 where no answer came"),
        sa.Column("cost", sa.SmallInteger, nullable=False, comment="0 for a 304"),
        sa.Column(
            "milliseconds", sa.Integer, nullable=False, comment="until the whole answer was there"
        ),
        sa.Column("bytes", sa.BigInteger, nullable=False, comment="of the answer's body"),
        sa.Column("error", sa.Text, comment="what was wrong with the answer"),
        schema="ops",
        comment="every call to GitHub and what it cost",
    )
    op.create_index("ix_requests_job_id", "requests", ["job_id"], schema="ops")
    op.create_table(
        "completeness",
        _repository_id(),
        sa.Column("thing", sa.Text, primary_key=True, comment="what is counted"),
        sa.Column("upstream_count", sa.BigInteger, comment="what GitHub or git says exists"),
        sa.Column("held_count", sa.BigInteger, comment="what the warehouse holds"),
        sa.Column(
            "state", sa.Text, nullable=False, comment="complete, partial, unavailable or uncounted"
        ),
        sa.Column("reason", sa.Text, comment="why the two differ, or why one is unknown"),
        sa.Column("as_of", _AT, nullable=False, comment="when both were counted"),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that counted"),
        schema="ops",
        comment="the completeness ledger, newest state per thing",
    )
    op.create_table(
        "quality_results",
        sa.Column("job_id", sa.Uuid, primary_key=True, comment="the job that was checked"),
        sa.Column("check_name", sa.Text, primary_key=True, comment="unique within the job"),
        _repository_id(is_key=False),
        sa.Column(
            "tool", sa.Text, nullable=False, comment="dbt, great_expectations or completeness"
        ),
        sa.Column("subject", sa.Text, nullable=False, comment="the table that was checked"),
        sa.Column("severity", sa.Text, nullable=False, comment="block or warn"),
        sa.Column("status", sa.Text, nullable=False, comment="passed, failed or skipped"),
        sa.Column("failures", sa.BigInteger, comment="how many rows or values are wrong"),
        sa.Column("observed", sa.Text, comment="what was found"),
        sa.Column("expected", sa.Text, comment="what would have passed"),
        sa.Column("at", _AT, nullable=False, comment="when it was checked"),
        schema="ops",
        comment="one row per check and job",
    )
    op.create_index(
        "ix_quality_results_repository_id_at",
        "quality_results",
        ["repository_id", "at"],
        schema="ops",
    )
    op.create_table(
        "publications",
        _repository_id(),
        sa.Column(
            "publication", sa.BigInteger, nullable=False, comment="grows with each publication"
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job whose figures are shown"),
        sa.Column("as_of", _AT, nullable=False, comment="the instant that the figures describe"),
        sa.Column("published_at", _AT, nullable=False, comment="since when they are shown"),
        sa.Column("quality_status", sa.Text, nullable=False, comment="passed or warned"),
        sa.Column(
            "coverage",
            postgresql.JSONB,
            nullable=False,
            comment="what was held of what existed, by thing",
        ),
        schema="ops",
        comment="which job's figures the marts show",
    )
    op.create_table(
        "quarantine",
        sa.Column(
            "quarantine_id",
            sa.BigInteger,
            sa.Identity(always=False),
            primary_key=True,
            comment="ours",
        ),
        _repository_id(is_key=False),
        sa.Column("thing", sa.Text, nullable=False, comment="what it was read as"),
        sa.Column("id", sa.BigInteger, comment="GitHub's own id, where it could be read"),
        sa.Column("raw", sa.LargeBinary, nullable=False, comment="the bytes as they came"),
        sa.Column("error", sa.Text, nullable=False, comment="why they were refused"),
        sa.Column("at", _AT, nullable=False, comment="when they came"),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that read them"),
        schema="ops",
        comment="what the decoder or PostgreSQL refused, kept as bytes",
    )
    op.create_index("ix_quarantine_repository_id", "quarantine", ["repository_id"], schema="ops")


def _git() -> None:
    op.create_table(
        "git_commits",
        _repository_id(),
        sa.Column("sha", sa.Text, primary_key=True, comment="git's own id"),
        sa.Column(
            "parents",
            postgresql.ARRAY(sa.Text),
            nullable=False,
            comment="their ids; two or more in a merge",
        ),
        sa.Column("author_name", sa.Text, nullable=False, comment="as git has it"),
        sa.Column("author_email", sa.Text, nullable=False, comment="as git has it"),
        sa.Column("authored_at", _AT, comment="null where git's date is not a date"),
        sa.Column(
            "author_tz_offset_minutes",
            sa.SmallInteger,
            comment="east of UTC; null where it is none",
        ),
        sa.Column("authored_at_raw", sa.Text, nullable=False, comment="the date as git wrote it"),
        sa.Column("committer_name", sa.Text, nullable=False, comment="as git has it"),
        sa.Column("committer_email", sa.Text, nullable=False, comment="as git has it"),
        sa.Column("committed_at", _AT, comment="null where git's date is not a date"),
        sa.Column("committed_at_raw", sa.Text, nullable=False, comment="the date as git wrote it"),
        sa.Column("message", sa.Text, nullable=False, comment="whole"),
        sa.Column("additions", sa.Integer, comment="lines; merges against their first parent"),
        sa.Column("deletions", sa.Integer, comment="lines; merges against their first parent"),
        sa.Column(
            "files_count", sa.Integer, comment="files changed; null where the source does not tell"
        ),
        sa.Column(
            "is_on_default_branch",
            sa.Boolean,
            nullable=False,
            comment="the default branch reaches it, as last seen",
        ),
        sa.Column(
            "source", sa.Text, nullable=False, comment="git, or graphql where no remote can be read"
        ),
        sa.Column("sanitized", sa.Boolean, nullable=False, comment="a character was replaced"),
        sa.Column("extracted_at", _AT, nullable=False, comment="when this version was written"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        schema="raw",
        comment="commits reachable from branches and tags",
    )
    op.create_table(
        "git_commit_files",
        _repository_id(),
        sa.Column("sha", sa.Text, primary_key=True, comment="the commit"),
        sa.Column(
            "ordinal",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="place among the files of the commit",
        ),
        sa.Column("path", sa.Text, nullable=False, comment="after the commit"),
        sa.Column("previous_path", sa.Text, comment="set where the file was renamed"),
        sa.Column("additions", sa.Integer, comment="lines; null for a binary file"),
        sa.Column("deletions", sa.Integer, comment="lines; null for a binary file"),
        schema="raw",
        comment="files that a commit changed, with line statistics",
    )
    op.create_table(
        "git_tags",
        _repository_id(),
        sa.Column("name", sa.Text, primary_key=True, comment="without refs/heads or refs/tags"),
        sa.Column(
            "commit_sha", sa.Text, comment="null where a tag names something else than a commit"
        ),
        sa.Column(
            "is_annotated",
            sa.Boolean,
            nullable=False,
            comment="has an author and a date of its own",
        ),
        sa.Column("tagged_at", _AT, comment="of an annotated tag, else of its commit"),
        sa.Column("extracted_at", _AT, nullable=False, comment="when this version was written"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        sa.Column("deleted_at", _AT, comment="when it was seen to be gone"),
        schema="raw",
        comment="tags",
    )
    op.create_table(
        "git_branches",
        _repository_id(),
        sa.Column("name", sa.Text, primary_key=True, comment="without refs/heads or refs/tags"),
        sa.Column(
            "commit_sha", sa.Text, comment="null where a tag names something else than a commit"
        ),
        sa.Column(
            "is_default", sa.Boolean, nullable=False, comment="the one that figures are made of"
        ),
        sa.Column("extracted_at", _AT, nullable=False, comment="when this version was written"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        sa.Column("deleted_at", _AT, comment="when it was seen to be gone"),
        schema="raw",
        comment="branches",
    )
    op.create_table(
        "git_identities",
        _repository_id(),
        sa.Column("email", sa.Text, primary_key=True, comment="lower case"),
        sa.Column("login", sa.Text, comment="null where GitHub links the address to nobody"),
        sa.Column("user_id", sa.BigInteger, comment="GitHub's own id of the account"),
        sa.Column("actor_type", sa.Text, comment="User, Bot or Organization, as GitHub says"),
        sa.Column(
            "evidence", sa.Text, nullable=False, comment="noreply address, or commit asked about"
        ),
        sa.Column("looked_up_at", _AT, nullable=False, comment="when GitHub was asked"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that asked"),
        schema="raw",
        comment="which account a commit e-mail address belongs to, by evidence only",
    )


def _payloads(thing: str) -> None:
    op.create_table(
        f"github_{thing}",
        _repository_id(),
        sa.Column(
            "id", sa.BigInteger, primary_key=True, autoincrement=False, comment="GitHub's own id"
        ),
        sa.Column(
            "payload", postgresql.JSONB, nullable=False, comment="what GitHub answered, whole"
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary,
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column("source_updated_at", _AT, comment="GitHub's own time of the last change"),
        sa.Column("source", sa.Text, nullable=False, comment="rest, graphql, webhook or gharchive"),
        sa.Column("api_version", sa.Text, nullable=False, comment="version of GitHub's API"),
        sa.Column("sanitized", sa.Boolean, nullable=False, comment="a character was replaced"),
        sa.Column("extracted_at", _AT, nullable=False, comment="when this version was written"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        sa.Column("deleted_at", _AT, comment="when it was seen to be gone"),
        sa.Column("deleted_reason", sa.Text, comment="how it was seen to be gone"),
        schema="raw",
        comment=f"GitHub's {thing.replace('_', ' ')}, newest version of each",
    )
    op.create_table(
        f"github_{thing}_history",
        _repository_id(),
        sa.Column(
            "id", sa.BigInteger, primary_key=True, autoincrement=False, comment="GitHub's own id"
        ),
        sa.Column("valid_from", _AT, primary_key=True, comment="when this version was written"),
        sa.Column("valid_to", _AT, nullable=False, comment="when the next one replaced it"),
        sa.Column(
            "payload", postgresql.JSONB, nullable=False, comment="what GitHub answered then, whole"
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary,
            nullable=False,
            comment="blake2b-128 of the payload without the fields that name hosts",
        ),
        sa.Column("source_updated_at", _AT, comment="GitHub's own time of the last change"),
        sa.Column("source", sa.Text, nullable=False, comment="rest, graphql, webhook or gharchive"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        schema="raw",
        comment=f"earlier versions of {thing.replace('_', ' ')}, written when the hash changed",
    )
    for table in (f"github_{thing}", f"github_{thing}_history"):
        op.execute(_LZ4.format(table=table))


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
        "jobs",
        "job_events",
        "cursors",
        "completeness",
    ):
        op.drop_table(table, schema="ops")
