"""The schema ``ops``, which repositories were removed, and stay away."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from warehouse.tables.shape import AT, metadata, repository_id

removals = Table(
    "removals",
    metadata,
    repository_id(),
    Column("host", Text, nullable=False, comment="API root, or 'git' for a remote without an API"),
    Column("github_id", BigInteger, comment="null where it was not known"),
    Column("full_name", Text, nullable=False, comment="as it was called then"),
    Column("clone_url", Text, nullable=False, comment="where git read it"),
    Column("requested_at", AT, nullable=False, comment="since when it is followed no more"),
    Column("requested_by", Text, nullable=False, comment="who wanted that, see auth.audit"),
    Column("erased_at", AT, comment="when nothing was left of it; null until then"),
    Column("rows_count", BigInteger, comment="rows that were deleted, so far"),
    Column(
        "lifted_at", AT,
        comment="when somebody added it again, under another id; null while it stays away",
    ),
    Index("ix_removals_pending", "requested_at", postgresql_where=text("erased_at is null")),
    Index("ix_removals_host_github_id", "host", "github_id"),
    schema="ops",
    comment="tombstones of repositories that were removed: what is erased, and what stays away",
)  # fmt: skip
