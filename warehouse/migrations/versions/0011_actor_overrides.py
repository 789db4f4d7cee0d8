"""actor overrides: what somebody knows better about an account

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "actor_overrides",
        sa.Column("login", sa.Text(), nullable=False, comment="the account, in lower case"),
        sa.Column("set_at", _AT, nullable=False, comment="since when it holds"),
        sa.Column("unset_at", _AT, comment="until when it held; null while it does"),
        sa.Column("actor_class", sa.Text(), nullable=False, comment="human, bot or ai_agent"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why, for whoever asks later"),
        sa.PrimaryKeyConstraint("login", "set_at", name=op.f("pk_actor_overrides")),
        schema="ops",
        comment="classes of accounts that a person has set, and those that were set before",
    )
    op.create_index(
        "ix_actor_overrides_one_holds", "actor_overrides", ["login"], unique=True,
        postgresql_where=sa.text("unset_at is null"), schema="ops",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("actor_overrides", schema="ops")
