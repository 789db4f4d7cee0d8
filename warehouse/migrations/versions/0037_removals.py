"""repositories that were removed

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "host", sa.Text, nullable=False,
            comment="API root, or 'git' for a remote without an API",
        ),
        sa.Column("github_id", sa.BigInteger, comment="null where it was not known"),
        sa.Column("full_name", sa.Text, nullable=False, comment="as it was called then"),
        sa.Column("clone_url", sa.Text, nullable=False, comment="where git read it"),
        sa.Column(
            "requested_at", _AT, nullable=False, comment="since when it is followed no more"
        ),
        sa.Column(
            "requested_by", sa.Text, nullable=False, comment="who wanted that, see auth.audit"
        ),
        sa.Column("erased_at", _AT, comment="when nothing was left of it; null until then"),
        sa.Column("rows_count", sa.BigInteger, comment="rows that were deleted, so far"),
        sa.Column(
            "lifted_at", _AT,
            comment="when somebody added it again, under another id; null while it stays away",
        ),
        schema="ops",
        comment="tombstones of repositories that were removed: what is erased, and what stays away",
    )  # fmt: skip
    op.create_index(
        "ix_removals_pending", "removals", ["requested_at"], schema="ops",
        postgresql_where=sa.text("erased_at is null"),
    )  # fmt: skip
    op.create_index("ix_removals_host_github_id", "removals", ["host", "github_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("removals", schema="ops")
