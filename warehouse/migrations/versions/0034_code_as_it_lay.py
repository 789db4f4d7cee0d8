"""what was measured in code is kept when it is replaced, so that an earlier day can be shown

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _repository_id() -> sa.Column[int]:
    return sa.Column(
        "repository_id", sa.BigInteger, primary_key=True, autoincrement=False,
        comment="our own id, see ops.repositories",
    )  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "code_looks",
        _repository_id(),
        sa.Column("month", sa.Date, primary_key=True, comment="first day of the month of UTC"),
        sa.Column("looked_at", _AT, primary_key=True, comment="when it was looked"),
        sa.Column("taken_at", _AT, nullable=False, comment="the instant that it is shown as"),
        sa.Column("commit_sha", sa.Text, nullable=False, comment="the tip of the default branch"),
        schema="insights",
        comment="each time that the files of a default branch were looked at",
    )
    op.execute(
        "insert into insights.code_looks (repository_id, month, looked_at, taken_at, commit_sha)"
        " select repository_id, month, taken_at, taken_at, min(commit_sha)"
        " from insights.code_files group by repository_id, month, taken_at"
    )
    op.create_table(
        "code_files_history",
        _repository_id(),
        sa.Column("month", sa.Date, primary_key=True, comment="first day of the month of UTC"),
        sa.Column("path", sa.Text, primary_key=True, comment="where it lay"),
        sa.Column("blob_id", sa.Text, nullable=False, comment="its content, see code_blobs"),
        sa.Column(
            "kind", sa.Text, nullable=False, comment="its language, or workflow, manifest or text"
        ),
        sa.Column(
            "is_test", sa.Boolean, nullable=False, comment="whether it tests the rest, by its path"
        ),
        sa.Column(
            "commit_sha", sa.Text, nullable=False,
            comment="the tip of the default branch when it was first seen so",
        ),
        sa.Column(
            "valid_from", _AT, primary_key=True, comment="when it was first seen so, in that month"
        ),
        sa.Column("valid_to", _AT, nullable=False, comment="when it was first seen otherwise"),
        schema="insights",
        comment="files as they lay in a month before its last look",
    )  # fmt: skip
    op.execute(
        "create table insights.code_snapshots_history"
        " (like insights.code_snapshots including comments)"
    )
    op.alter_column(
        "code_snapshots_history", "measured_at", new_column_name="valid_from", schema="insights"
    )
    op.add_column(
        "code_snapshots_history",
        sa.Column("valid_to", _AT, nullable=False, comment="when another one took its place"),
        schema="insights",
    )
    op.create_primary_key(
        op.f("pk_code_snapshots_history"), "code_snapshots_history",
        ["repository_id", "every", "snapshot", "language", "valid_from"], schema="insights",
    )  # fmt: skip
    op.create_table_comment(
        "code_snapshots_history", "what was said of a week or a release before", schema="insights"
    )
    for column, comment in (
        ("taken_at", "when it was first seen so, in that month"),
        ("commit_sha", "the tip of the default branch then"),
    ):
        op.alter_column("code_files", column, comment=comment, schema="insights")


def downgrade() -> None:
    for column, comment in (
        ("taken_at", "when it was last seen there, in that month"),
        ("commit_sha", "the tip of the default branch"),
    ):
        op.alter_column("code_files", column, comment=comment, schema="insights")
    for table in ("code_snapshots_history", "code_files_history", "code_looks"):
        op.drop_table(table, schema="insights")
