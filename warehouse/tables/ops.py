"""The schema ``ops``: what is followed, what was done about it, and how sure the figures are."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from warehouse.tables.shape import AT, metadata, repository_id

_JOB_STATES = "queued, running, succeeded, partial, failed or cancelled"
_STAGES = "discover, extract, transform, insights, check or publish"
_FENCE = "grows with each taking; who holds an older one can write no more"

repositories = Table(
    "repositories",
    metadata,
    Column("repository_id", BigInteger, Identity(), primary_key=True, comment="ours, for good"),
    Column("host", Text, nullable=False, comment="API root, or 'git' for a remote without an API"),
    Column("github_id", BigInteger, comment="null for a local path"),
    Column("full_name", Text, nullable=False, comment="as it is called now"),
    Column("clone_url", Text, nullable=False, comment="where git reads it"),
    Column("default_branch", Text, comment="null until upstream was asked"),
    Column(
        "is_private", Boolean, nullable=False, server_default=text("false"),
        comment="as GitHub says",
    ),
    Column(
        "is_synthetic", Boolean, nullable=False, server_default=text("false"),
        comment="made up by the simulated GitHub",
    ),
    Column("state", Text, nullable=False, comment="active, unreadable, blocked or disabled"),
    Column("state_reason", Text, comment="what GitHub said, where it is not active"),
    Column("added_at", AT, nullable=False, comment="since when it is followed"),
    Column("checked_at", AT, comment="when upstream was last asked, by the server's clock"),
    Column("organisation_id", BigInteger, comment="in whose listing it was seen last"),
    Column("records_estimate", BigInteger, comment="about how many records it has"),
    Column(
        "fresh_hours", Double,
        comment="how old its figures may be; null: as the settings say for all",
    ),
    Index("ix_repositories_organisation_id", "organisation_id"),
    Index("ix_repositories_full_name", "host", text("lower(full_name)"), unique=True),
    Index("ix_repositories_github_id", "host", "github_id", unique=True),
    schema="ops",
    comment="repositories that are followed; the id is ours and never changes",
)  # fmt: skip

organisations = Table(
    "organisations",
    metadata,
    Column("organisation_id", BigInteger, Identity(), primary_key=True, comment="ours, for good"),
    Column("host", Text, nullable=False, comment="API root"),
    Column("github_id", BigInteger, nullable=False, comment="GitHub's id of the account"),
    Column("login", Text, nullable=False, comment="as it is called now"),
    Column("kind", Text, nullable=False, comment="User or Organization"),
    Column("state", Text, nullable=False, comment="active or unreadable"),
    Column("state_reason", Text, comment="what GitHub said, where it is not active"),
    Column("include_forks", Boolean, nullable=False, comment="whether forks are followed too"),
    Column(
        "include_archived", Boolean, nullable=False,
        comment="whether archived repositories are followed too",
    ),
    Column("added_at", AT, nullable=False, comment="since when it is followed"),
    Column("asked_at", AT, comment="when its listing was last asked for, however that went"),
    Column("discovered_at", AT, comment="when its listing was last read whole, by GitHub's clock"),
    Column("pages", JSONB, nullable=False, comment="URL and ETag of each page of the listing"),
    Column("principal", Text, comment="whose ETags they are"),
    Index("ix_organisations_login", "host", text("lower(login)"), unique=True),
    Index("ix_organisations_github_id", "host", "github_id", unique=True),
    schema="ops",
    comment="accounts whose repositories are discovered and followed",
)  # fmt: skip

probes = Table(
    "probes",
    metadata,
    repository_id(),
    Column("state", JSONB, nullable=False, comment="what GitHub said when it last differed"),
    Column("probed_at", AT, nullable=False, comment="when it was last asked, by GitHub's clock"),
    Column("job_id", Uuid, nullable=False, comment="the job that reads what differs"),
    schema="ops",
    comment="change probes; a state counts as seen once its job has succeeded",
)

repository_names = Table(
    "repository_names",
    metadata,
    repository_id(),
    Column("full_name", Text, primary_key=True, comment="owner/name"),
    Column("valid_from", AT, primary_key=True, comment="when it was first seen under this name"),
    Column("valid_to", AT, comment="when another name was seen; null for the one it has now"),
    schema="ops",
    comment="every name a repository has had",
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Uuid, primary_key=True, comment="ours"),
    repository_id(is_key=False),
    Column(
        "kind", Text, nullable=False, server_default=text("'analysis'"),
        comment="analysis, or check: figures of what is held, judged anew without reading",
    ),
    Column("reason", Text, comment="why it was asked for, in a word"),
    Column("is_full", Boolean, nullable=False, comment="read everything anew"),
    Column("as_of", AT, comment="the instant that the figures describe"),
    Column("state", Text, nullable=False, comment=_JOB_STATES),
    Column("stage", Text, comment=_STAGES),
    Column("requested_at", AT, nullable=False, comment="when somebody asked for it"),
    Column("started_at", AT, comment="when a worker first took it"),
    Column("finished_at", AT, comment="when it ended, however it did"),
    Column(
        "attempt", SmallInteger, nullable=False, server_default=text("0"),
        comment="how often a worker has taken it",
    ),
    Column("worker", Text, comment="who has it now, or had it last"),
    Column("fence", BigInteger, nullable=False, server_default=text("0"), comment=_FENCE),
    Column("lease_until", AT, comment="after this time another worker may take it over"),
    Column("not_before", AT, comment="parked until then, because a limit was used up"),
    Column("cancel_requested_at", AT, comment="when somebody asked for it to stop"),
    Column(
        "last_seq", Integer, nullable=False, server_default=text("0"),
        comment="number of its newest event",
    ),
    Column("error_type", Text, comment="name of the error that ended it"),
    Column("error_detail", Text, comment="what the error says"),
    Column("outcome", JSONB, comment="rows, requests, points and seconds, by stage"),
    Column("flow_run_id", Uuid, comment="its run in the orchestrator"),
    Column("flow_run_url", Text, comment="where the orchestrator shows it"),
    Column("handed_at", AT, comment="when the orchestrator was given it; null once it is taken"),
    Index(
        "ix_jobs_one_active",
        "repository_id",
        unique=True,
        postgresql_where=text("state in ('queued', 'running')"),
    ),
    Index("ix_jobs_state", "state", "requested_at"),
    Index("ix_jobs_started_at", "started_at"),
    Index("ix_jobs_finished_at", "finished_at"),
    Index("ix_jobs_repository_id_requested_at", "repository_id", "requested_at"),
    schema="ops",
    comment="analyses, one at a time per repository",
)  # fmt: skip

job_events = Table(
    "job_events",
    metadata,
    Column("job_id", Uuid, primary_key=True, comment="the job"),
    Column(
        "seq", Integer, primary_key=True, autoincrement=False,
        comment="counts within the job, without gaps",
    ),
    Column(
        "event_id", BigInteger, Identity(), nullable=False, unique=True,
        comment="counts over all jobs; in the order of commits within one repository",
    ),
    repository_id(is_key=False),
    Column("at", AT, nullable=False, comment="when it happened"),
    Column("stage", Text, comment=_STAGES),
    Column("state", Text, nullable=False, comment=_JOB_STATES),
    Column("resource", Text, comment="the thing or model it is about"),
    Column("done", BigInteger, comment="how many of total are done"),
    Column("total", BigInteger, comment="null where it is not known"),
    Column("rows", BigInteger, comment="new and changed rows"),
    Column("message", Text, comment="for people"),
    Column("budget", JSONB, comment="bucket, remaining and reset_at of GitHub's tightest limit"),
    Column(
        "eta_seconds", Integer,
        comment="until what it is at is done, waits included; null where it is not known",
    ),
    Index("ix_job_events_repository_id_event_id", "repository_id", "event_id"),
    Index("ix_job_events_at", "at"),
    schema="ops",
    comment="what happened to a job, append-only, numbered without gaps",
)  # fmt: skip

cursors = Table(
    "cursors",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="what is read"),
    Column("shard", SmallInteger, primary_key=True, autoincrement=False, comment="0 is the whole"),
    Column("state", JSONB, nullable=False, comment="how far it has been read"),
    Column("fence", BigInteger, nullable=False, comment=_FENCE),
    Column("updated_at", AT, nullable=False, comment="when upstream was last looked at"),
    schema="ops",
    comment="how far each thing of a repository has been read; moves with the rows it covers",
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", BigInteger, Identity(), primary_key=True, comment="ours"),
    Column("at", AT, nullable=False, comment="when it was sent"),
    Column("job_id", Uuid, comment="the job that asked"),
    Column("repository_id", BigInteger, comment="our own id, see ops.repositories"),
    Column("principal", Text, nullable=False, comment="fingerprint of the token, or 'anonymous'"),
    Column("bucket", Text, nullable=False, comment="the limit of GitHub that it counts against"),
    Column("path", Text, nullable=False, comment="what was asked for"),
    Column("status", SmallInteger, nullable=False, comment="0 where no answer came"),
    Column("cost", SmallInteger, nullable=False, comment="0 for a 304"),
    Column("milliseconds", Integer, nullable=False, comment="until the whole answer was there"),
    Column("bytes", BigInteger, nullable=False, comment="of the answer's body"),
    Column("error", Text, comment="what was wrong with the answer"),
    Index("ix_requests_job_id", "job_id"),
    Index("ix_requests_at", "at"),
    schema="ops",
    comment="every call to GitHub and what it cost",
)

principals = Table(
    "principals",
    metadata,
    Column("host", Text, primary_key=True, comment="API root"),
    Column("principal", Text, primary_key=True, comment="fingerprint; no token is stored"),
    Column("kind", Text, nullable=False, comment="user, installation or anonymous"),
    Column(
        "state", Text, nullable=False, server_default=text("'active'"),
        comment="active, suspect after a 401, disabled until blocked_until after a second one",
    ),
    Column("blocked_until", AT, comment="nothing is sent before, in any bucket"),
    Column("blocked_reason", Text, comment="why it is blocked, for people"),
    Column(
        "penalty_seconds", Integer, nullable=False, server_default=text("0"),
        comment="the last wait for a secondary limit without a time; the next one is twice as long",
    ),
    Column(
        "concurrency", Double,
        comment="requests in flight since a secondary limit was hit; null is as many as are set",
    ),
    Column("busy_until", AT, comment="when the response time of all buckets is worked off"),
    Column(
        "slots", ARRAY(AT), nullable=False, server_default=text("'{}'"),
        comment="one per request in flight: when its place falls free at the latest",
    ),
    Column(
        "version", Uuid,
        comment="another one with each change: who writes what he knows has to name the last",
    ),
    schema="ops",
    comment="who asks GitHub: users and App installations, as GitHub counts its limits",
)  # fmt: skip

buckets = Table(
    "buckets",
    metadata,
    Column("host", Text, primary_key=True, comment="API root"),
    Column("principal", Text, primary_key=True, comment="see ops.principals"),
    Column("bucket", Text, primary_key=True, comment="GitHub's name of the limit: core, graphql"),
    Column("quota", Integer, comment="what GitHub allows in a window; null until it has said so"),
    Column("remaining", Integer, comment="what is left of it, as GitHub last said"),
    Column("reset_at", AT, comment="when the window ends, by GitHub's clock"),
    Column("renewed_at", AT, comment="the same instant by the clock of this server"),
    Column("blocked_until", AT, comment="nothing is sent before, because the limit was used up"),
    Column("paced_until", AT, comment="when the requests sent are due at the pace per minute"),
    Column("busy_until", AT, comment="when the response time of this bucket is worked off"),
    Column(
        "typical_ms", Integer, nullable=False, server_default=text("0"),
        comment="moving average of response times; charged before an answer has come",
    ),
    schema="ops",
    comment="what is left of each limit of a principal, and how fast it may be asked",
)  # fmt: skip

completeness = Table(
    "completeness",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="what is counted"),
    Column("upstream_count", BigInteger, comment="what GitHub or git says exists"),
    Column("held_count", BigInteger, comment="what the warehouse holds"),
    Column("state", Text, nullable=False, comment="complete, partial, unavailable or uncounted"),
    Column("reason", Text, comment="why the two differ, or why one is unknown"),
    Column("as_of", AT, nullable=False, comment="when both were counted"),
    Column("job_id", Uuid, nullable=False, comment="the job that counted"),
    Column(
        "counted_since", AT,
        comment="since when it is counted so; null where that was before this was kept",
    ),
    schema="ops",
    comment="the completeness ledger, newest state per thing",
)  # fmt: skip

completeness_history = Table(
    "completeness_history",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="what is counted"),
    Column("valid_from", AT, primary_key=True, comment="since when it was counted so"),
    Column("valid_to", AT, nullable=False, comment="when it was counted otherwise"),
    Column("upstream_count", BigInteger, comment="what GitHub or git said existed"),
    Column("held_count", BigInteger, comment="what the warehouse held"),
    Column("state", Text, nullable=False, comment="complete, partial, unavailable or uncounted"),
    Column("reason", Text, comment="why the two differed, or why one was unknown"),
    Column("job_id", Uuid, nullable=False, comment="the job that counted"),
    schema="ops",
    comment="the completeness ledger as it was, written when a count or a state changes",
)

quality_results = Table(
    "quality_results",
    metadata,
    Column("job_id", Uuid, primary_key=True, comment="the job that was checked"),
    Column("check_name", Text, primary_key=True, comment="unique within the job"),
    repository_id(is_key=False),
    Column(
        "tool",
        Text,
        nullable=False,
        comment="dbt, great_expectations, reconciliation or completeness",
    ),
    Column("subject", Text, nullable=False, comment="the table that was checked"),
    Column("severity", Text, nullable=False, comment="block or warn"),
    Column("status", Text, nullable=False, comment="passed, failed or skipped"),
    Column("failures", BigInteger, comment="how many rows or values are wrong"),
    Column("observed", Text, comment="what was found"),
    Column("expected", Text, comment="what would have passed"),
    Column("at", AT, nullable=False, comment="when it was checked"),
    Index("ix_quality_results_repository_id_at", "repository_id", "at"),
    Index("ix_quality_results_at", "at"),
    schema="ops",
    comment="one row per check and job",
)

publications = Table(
    "publications",
    metadata,
    repository_id(),
    Column("publication", BigInteger, nullable=False, comment="grows with each publication"),
    Column("job_id", Uuid, nullable=False, comment="the job whose figures are shown"),
    Column("as_of", AT, nullable=False, comment="the instant that the figures describe"),
    Column("published_at", AT, nullable=False, comment="since when they are shown"),
    Column("quality_status", Text, nullable=False, comment="passed or warned"),
    Column("coverage", JSONB, nullable=False, comment="what was held of what existed, by thing"),
    schema="ops",
    comment="which job's figures the marts show",
)

suspects = Table(
    "suspects",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="what it is"),
    Column(
        "id", BigInteger, primary_key=True, autoincrement=False, comment="as in the raw table"
    ),
    Column("missed_at", AT, nullable=False, comment="when a sweep first did not find it"),
    Column("checked_at", AT, comment="when GitHub was last asked about it by itself"),
    Column(
        "checks", SmallInteger, nullable=False, server_default=text("0"),
        comment="how often GitHub did not show it when asked about it by itself",
    ),
    schema="ops",
    comment="records that a sweep did not find; nothing is deleted without a proof",
)  # fmt: skip

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(), primary_key=True, comment="ours"),
    repository_id(is_key=False),
    Column("thing", Text, nullable=False, comment="what it was read as"),
    Column("kind", Text, nullable=False, comment="record, original or answer"),
    Column("id", BigInteger, comment="GitHub's own id, where it could be read"),
    Column("raw", LargeBinary, nullable=False, comment="the bytes as they came"),
    Column("error", Text, nullable=False, comment="why they were refused, the newest reason"),
    Column("source", Text, nullable=False, comment="rest or graphql"),
    Column("source_updated_at", AT, comment="when GitHub says that it changed, where known"),
    Column("at", AT, nullable=False, comment="when they were refused last"),
    Column("job_id", Uuid, nullable=False, comment="the job that read them"),
    Column(
        "replayed_at",
        AT,
        comment="when it, or a later version of it, was accepted; null while it is refused",
    ),
    Index(
        "ix_quarantine_bytes",
        "repository_id",
        "thing",
        "kind",
        text("sha256(raw)"),
        unique=True,
    ),
    schema="ops",
    comment="what the decoder or PostgreSQL refused, and the originals of what was changed",
)
