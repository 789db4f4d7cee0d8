"""keys that payloads have, and how fresh the figures of a repository are to be

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payload_keys",
        sa.Column(
            "repository_id", sa.BigInteger(), autoincrement=False, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("thing", sa.Text(), nullable=False, comment="issues, labels, ..."),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="rest, graphql, ...: each shows others"
        ),
        sa.Column(
            "path", sa.Text(), nullable=False, comment="a key of the payload; below it, by dots"
        ),
        sa.Column("json_type", sa.Text(), nullable=False, comment="as jsonb_typeof says"),
        sa.Column(
            "first_job_id", sa.Uuid(), nullable=False, comment="the job whose gate saw it first"
        ),
        sa.Column("first_seen_at", _AT, nullable=False, comment="when that was"),
        sa.Column("last_seen_at", _AT, nullable=False, comment="when a gate saw it last"),
        sa.Column(
            "records_count", sa.BigInteger(), nullable=False,
            comment="in how many records it was then",
        ),
        sa.Column(
            "sampled_count", sa.BigInteger(), nullable=False,
            comment="of so many that were looked at",
        ),
        sa.PrimaryKeyConstraint(
            "repository_id", "thing", "source", "path", "json_type", name=op.f("pk_payload_keys")
        ),
        schema="ops",
        comment="keys that payloads have been seen to have: what schema drift is judged by",
    )  # fmt: skip
    op.add_column(
        "repositories",
        sa.Column(
            "fresh_hours", sa.Double(),
            comment="how old its figures may be; null: as the settings say for all",
        ),
        schema="ops",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_column("repositories", "fresh_hours", schema="ops")
    op.drop_table("payload_keys", schema="ops")
