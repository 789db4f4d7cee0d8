"""what git left behind: unreachable commits, moved tags

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_EVIDENCE = (
    "commit: what GitHub says of one; noreply: the number in the address;"
    " noreply_login: only the name in it, which may be somebody else's by now"
)


def upgrade() -> None:
    op.add_column(
        "git_commits",
        sa.Column(
            "unreachable_at", _AT,
            comment="when no branch and no tag was seen to reach it any more; null while one does",
        ),
        schema="raw",
    )  # fmt: skip
    _comment("git_commits.message", "whole, up to 1 MiB")
    _comment("git_commits.sanitized", "something was replaced or cut off")
    _comment("git_identities.evidence", _EVIDENCE)
    op.execute(
        "comment on table raw.git_commits is 'commits that branches and tags reach, or once did'"
    )
    op.create_table(
        "git_tags_history",
        sa.Column(
            "repository_id", sa.BigInteger(), autoincrement=False, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="without refs/tags"),
        sa.Column(
            "valid_from", _AT, nullable=False, comment="when the tag was first seen like this"
        ),
        sa.Column("valid_to", _AT, nullable=False, comment="when it was seen to be moved or gone"),
        sa.Column("commit_sha", sa.Text(), comment="what it named then"),
        sa.Column(
            "is_annotated", sa.Boolean(), nullable=False,
            comment="had an author and a date of its own",
        ),
        sa.Column("tagged_at", _AT, comment="of an annotated tag, else of its commit"),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that saw it like this"),
        sa.PrimaryKeyConstraint(
            "repository_id", "name", "valid_from", name=op.f("pk_git_tags_history")
        ),
        schema="raw",
        comment="what tags were before they were moved",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("git_tags_history", schema="raw")
    op.drop_column("git_commits", "unreachable_at", schema="raw")


def _comment(column: str, text: str) -> None:
    quoted = text.replace("'", "''")
    op.execute(f"comment on column raw.{column} is '{quoted}'")
