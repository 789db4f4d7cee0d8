"""webhooks: deliveries, and what they mark to be read anew"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column(
            "delivery_id", sa.Uuid, primary_key=True, comment="GitHub's own, kept by a redelivery"
        ),
        sa.Column(
            "event", sa.Text, nullable=False, comment="as GitHub calls it: issues, push, ..."
        ),
        sa.Column("action", sa.Text, comment="what happened; null where the event says it alone"),
        sa.Column(
            "github_id",
            sa.BigInteger,
            comment="GitHub's id of the repository; null without",
        ),
        sa.Column(
            "headers",
            postgresql.JSONB,
            nullable=False,
            comment="those that GitHub says something in",
        ),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="the bytes that were signed"),
        sa.Column("received_at", _AT, nullable=False, comment="when it came first"),
        sa.Column(
            "attempts",
            sa.SmallInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="how often it was tried without an outcome",
        ),
        sa.Column("not_before", _AT, comment="not tried again before then"),
        sa.Column("processed_at", _AT, comment="when it got its outcome; null while it waits"),
        sa.Column(
            "outcome",
            sa.Text,
            comment="applied, marked, ignored, not followed, overtaken or failed",
        ),
        sa.Column("error", sa.Text, comment="what went wrong when it was tried last"),
        schema="ops",
        comment="what GitHub's webhooks delivered, once each",
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["received_at"],
        schema="ops",
        postgresql_where=sa.text("processed_at is null"),
    )
    op.create_table(
        "dirty",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("thing", sa.Text, primary_key=True, comment="what is to be read anew"),
        sa.Column(
            "key",
            sa.Text,
            primary_key=True,
            comment="number of an issue or pull request, id of a comment;"
            " empty for all of the thing",
        ),
        sa.Column("reason", sa.Text, nullable=False, comment="what said last that it has changed"),
        sa.Column(
            "marked_at", _AT, nullable=False, comment="when it was said last; later each time"
        ),
        schema="ops",
        comment="what has changed upstream and was not read since",
    )


def downgrade() -> None:
    op.drop_table("dirty", schema="ops")
    op.drop_table("webhook_deliveries", schema="ops")
