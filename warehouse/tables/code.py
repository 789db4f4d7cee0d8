"""What is measured in the files of a repository: each text once, and what lies where."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    Table,
    Text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata, repository_id

code_blobs = Table(
    "code_blobs",
    metadata,
    repository_id(),
    Column("blob_id", Text, primary_key=True, comment="git's id of the content"),
    Column("kind", Text, primary_key=True, comment="its language, or workflow, manifest or text"),
    Column("engine", Text, nullable=False, comment="what measured it, with versions"),
    Column("measured_at", AT, nullable=False, comment="when it was read"),
    Column("unmeasured", Text, comment="why it could not be measured; null if it was"),
    Column("lines_count", Integer, comment="all of its lines; null where it was not read"),
    Column("nloc", Integer, comment="lines without comments and blank ones; null if unmeasured"),
    Column("ccn", Integer, comment="cyclomatic complexity of all functions together"),
    Column("functions_count", Integer, comment="functions and methods"),
    Column("health_score", Double, comment="10 to 1, see the metric code-health; null if tiny"),
    Column("penalties", JSONB, nullable=False, comment="what was taken off ten, and for what"),
    Column("ccn_1_to_5_nloc", Integer, comment="lines in functions of this complexity"),
    Column("ccn_6_to_10_nloc", Integer, comment="lines in functions of this complexity"),
    Column("ccn_11_to_25_nloc", Integer, comment="lines in functions of this complexity"),
    Column("ccn_above_25_nloc", Integer, comment="lines in functions of this complexity"),
    Column("outside_nloc", Integer, comment="lines in no function"),
    Column(
        "findings", JSONB,
        comment="line, rule, severity, reason and action of each; null where nobody looked",
    ),
    Column(
        "dependencies", JSONB, nullable=False,
        comment="what a manifest or lock file names: ecosystem, name, wanted, version",
    ),
    Column("secrets", JSONB, nullable=False, comment="line, kind and digest of what looks secret"),
    Column(
        "line_digests", ARRAY(BigInteger), nullable=False,
        comment="of the lines that say something, in their order: what stands twice is found by it",
    ),
    schema="insights",
    comment="what each content of a file is like, whichever path and commit it has",
)  # fmt: skip

code_files = Table(
    "code_files",
    metadata,
    repository_id(),
    Column("month", Date, primary_key=True, comment="first day of the month of UTC"),
    Column("path", Text, primary_key=True, comment="where it lies"),
    Column("blob_id", Text, nullable=False, comment="its content, see code_blobs"),
    Column("kind", Text, nullable=False, comment="its language, or workflow, manifest or text"),
    Column("is_test", Boolean, nullable=False, comment="whether it tests the rest, by its path"),
    Column("commit_sha", Text, nullable=False, comment="the tip of the default branch then"),
    Column("taken_at", AT, nullable=False, comment="when it was first seen so, in that month"),
    schema="insights",
    comment="files of the default branch as they lay at the end of each month, or lie now",
)

code_files_history = Table(
    "code_files_history",
    metadata,
    repository_id(),
    Column("month", Date, primary_key=True, comment="first day of the month of UTC"),
    Column("path", Text, primary_key=True, comment="where it lay"),
    Column("blob_id", Text, nullable=False, comment="its content, see code_blobs"),
    Column("kind", Text, nullable=False, comment="its language, or workflow, manifest or text"),
    Column("is_test", Boolean, nullable=False, comment="whether it tests the rest, by its path"),
    Column(
        "commit_sha", Text, nullable=False,
        comment="the tip of the default branch when it was first seen so",
    ),
    Column("valid_from", AT, primary_key=True, comment="when it was first seen so, in that month"),
    Column("valid_to", AT, nullable=False, comment="when it was first seen otherwise"),
    schema="insights",
    comment="files as they lay in a month before its last look",
)  # fmt: skip

code_looks = Table(
    "code_looks",
    metadata,
    repository_id(),
    Column("month", Date, primary_key=True, comment="first day of the month of UTC"),
    Column("looked_at", AT, primary_key=True, comment="when it was looked"),
    Column("taken_at", AT, nullable=False, comment="the instant that it is shown as"),
    Column("commit_sha", Text, nullable=False, comment="the tip of the default branch"),
    schema="insights",
    comment="each time that the files of a default branch were looked at",
)


def _snapshot(*stamps: Column[Any]) -> list[Column[Any]]:
    return [
        repository_id(),
        Column("every", Text, primary_key=True, comment="week, or release"),
        Column("snapshot", Text, primary_key=True, comment="the Monday of the week, or the tag"),
        Column("language", Text, primary_key=True, comment="a language, or all of them together"),
        Column("commit_sha", Text, nullable=False, comment="the commit whose files were measured"),
        Column("taken_on", Date, nullable=False, comment="the day that it stands for"),
        Column("engine", Text, nullable=False, comment="what measured it, with versions"),
        *stamps,
        Column("files_count", Integer, nullable=False, comment="files that were measured"),
        Column("unmeasured_count", Integer, nullable=False, comment="files that could not be"),
        Column("nloc", BigInteger, nullable=False, comment="lines without comments and blank ones"),
        Column(
            "tests_nloc", BigInteger, nullable=False,
            comment="the same of tests, not in the rest",
        ),
        Column("ccn", BigInteger, nullable=False, comment="cyclomatic complexity of all functions"),
        Column("functions_count", Integer, nullable=False, comment="functions and methods"),
        Column(
            "health_score", Double,
            comment="mean of files by their lines; null if all are tiny",
        ),
        Column("worst_health_score", Double, comment="the same of the worst tenth of these lines"),
        Column("ccn_1_to_5_nloc", BigInteger, nullable=False, comment="lines by complexity"),
        Column("ccn_6_to_10_nloc", BigInteger, nullable=False, comment="lines by complexity"),
        Column("ccn_11_to_25_nloc", BigInteger, nullable=False, comment="lines by complexity"),
        Column("ccn_above_25_nloc", BigInteger, nullable=False, comment="lines by complexity"),
        Column("outside_nloc", BigInteger, nullable=False, comment="lines in no function"),
        Column("said_lines_count", BigInteger, nullable=False, comment="lines that say something"),
        Column(
            "duplicated_lines_count", BigInteger,
            comment="of these, those that stand somewhere else too, six in a row; null of too many",
        ),
        Column("findings_high_count", Integer, comment="null where nobody looked"),
        Column("findings_medium_count", Integer, comment="null where nobody looked"),
        Column("findings_low_count", Integer, comment="null where nobody looked"),
    ]  # fmt: skip


code_snapshots = Table(
    "code_snapshots",
    metadata,
    *_snapshot(Column("measured_at", AT, nullable=False, comment="when it was measured")),
    schema="insights",
    comment="code of the default branch week by week, and of releases, language by language",
)

code_snapshots_history = Table(
    "code_snapshots_history",
    metadata,
    *_snapshot(
        Column("valid_from", AT, primary_key=True, comment="when it was measured"),
        Column("valid_to", AT, nullable=False, comment="when another one took its place"),
    ),
    schema="insights",
    comment="what was said of a week or a release before",
)
