"""jobs by when they ended

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"], schema="ops")


def downgrade() -> None:
    op.drop_index("ix_jobs_finished_at", table_name="jobs", schema="ops")
