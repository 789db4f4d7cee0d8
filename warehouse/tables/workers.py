"""The schema ``ops``, who runs what is queued."""

from sqlalchemy import Column, Integer, Table, Text, Uuid

from warehouse.tables.shape import AT, metadata

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Uuid, primary_key=True, comment="another one each time that it starts"),
    Column("host", Text, nullable=False, comment="the name of the machine that it runs on"),
    Column("places", Integer, nullable=False, comment="how many analyses it runs at once"),
    Column("started_at", AT, nullable=False, comment="when it was first heard of"),
    Column("seen_at", AT, nullable=False, comment="when it was last heard of"),
    schema="ops",
    comment="the workers that are up, and for a day those that were",
)
