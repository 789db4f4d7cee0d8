"""The schema ``ops``, what comes by itself: webhooks, what they mark, and hours of GH Archive."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gitinsight.gharchive.hours import GRADES
from warehouse.tables.shape import AT, metadata, repository_id

_ARCHIVE_STATES = (
    "loaded; missing: no source has it, so far; absent: none has had it for a week; broken: a"
    " source has it, and it cannot be read, or a source does not answer"
)
_ARCHIVE_RAW = "the bytes as they came; the first 64 KiB of a record above 8 MiB"

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True, comment="GitHub's own, kept by a redelivery"),
    Column("event", Text, nullable=False, comment="as GitHub calls it: issues, push, ..."),
    Column("action", Text, comment="what happened; null where the event says it alone"),
    Column("github_id", BigInteger, comment="GitHub's id of the repository; null without"),
    Column("headers", JSONB, nullable=False, comment="those that GitHub says something in"),
    Column("body", LargeBinary, nullable=False, comment="the bytes that were signed"),
    Column("received_at", AT, nullable=False, comment="when it came first"),
    Column(
        "attempts", SmallInteger, nullable=False, server_default=text("0"),
        comment="how often it was tried without an outcome",
    ),
    Column("not_before", AT, comment="not tried again before then"),
    Column("processed_at", AT, comment="when it got its outcome; null while it waits"),
    Column(
        "outcome", Text,
        comment="applied, marked, ignored, not followed, overtaken or failed",
    ),
    Column("error", Text, comment="what went wrong when it was tried last"),
    Index(
        "ix_webhook_deliveries_waiting",
        "received_at",
        postgresql_where=text("processed_at is null"),
    ),
    schema="ops",
    comment="what GitHub's webhooks delivered, once each",
)  # fmt: skip

dirty = Table(
    "dirty",
    metadata,
    repository_id(),
    Column("thing", Text, primary_key=True, comment="what is to be read anew"),
    Column(
        "key", Text, primary_key=True,
        comment="number of an issue or pull request, id of a comment; empty for all of the thing",
    ),
    Column("reason", Text, nullable=False, comment="what said last that it has changed"),
    Column("marked_at", AT, nullable=False, comment="when it was said last; later each time"),
    schema="ops",
    comment="what has changed upstream and was not read since",
)  # fmt: skip

archive_hours = Table(
    "archive_hours",
    metadata,
    Column("hour", AT, primary_key=True, comment="the file's, in UTC"),
    Column("state", Text, nullable=False, comment=_ARCHIVE_STATES),
    Column("grade", Text, nullable=False, comment=GRADES),
    Column("source", Text, comment="URL or path that it was loaded from, or last looked for at"),
    Column("size_bytes", BigInteger, comment="of the compressed file"),
    Column("sha256", LargeBinary, comment="of the compressed file"),
    Column("events_count", BigInteger, comment="events that were read, however often each"),
    Column("refused_count", BigInteger, comment="records that were none, see archive_quarantine"),
    Column("attempts", Integer, nullable=False, comment="how often it was asked for"),
    Column("error", Text, comment="why it is not loaded"),
    Column("missing_since", AT, comment="when no source had it for the first time"),
    Column("loaded_at", AT, comment="when it was loaded last"),
    schema="ops",
    comment="hours of GH Archive, and how good each of them is",
)

archive_quarantine = Table(
    "archive_quarantine",
    metadata,
    Column("hour", AT, primary_key=True, comment="the file, see archive_hours"),
    Column(
        "number", Integer, primary_key=True, autoincrement=False,
        comment="place among the records of the file, from 1",
    ),
    Column("raw", LargeBinary, nullable=False, comment=_ARCHIVE_RAW),
    Column("error", Text, comment="why it is no event; null where it is one, with replacements"),
    schema="ops",
    comment="records of GH Archive that were refused, or of which a character was replaced",
)  # fmt: skip
