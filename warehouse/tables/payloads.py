"""The schema ``ops``, what payloads look like."""

from sqlalchemy import BigInteger, Column, Table, Text, Uuid

from warehouse.tables.shape import AT, metadata, repository_id

payload_keys = Table(
    "payload_keys",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="issues, labels, ..."),
    Column("source", Text, primary_key=True, comment="rest, graphql, ...: each shows others"),
    Column("path", Text, primary_key=True, comment="a key of the payload; below it, by dots"),
    Column("json_type", Text, primary_key=True, comment="as jsonb_typeof says"),
    Column("first_job_id", Uuid, nullable=False, comment="the job whose gate saw it first"),
    Column("first_seen_at", AT, nullable=False, comment="when that was"),
    Column("last_seen_at", AT, nullable=False, comment="when a gate saw it last"),
    Column("records_count", BigInteger, nullable=False, comment="in how many records it was then"),
    Column("sampled_count", BigInteger, nullable=False, comment="of so many that were looked at"),
    schema="ops",
    comment="keys that payloads have been seen to have: what schema drift is judged by",
)  # fmt: skip
