"""The schema ``ops``, what is to be told to a message broker."""

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata, repository_id

outbox = Table(
    "outbox",
    metadata,
    Column(
        "outbox_id", BigInteger, Identity(), primary_key=True,
        comment="in the order in which it happened, of one job and of one repository",
    ),
    Column("message_id", Text, nullable=False, comment="the same however often it is sent"),
    Column("routing_key", Text, nullable=False, comment="see docs/messages.md"),
    repository_id(is_key=False),
    Column("body", JSONB, nullable=False, comment="what is told"),
    Column("at", AT, nullable=False, comment="when it was written, with what it tells of"),
    Index("ix_outbox_at", "at"),
    schema="ops",
    comment="events that no broker has confirmed yet; written with what they tell of",
)  # fmt: skip

outbox_readers = Table(
    "outbox_readers",
    metadata,
    Column("exchange", Text, primary_key=True, comment="where messages are published"),
    Column("seen_at", AT, nullable=False, comment="when a worker last looked for some"),
    schema="ops",
    comment="who takes messages; a week after the last one was seen none is written any more",
)
