"""tickets that were used

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "used_tickets",
        sa.Column(
            "digest", sa.LargeBinary, primary_key=True,
            comment="SHA-256 of it; the text itself is with its holder alone",
        ),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=False,
            comment="when it could not be used again anyway",
        ),
        schema="auth",
        comment="tickets that have opened a stream, each good for one use",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("used_tickets", schema="auth")
