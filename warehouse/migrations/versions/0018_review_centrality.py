"""Who holds the network of reviews together: a table of insights."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_centrality",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "person", sa.Text, primary_key=True, comment="a human who reviewed or was reviewed"
        ),
        sa.Column(
            "window_days", sa.Integer, nullable=False,
            comment="reviews of so many days before as_of",
        ),
        sa.Column(
            "reviews_given_count", sa.BigInteger, nullable=False, comment="of what others opened"
        ),
        sa.Column(
            "reviews_received_count", sa.BigInteger, nullable=False, comment="by other humans"
        ),
        sa.Column(
            "authors_count", sa.BigInteger, nullable=False, comment="humans whom they reviewed"
        ),
        sa.Column(
            "reviewers_count", sa.BigInteger, nullable=False, comment="humans who reviewed them"
        ),
        sa.Column(
            "reciprocity_ratio", sa.Double, nullable=False, comment="of these, those who did both"
        ),
        sa.Column(
            "betweenness_ratio", sa.Double,
            comment="of the shortest ways between two others those through them, by ties and not"
            " by their weight; null where there are no two others",
        ),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=False,
            comment="the instant that the figures describe",
        ),
        sa.Column(
            "definition", sa.Text, nullable=False, comment="what was computed, and its version"
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="who holds the network of reviews among humans together",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("review_centrality", schema="insights")
