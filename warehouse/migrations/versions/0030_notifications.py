"""jobs say what they are and why; notifications

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column(
            "kind", sa.Text, nullable=False, server_default=sa.text("'analysis'"),
            comment="analysis, or check: figures of what is held, judged anew without reading",
        ),
        schema="ops",
    )  # fmt: skip
    op.add_column(
        "jobs", sa.Column("reason", sa.Text, comment="why it was asked for, in a word"),
        schema="ops",
    )  # fmt: skip
    op.create_table(
        "notifications",
        sa.Column(
            "notification_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="ours"
        ),
        sa.Column(
            "subject", sa.Text, nullable=False,
            comment="what it is about: told once to each channel",
        ),
        sa.Column("channel", sa.Text, nullable=False, comment="webhook, slack or email"),
        sa.Column(
            "trouble", sa.Text, nullable=False, comment="failed, partial, stale or quality"
        ),
        sa.Column(
            "repository_id", sa.BigInteger, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("facts", JSONB, nullable=False, comment="what is told"),
        sa.Column("at", _AT, nullable=False, comment="when it was found"),
        sa.Column(
            "attempts", sa.SmallInteger, nullable=False, server_default=sa.text("0"),
            comment="how often it was tried to send it",
        ),
        sa.Column(
            "next_at", _AT, comment="when it is tried next; null once it is sent or given up"
        ),
        sa.Column("sent_at", _AT, comment="when it was taken by the channel"),
        sa.Column("error", sa.Text, comment="why the last attempt failed"),
        sa.Index("uq_notifications_subject_channel", "subject", "channel", unique=True),
        sa.Index(
            "ix_notifications_next_at", "next_at",
            postgresql_where=sa.text("next_at is not null"),
        ),
        schema="ops",
        comment="what people are told of trouble; what is not sent yet is tried again",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("notifications", schema="ops")
    op.drop_column("jobs", "reason", schema="ops")
    op.drop_column("jobs", "kind", schema="ops")
