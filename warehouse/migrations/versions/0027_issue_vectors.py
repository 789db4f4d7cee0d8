"""What issues and pull requests mean: vectors, by pgvector where this server has it."""

import sqlalchemy as sa
from alembic import op

from warehouse.tables.shape import Vector

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_EXTENSION = """
do $$
begin
    create extension if not exists vector;
exception when insufficient_privilege or undefined_file or feature_not_supported then
    raise notice 'no pgvector here: searches by meaning read vectors as bytes';
end
$$;
"""
_HAS_IT = "select to_regtype('halfvec') is not null"


def upgrade() -> None:
    op.execute(_EXTENSION)
    has_it = op.get_bind().exec_driver_sql(_HAS_IT).scalar()
    op.create_table(
        "issue_vectors",
        sa.Column(
            "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "id", sa.BigInteger, primary_key=True, autoincrement=False,
            comment="of the issue or pull request in raw.github_issues",
        ),
        sa.Column("is_pull_request", sa.Boolean, nullable=False, comment="it is one, and no issue"),
        sa.Column(
            "text_digest", sa.LargeBinary, nullable=False, comment="SHA-256 of title and body"
        ),
        sa.Column(
            "vector", Vector() if has_it else sa.LargeBinary(), nullable=False,
            comment="what it means: near what speaks of the same",
        ),
        sa.Column(
            "model", sa.Text, nullable=False, comment="the model that said it, and its version"
        ),
        sa.Column(
            "embedded_at", sa.DateTime(timezone=True), nullable=False,
            comment="when it was looked at",
        ),
        schema="insights",
        comment="what issues and pull requests mean, for searches; no figure, and of nobody by"
        " name",
    )  # fmt: skip


def downgrade() -> None:
    """The extension may serve others."""
    op.drop_table("issue_vectors", schema="insights")
