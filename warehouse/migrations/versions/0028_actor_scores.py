"""What a model says of accounts, and models that were trained here."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actor_scores",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "login", sa.Text, primary_key=True, comment="an account with enough activities"
        ),
        sa.Column("bot_probability", sa.Double, nullable=False, comment="that it is a program"),
        sa.Column(
            "activities_count", sa.BigInteger, nullable=False,
            comment="what it was judged by: its last ones, of 90 days and 300 at most",
        ),
        sa.Column("evidence", sa.Text, nullable=False, comment="what spoke for it and against it"),
        sa.Column(
            "model", sa.Text, nullable=False, comment="the model that said it, and its version"
        ),
        sa.Column(
            "scored_at", sa.DateTime(timezone=True), nullable=False,
            comment="when this was first said of it",
        ),
        schema="ops",
        comment="how likely accounts are programs, by their names and activities in a repository",
    )  # fmt: skip
    op.create_table(
        "model_versions",
        sa.Column("model", sa.Text, primary_key=True, comment="sentiment or actors"),
        sa.Column(
            "version", sa.Integer, primary_key=True, autoincrement=False,
            comment="above every one that was there when it was trained",
        ),
        sa.Column("is_published", sa.Boolean, nullable=False, comment="whether it may be used"),
        sa.Column(
            "verdict", sa.Text, nullable=False, comment="why it is published, or why not"
        ),
        sa.Column(
            "card", postgresql.JSONB, nullable=False, comment="its data, figures and limits"
        ),
        sa.Column(
            "content", sa.LargeBinary,
            comment="its weights; null of one that is not published",
        ),
        sa.Column(
            "trained_at", sa.DateTime(timezone=True), nullable=False, comment="when it was trained"
        ),
        schema="ops",
        comment="versions of models that were trained here; the highest published one is in use,"
        " where it is above the version of the package",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("model_versions", schema="ops")
    op.drop_table("actor_scores", schema="ops")
