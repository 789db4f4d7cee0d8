"""workers that are up

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column(
            "worker_id", sa.Uuid, primary_key=True, comment="another one each time that it starts"
        ),
        sa.Column(
            "host", sa.Text, nullable=False, comment="the name of the machine that it runs on"
        ),
        sa.Column(
            "places", sa.Integer, nullable=False, comment="how many analyses it runs at once"
        ),
        sa.Column("started_at", _AT, nullable=False, comment="when it was first heard of"),
        sa.Column("seen_at", _AT, nullable=False, comment="when it was last heard of"),
        schema="ops",
        comment="the workers that are up, and for a day those that were",
    )


def downgrade() -> None:
    op.drop_table("workers", schema="ops")
