"""the governor's tables

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "principals",
        sa.Column("host", sa.Text, primary_key=True, comment="API root"),
        sa.Column(
            "principal", sa.Text, primary_key=True, comment="fingerprint; no token is stored"
        ),
        sa.Column("kind", sa.Text, nullable=False, comment="user, installation or anonymous"),
        sa.Column(
            "state",
            sa.Text,
            nullable=False,
            server_default=sa.text("'active'"),
            comment="active, suspect after a 401, disabled until blocked_until after a second one",
        ),
        sa.Column("blocked_until", _AT, comment="nothing is sent before, in any bucket"),
        sa.Column("blocked_reason", sa.Text, comment="why it is blocked, for people"),
        sa.Column(
            "penalty_seconds",
            sa.Integer,
            nullable=False,
            server_default=sa.text("0"),
            comment="the last wait for a secondary limit without a time; the next one is twice as"
            " long",
        ),
        sa.Column(
            "concurrency",
            sa.Double,
            comment="requests in flight since a secondary limit was hit; null is as many as are"
            " set",
        ),
        sa.Column("busy_until", _AT, comment="when the response time of all buckets is worked off"),
        sa.Column(
            "slots",
            postgresql.ARRAY(_AT),
            nullable=False,
            server_default=sa.text("'{}'"),
            comment="one per request in flight: when its place falls free at the latest",
        ),
        schema="ops",
        comment="who asks GitHub: users and App installations, as GitHub counts its limits",
    )
    op.create_table(
        "buckets",
        sa.Column("host", sa.Text, primary_key=True, comment="API root"),
        sa.Column("principal", sa.Text, primary_key=True, comment="see ops.principals"),
        sa.Column(
            "bucket", sa.Text, primary_key=True, comment="GitHub's name of the limit: core, graphql"
        ),
        sa.Column(
            "quota", sa.Integer, comment="what GitHub allows in a window; null until it has said so"
        ),
        sa.Column("remaining", sa.Integer, comment="what is left of it, as GitHub last said"),
        sa.Column("reset_at", _AT, comment="when the window ends, by GitHub's clock"),
        sa.Column("renewed_at", _AT, comment="the same instant by the clock of this server"),
        sa.Column(
            "blocked_until", _AT, comment="nothing is sent before, because the limit was used up"
        ),
        sa.Column(
            "paced_until", _AT, comment="when the requests sent are due at the pace per minute"
        ),
        sa.Column("busy_until", _AT, comment="when the response time of this bucket is worked off"),
        sa.Column(
            "typical_ms",
            sa.Integer,
            nullable=False,
            server_default=sa.text("0"),
            comment="moving average of response times; charged before an answer has come",
        ),
        schema="ops",
        comment="what is left of each limit of a principal, and how fast it may be asked",
    )
    op.execute(
        "comment on column ops.job_events.eta_seconds is"
        " 'until what it is at is done, waits included; null where it is not known'"
    )


def downgrade() -> None:
    op.execute(
        "comment on column ops.job_events.eta_seconds is"
        " 'until the end; null where it is not known'"
    )
    op.drop_table("buckets", schema="ops")
    op.drop_table("principals", schema="ops")
