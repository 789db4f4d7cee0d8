"""from how many persons the betweenness of reviewers was counted

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "review_centrality",
        sa.Column(
            "sources_count", sa.BigInteger,
            comment="persons whose ways were counted; an estimate where these are not all of them,"
            " and null before review-centrality@2",
        ),
        schema="insights",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_column("review_centrality", "sources_count", schema="insights")
