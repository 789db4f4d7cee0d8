"""What people have said about persons: which identities are one, and whom they worked for."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata

identity_merges = Table(
    "identity_merges",
    metadata,
    Column("alias", Text, primary_key=True, comment="account or address, lower case"),
    Column("merged_at", AT, primary_key=True, comment="since when it holds"),
    Column("unmerged_at", AT, comment="until when it held; null while it does"),
    Column("person", Text, nullable=False, comment="whose it is, as figures name them"),
    Column("reason", Text, nullable=False, comment="why, for whoever asks later"),
    Column("merged_by", Text, nullable=False, comment="who said so"),
    Column("unmerged_by", Text, comment="who took it back; null while it holds"),
    CheckConstraint("alias <> lower(person)", name="two"),
    Index(
        "ix_identity_merges_one_holds",
        "alias",
        unique=True,
        postgresql_where=text("unmerged_at is null"),
    ),
    schema="ops",
    comment="accounts and addresses that were said to be one person, ended ones too",
)

affiliations = Table(
    "affiliations",
    metadata,
    Column("affiliation_id", BigInteger, Identity(always=True), primary_key=True, comment="ours"),
    Column(
        "subject", Text, nullable=False, comment="an account, an address or @domain, in lower case"
    ),
    Column("organisation", Text, nullable=False, comment="whom they worked for"),
    Column("from_day", Date, comment="the first day, UTC; null: as long as known"),
    Column("to_day", Date, comment="the last day, UTC; null: it lasts"),
    Column("source", Text, nullable=False, comment="who says so"),
    Column("set_at", AT, nullable=False, comment="since when it is held"),
    Column("unset_at", AT, comment="until when it was held; null while it is"),
    CheckConstraint("from_day <= to_day", name="days"),
    Index("ix_affiliations_subject", "subject", postgresql_where=text("unset_at is null")),
    schema="ops",
    comment="whom persons worked for, from day to day, and what was held of that before",
)

merge_previews = Table(
    "merge_previews",
    metadata,
    Column("preview_id", BigInteger, Identity(always=True), primary_key=True, comment="ours"),
    Column("alias", Text, nullable=False, comment="account or address that would be merged"),
    Column("person", Text, nullable=False, comment="whose it would be, as figures name them"),
    Column("asked_by", Text, nullable=False, comment="who wants to know"),
    Column("asked_at", AT, nullable=False, comment="since when it waits"),
    Column("done_at", AT, comment="when a worker had answered it; null until then"),
    Column(
        "moves", JSONB, comment="each figure that would move: metric, repository, before and after"
    ),
    Column("reason", Text, comment="why it has no answer, where it could not be made"),
    schema="ops",
    comment="what merges of identities would change, as somebody asked for over HTTP",
)
