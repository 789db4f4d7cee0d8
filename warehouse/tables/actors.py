"""What people have said about accounts."""

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text, text

from warehouse.tables.shape import AT, metadata

actor_overrides = Table(
    "actor_overrides",
    metadata,
    Column("login", Text, primary_key=True, comment="the account, in lower case"),
    Column("set_at", AT, primary_key=True, comment="since when it holds"),
    Column("unset_at", AT, comment="until when it held; null while it does"),
    Column("actor_class", Text, nullable=False, comment="human, bot or ai_agent"),
    Column("reason", Text, nullable=False, comment="why, for whoever asks later"),
    Index(
        "ix_actor_overrides_one_holds",
        "login",
        unique=True,
        postgresql_where=text("unset_at is null"),
    ),
    schema="ops",
    comment="classes of accounts that a person has set, and those that were set before",
)

hidden_actors = Table(
    "hidden_actors",
    metadata,
    Column("login", Text, primary_key=True, comment="the account, in lower case"),
    Column(
        "number", BigInteger, Identity(), nullable=False, comment="it is shown as hidden.1, ..."
    ),
    Column("hidden_at", AT, nullable=False, comment="since when"),
    schema="ops",
    comment="accounts that are not shown by name, by their own wish",
)
