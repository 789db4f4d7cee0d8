"""What people have said about figures."""

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text, text

from warehouse.tables.shape import AT, metadata, repository_id

figure_reports = Table(
    "figure_reports",
    metadata,
    Column("report_id", BigInteger, Identity(always=True), primary_key=True, comment="ours"),
    repository_id(is_key=False),
    Column("metric", Text, nullable=False, comment="which figure, as the page calls it"),
    Column("shown", Text, comment="its value as it was read; null: none was shown"),
    Column("as_of", AT, comment="the instant that it described"),
    Column("comment", Text, nullable=False, comment="what is wrong with it"),
    Column("reported_by", Text, nullable=False, comment="who says so, see auth.audit.principal"),
    Column("reported_at", AT, nullable=False, comment="when"),
    Column("answer", Text, comment="what was found; null while it is open"),
    Column("closed_by", Text, comment="who has answered"),
    Column("closed_at", AT, comment="when; null while it is open"),
    Index("ix_figure_reports_open", "report_id", postgresql_where=text("closed_at is null")),
    schema="ops",
    comment="figures that somebody thinks are wrong, and what became of that",
)
