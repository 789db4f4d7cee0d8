"""reports of wrong figures, and previews of merges

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "figure_reports",
        sa.Column(
            "report_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="ours"
        ),
        sa.Column(
            "repository_id", sa.BigInteger, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("metric", sa.Text, nullable=False, comment="which figure, as the page calls it"),
        sa.Column("shown", sa.Text, comment="its value as it was read; null: none was shown"),
        sa.Column("as_of", _AT, comment="the instant that it described"),
        sa.Column("comment", sa.Text, nullable=False, comment="what is wrong with it"),
        sa.Column(
            "reported_by", sa.Text, nullable=False, comment="who says so, see auth.audit.principal"
        ),
        sa.Column("reported_at", _AT, nullable=False, comment="when"),
        sa.Column("answer", sa.Text, comment="what was found; null while it is open"),
        sa.Column("closed_by", sa.Text, comment="who has answered"),
        sa.Column("closed_at", _AT, comment="when; null while it is open"),
        schema="ops",
        comment="figures that somebody thinks are wrong, and what became of that",
    )  # fmt: skip
    op.create_index(
        "ix_figure_reports_open", "figure_reports", ["report_id"], schema="ops",
        postgresql_where=sa.text("closed_at is null"),
    )  # fmt: skip
    op.create_table(
        "merge_previews",
        sa.Column(
            "preview_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="ours"
        ),
        sa.Column(
            "alias", sa.Text, nullable=False, comment="account or address that would be merged"
        ),
        sa.Column(
            "person", sa.Text, nullable=False, comment="whose it would be, as figures name them"
        ),
        sa.Column("asked_by", sa.Text, nullable=False, comment="who wants to know"),
        sa.Column("asked_at", _AT, nullable=False, comment="since when it waits"),
        sa.Column("done_at", _AT, comment="when a worker had answered it; null until then"),
        sa.Column(
            "moves", postgresql.JSONB,
            comment="each figure that would move: metric, repository, before and after",
        ),
        sa.Column("reason", sa.Text, comment="why it has no answer, where it could not be made"),
        schema="ops",
        comment="what merges of identities would change, as somebody asked for over HTTP",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("merge_previews", schema="ops")
    op.drop_table("figure_reports", schema="ops")
