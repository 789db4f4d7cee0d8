"""What people, and a model, have said about accounts."""

from sqlalchemy import BigInteger, Column, Double, Identity, Index, Table, Text, text

from warehouse.tables.shape import AT, metadata, repository_id

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

actor_scores = Table(
    "actor_scores",
    metadata,
    repository_id(),
    Column("login", Text, primary_key=True, comment="an account with enough activities"),
    Column("bot_probability", Double, nullable=False, comment="that it is a program"),
    Column(
        "activities_count", BigInteger, nullable=False,
        comment="what it was judged by: its last ones, of 90 days and 300 at most",
    ),
    Column("evidence", Text, nullable=False, comment="what spoke for it and against it"),
    Column("model", Text, nullable=False, comment="the model that said it, and its version"),
    Column("scored_at", AT, nullable=False, comment="when this was first said of it"),
    schema="ops",
    comment="how likely accounts are programs, by their names and activities in a repository",
)  # fmt: skip
