"""How texts sound: a table of insights, by the digest of each text."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "text_tone",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "text_digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the text in UTF-8"
        ),
        sa.Column(
            "label", sa.Text, comment="negative, neutral, positive or unsure; null if not scored"
        ),
        sa.Column("negative_ratio", sa.Double, comment="probability that it sounds displeased"),
        sa.Column("neutral_ratio", sa.Double, comment="probability that it sounds neither"),
        sa.Column("positive_ratio", sa.Double, comment="probability that it sounds pleased"),
        sa.Column(
            "unscored_reason", sa.Text, comment="no_words or not_english; null if it was scored"
        ),
        sa.Column(
            "model", sa.Text, nullable=False, comment="the model that said it, and its version"
        ),
        sa.Column(
            "scored_at", sa.DateTime(timezone=True), nullable=False, comment="when it was looked at"
        ),
        schema="insights",
        comment="how texts of issues, pull requests, reviews and comments sound; of nobody by name",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("text_tone", schema="insights")
