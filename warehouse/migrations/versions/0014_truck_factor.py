"""On how few people the files rest: a table of insights."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "truck_factor",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "truck_factor_count", sa.Integer, comment="authors to lose until most files have none"
        ),
        sa.Column(
            "files_count", sa.BigInteger, nullable=False, comment="source files that are there"
        ),
        sa.Column(
            "authors_count", sa.BigInteger, nullable=False,
            comment="humans who are author of a file",
        ),
        sa.Column(
            "top_persons", postgresql.JSONB, nullable=False,
            comment="the ten who are author of most files",
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
        comment="on how few people the files rest, by degree of authorship",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("truck_factor", schema="insights")
