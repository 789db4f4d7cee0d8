"""What is measured in the files of a repository: three tables of insights."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_blobs",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("blob_id", sa.Text, primary_key=True, comment="git's id of the content"),
        sa.Column(
            "kind",
            sa.Text,
            primary_key=True,
            comment="its language, or workflow, manifest or text",
        ),
        sa.Column("engine", sa.Text, nullable=False, comment="what measured it, with versions"),
        sa.Column(
            "measured_at", sa.DateTime(timezone=True), nullable=False, comment="when it was read"
        ),
        sa.Column("unmeasured", sa.Text, comment="why it could not be measured; null if it was"),
        sa.Column(
            "lines_count", sa.Integer, comment="all of its lines; null where it was not read"
        ),
        sa.Column(
            "nloc", sa.Integer, comment="lines without comments and blank ones; null if unmeasured"
        ),
        sa.Column("ccn", sa.Integer, comment="cyclomatic complexity of all functions together"),
        sa.Column("functions_count", sa.Integer, comment="functions and methods"),
        sa.Column(
            "health_score", sa.Double, comment="10 to 1, see the metric code-health; null if tiny"
        ),
        sa.Column(
            "penalties",
            postgresql.JSONB,
            nullable=False,
            comment="what was taken off ten, and for what",
        ),
        sa.Column("ccn_1_to_5_nloc", sa.Integer, comment="lines in functions of this complexity"),
        sa.Column("ccn_6_to_10_nloc", sa.Integer, comment="lines in functions of this complexity"),
        sa.Column("ccn_11_to_25_nloc", sa.Integer, comment="lines in functions of this complexity"),
        sa.Column("ccn_above_25_nloc", sa.Integer, comment="lines in functions of this complexity"),
        sa.Column("outside_nloc", sa.Integer, comment="lines in no function"),
        sa.Column(
            "findings",
            postgresql.JSONB,
            comment="line, rule, severity, reason and action of each; null where nobody looked",
        ),
        sa.Column(
            "dependencies",
            postgresql.JSONB,
            nullable=False,
            comment="what a manifest or lock file names: ecosystem, name, wanted, version",
        ),
        sa.Column(
            "secrets",
            postgresql.JSONB,
            nullable=False,
            comment="line, kind and digest of what looks secret",
        ),
        sa.Column(
            "line_digests",
            postgresql.ARRAY(sa.BigInteger),
            nullable=False,
            comment="of the lines that say something, in their order: what stands twice is found by"
            " it",
        ),
        schema="insights",
        comment="what each content of a file is like, whichever path and commit it has",
    )
    op.create_table(
        "code_files",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("month", sa.Date, primary_key=True, comment="first day of the month of UTC"),
        sa.Column("path", sa.Text, primary_key=True, comment="where it lies"),
        sa.Column("blob_id", sa.Text, nullable=False, comment="its content, see code_blobs"),
        sa.Column(
            "kind", sa.Text, nullable=False, comment="its language, or workflow, manifest or text"
        ),
        sa.Column(
            "is_test", sa.Boolean, nullable=False, comment="whether it tests the rest, by its path"
        ),
        sa.Column("commit_sha", sa.Text, nullable=False, comment="the tip of the default branch"),
        sa.Column(
            "taken_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it was last seen there, in that month",
        ),
        schema="insights",
        comment="files of the default branch as they lay at the end of each month, or lie now",
    )
    op.create_table(
        "code_snapshots",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("every", sa.Text, primary_key=True, comment="week, or release"),
        sa.Column(
            "snapshot", sa.Text, primary_key=True, comment="the Monday of the week, or the tag"
        ),
        sa.Column(
            "language", sa.Text, primary_key=True, comment="a language, or all of them together"
        ),
        sa.Column(
            "commit_sha", sa.Text, nullable=False, comment="the commit whose files were measured"
        ),
        sa.Column("taken_on", sa.Date, nullable=False, comment="the day that it stands for"),
        sa.Column("engine", sa.Text, nullable=False, comment="what measured it, with versions"),
        sa.Column(
            "measured_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it was measured",
        ),
        sa.Column("files_count", sa.Integer, nullable=False, comment="files that were measured"),
        sa.Column(
            "unmeasured_count", sa.Integer, nullable=False, comment="files that could not be"
        ),
        sa.Column(
            "nloc", sa.BigInteger, nullable=False, comment="lines without comments and blank ones"
        ),
        sa.Column(
            "tests_nloc",
            sa.BigInteger,
            nullable=False,
            comment="the same of tests, not in the rest",
        ),
        sa.Column(
            "ccn", sa.BigInteger, nullable=False, comment="cyclomatic complexity of all functions"
        ),
        sa.Column("functions_count", sa.Integer, nullable=False, comment="functions and methods"),
        sa.Column(
            "health_score", sa.Double, comment="mean of files by their lines; null if all are tiny"
        ),
        sa.Column(
            "worst_health_score", sa.Double, comment="the same of the worst tenth of these lines"
        ),
        sa.Column("ccn_1_to_5_nloc", sa.BigInteger, nullable=False, comment="lines by complexity"),
        sa.Column("ccn_6_to_10_nloc", sa.BigInteger, nullable=False, comment="lines by complexity"),
        sa.Column(
            "ccn_11_to_25_nloc", sa.BigInteger, nullable=False, comment="lines by complexity"
        ),
        sa.Column(
            "ccn_above_25_nloc", sa.BigInteger, nullable=False, comment="lines by complexity"
        ),
        sa.Column("outside_nloc", sa.BigInteger, nullable=False, comment="lines in no function"),
        sa.Column(
            "said_lines_count", sa.BigInteger, nullable=False, comment="lines that say something"
        ),
        sa.Column(
            "duplicated_lines_count",
            sa.BigInteger,
            comment="of these, those that stand somewhere else too, six in a row; null of too many",
        ),
        sa.Column("findings_high_count", sa.Integer, comment="null where nobody looked"),
        sa.Column("findings_medium_count", sa.Integer, comment="null where nobody looked"),
        sa.Column("findings_low_count", sa.Integer, comment="null where nobody looked"),
        schema="insights",
        comment="code of the default branch week by week, and of releases, language by language",
    )


def downgrade() -> None:
    for table in ("code_blobs", "code_files", "code_snapshots"):
        op.drop_table(table, schema="insights")
