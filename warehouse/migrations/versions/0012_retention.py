"""retention: daily sums of what is not kept, and sizes of tables

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DAY = "of UTC"
_AGED = ("requests", "job_events", "quality_results")


def upgrade() -> None:
    op.create_table(
        "requests_daily",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories; 0 for what was asked about many at once",
        ),
        sa.Column("day", sa.Date, primary_key=True, comment=_DAY),
        sa.Column("principal", sa.Text, primary_key=True, comment="fingerprint of the token"),
        sa.Column(
            "bucket", sa.Text, primary_key=True, comment="the limit that they counted against"
        ),
        sa.Column(
            "status",
            sa.SmallInteger,
            primary_key=True,
            autoincrement=False,
            comment="0 where no answer came",
        ),
        sa.Column("requests_count", sa.BigInteger, nullable=False, comment="how many were sent"),
        sa.Column("cost", sa.BigInteger, nullable=False, comment="what they were charged"),
        sa.Column("milliseconds", sa.BigInteger, nullable=False, comment="of all of them together"),
        sa.Column("bytes", sa.BigInteger, nullable=False, comment="of the bodies of their answers"),
        schema="ops",
        comment="calls to GitHub that are not kept one by one any more; with ops.requests,"
        " all of them",
    )
    op.create_table(
        "quality_results_daily",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("day", sa.Date, primary_key=True, comment=_DAY),
        sa.Column(
            "tool", sa.Text, primary_key=True, comment="dbt, great_expectations or completeness"
        ),
        sa.Column("severity", sa.Text, primary_key=True, comment="block or warn"),
        sa.Column("status", sa.Text, primary_key=True, comment="passed, failed or skipped"),
        sa.Column("results_count", sa.BigInteger, nullable=False, comment="how many there were"),
        schema="ops",
        comment="results of checks that are not kept one by one any more",
    )
    op.create_table(
        "table_sizes",
        sa.Column("table_name", sa.Text, primary_key=True, comment="schema.table"),
        sa.Column("day", sa.Date, primary_key=True, comment=_DAY),
        sa.Column("size_bytes", sa.BigInteger, nullable=False, comment="with its indexes"),
        sa.Column(
            "forgotten_bytes",
            sa.BigInteger,
            nullable=False,
            comment="about what was deleted that day",
        ),
        schema="ops",
        comment="what each table takes, for thirty days: what forecasts are made of",
    )
    for table in _AGED:
        op.create_index(f"ix_{table}_at", table, ["at"], schema="ops")


def downgrade() -> None:
    for table in _AGED:
        op.drop_index(f"ix_{table}_at", table, schema="ops")
    for table in ("table_sizes", "quality_results_daily", "requests_daily"):
        op.drop_table(table, schema="ops")
