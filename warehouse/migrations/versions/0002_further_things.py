"""further things of GitHub, and what a sweep did not find"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_FIRST = (
    "issue_comments", "issue_events", "issues", "labels", "milestones", "pull_requests",
    "releases", "repositories", "review_comments", "reviews", "users",
)  # fmt: skip
_FURTHER = (
    "community_profile", "deployments", "discussion_comments", "discussions", "forks", "languages",
    "pull_request_commits", "pull_request_files", "stars_history", "workflow_jobs",
    "workflow_runs",
)  # fmt: skip
_FIELDS = {
    "issues": "number", "pull_requests": "number", "reviews": "pullRequestNumber",
    "pull_request_commits": "pullRequestNumber", "pull_request_files": "pullRequestNumber",
    "discussions": "number", "discussion_comments": "discussionNumber",
}  # fmt: skip
_URLS = {"issue_comments": "issue_url", "review_comments": "pull_request_url"}
_ID = "GitHub's own id; where it gives none, a hash of what the record is told by"
_OLD_ID = "GitHub's own id"
_LZ4 = """
do $$
begin
    alter table raw.{table} alter column payload set compression lz4;
exception when feature_not_supported then
    null;
end
$$
"""


def upgrade() -> None:
    for thing in _FURTHER:
        _payloads(thing)
    for thing in _FIRST:
        for table in (f"github_{thing}", f"github_{thing}_history"):
            op.alter_column(
                table, "id", schema="raw", comment=_ID, existing_comment=_OLD_ID,
                existing_type=sa.BigInteger, existing_nullable=False,
            )  # fmt: skip
    for thing, field in _FIELDS.items():
        _index(thing, f"((payload ->> '{field}')::int)")
    for thing, field in _URLS.items():
        _index(thing, f"(substring(payload ->> '{field}', '/([0-9]+)$')::int)")
    op.create_table(
        "suspects",
        _repository_id(),
        sa.Column("thing", sa.Text, primary_key=True, comment="what it is"),
        sa.Column(
            "id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="as in the raw table",
        ),
        sa.Column("missed_at", _AT, nullable=False, comment="when a sweep first did not find it"),
        sa.Column("checked_at", _AT, comment="when GitHub was last asked about it by itself"),
        sa.Column(
            "checks", sa.SmallInteger, nullable=False, server_default=sa.text("0"),
            comment="how often GitHub did not show it when asked about it by itself",
        ),
        schema="ops",
        comment="records that a sweep did not find; nothing is deleted without a proof",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("suspects", schema="ops")
    for thing in (*_FIELDS, *_URLS):
        op.drop_index(f"ix_github_{thing}_number", f"github_{thing}", schema="raw")
    for thing in _FIRST:
        for table in (f"github_{thing}", f"github_{thing}_history"):
            op.alter_column(
                table, "id", schema="raw", comment=_OLD_ID, existing_comment=_ID,
                existing_type=sa.BigInteger, existing_nullable=False,
            )  # fmt: skip
    for thing in _FURTHER:
        for table in (f"github_{thing}", f"github_{thing}_history"):
            op.drop_table(table, schema="raw")


def _index(thing: str, expression: str) -> None:
    op.create_index(
        f"ix_github_{thing}_number", f"github_{thing}", ["repository_id", sa.text(expression)],
        schema="raw",
    )  # fmt: skip


def _repository_id() -> sa.Column[int]:
    return sa.Column(
        "repository_id", sa.BigInteger, primary_key=True, autoincrement=False, nullable=False,
        comment="our own id, see ops.repositories",
    )  # fmt: skip


def _payloads(thing: str) -> None:
    hashed = "blake2b-128 of the payload without the fields that name hosts"
    op.create_table(
        f"github_{thing}",
        _repository_id(),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment=_ID),
        sa.Column(
            "payload", postgresql.JSONB, nullable=False, comment="what GitHub answered, whole"
        ),
        sa.Column("content_hash", sa.LargeBinary, nullable=False, comment=hashed),
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
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment=_ID),
        sa.Column("valid_from", _AT, primary_key=True, comment="when this version was written"),
        sa.Column("valid_to", _AT, nullable=False, comment="when the next one replaced it"),
        sa.Column(
            "payload", postgresql.JSONB, nullable=False, comment="what GitHub answered then, whole"
        ),
        sa.Column("content_hash", sa.LargeBinary, nullable=False, comment=hashed),
        sa.Column("source_updated_at", _AT, comment="GitHub's own time of the last change"),
        sa.Column("source", sa.Text, nullable=False, comment="rest, graphql, webhook or gharchive"),
        sa.Column("run_id", sa.Uuid, nullable=False, comment="the job that wrote this version"),
        schema="raw",
        comment=f"earlier versions of {thing.replace('_', ' ')}, written when the hash changed",
    )
    for table in (f"github_{thing}", f"github_{thing}_history"):
        op.execute(_LZ4.format(table=table))
