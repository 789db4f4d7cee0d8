"""The schema ``ops``, what is left of rows that are not kept for ever, and how tables grow."""

from sqlalchemy import BigInteger, Column, Date, SmallInteger, Table, Text

from warehouse.tables.shape import metadata

_DAY = "of UTC"

requests_daily = Table(
    "requests_daily",
    metadata,
    Column(
        "repository_id", BigInteger, primary_key=True, autoincrement=False,
        comment="our own id, see ops.repositories; 0 for what was asked about many at once",
    ),
    Column("day", Date, primary_key=True, comment=_DAY),
    Column("principal", Text, primary_key=True, comment="fingerprint of the token"),
    Column("bucket", Text, primary_key=True, comment="the limit that they counted against"),
    Column(
        "status", SmallInteger, primary_key=True, autoincrement=False,
        comment="0 where no answer came",
    ),
    Column("requests_count", BigInteger, nullable=False, comment="how many were sent"),
    Column("cost", BigInteger, nullable=False, comment="what they were charged"),
    Column("milliseconds", BigInteger, nullable=False, comment="of all of them together"),
    Column("bytes", BigInteger, nullable=False, comment="of the bodies of their answers"),
    schema="ops",
    comment="calls to GitHub that are not kept one by one any more; with ops.requests, all of them",
)  # fmt: skip

quality_results_daily = Table(
    "quality_results_daily",
    metadata,
    Column(
        "repository_id", BigInteger, primary_key=True, autoincrement=False,
        comment="our own id, see ops.repositories",
    ),
    Column("day", Date, primary_key=True, comment=_DAY),
    Column("tool", Text, primary_key=True, comment="dbt, great_expectations or completeness"),
    Column("severity", Text, primary_key=True, comment="block or warn"),
    Column("status", Text, primary_key=True, comment="passed, failed or skipped"),
    Column("results_count", BigInteger, nullable=False, comment="how many there were"),
    schema="ops",
    comment="results of checks that are not kept one by one any more",
)  # fmt: skip

table_sizes = Table(
    "table_sizes",
    metadata,
    Column("table_name", Text, primary_key=True, comment="schema.table"),
    Column("day", Date, primary_key=True, comment=_DAY),
    Column("size_bytes", BigInteger, nullable=False, comment="with its indexes"),
    Column(
        "forgotten_bytes", BigInteger, nullable=False, comment="about what was deleted that day"
    ),
    schema="ops",
    comment="what each table takes, for thirty days: what forecasts are made of",
)
