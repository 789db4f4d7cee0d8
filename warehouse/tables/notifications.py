"""The schema ``ops``, what people are told of trouble: an outbox, row by row."""

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", BigInteger, Identity(), primary_key=True, comment="ours"),
    Column("subject", Text, nullable=False, comment="what it is about: told once to each channel"),
    Column("channel", Text, nullable=False, comment="webhook, slack or email"),
    Column("trouble", Text, nullable=False, comment="failed, partial, stale or quality"),
    Column("repository_id", BigInteger, nullable=False, comment="our own id, see ops.repositories"),
    Column("facts", JSONB, nullable=False, comment="what is told"),
    Column("at", AT, nullable=False, comment="when it was found"),
    Column(
        "attempts", SmallInteger, nullable=False, server_default=text("0"),
        comment="how often it was tried to send it",
    ),
    Column("next_at", AT, comment="when it is tried next; null once it is sent or given up"),
    Column("sent_at", AT, comment="when it was taken by the channel"),
    Column("error", Text, comment="why the last attempt failed"),
    Index("uq_notifications_subject_channel", "subject", "channel", unique=True),
    Index("ix_notifications_next_at", "next_at", postgresql_where=text("next_at is not null")),
    schema="ops",
    comment="what people are told of trouble; what is not sent yet is tried again",
)  # fmt: skip
