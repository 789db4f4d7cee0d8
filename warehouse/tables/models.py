"""Trained models that were trained here, beside those that the package carries."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata

model_versions = Table(
    "model_versions",
    metadata,
    Column("model", Text, primary_key=True, comment="sentiment or actors"),
    Column(
        "version", Integer, primary_key=True, autoincrement=False,
        comment="above every one that was there when it was trained",
    ),
    Column("is_published", Boolean, nullable=False, comment="whether it may be used"),
    Column("verdict", Text, nullable=False, comment="why it is published, or why not"),
    Column("card", JSONB, nullable=False, comment="its data, figures and limits"),
    Column("content", LargeBinary, comment="its weights; null of one that is not published"),
    Column("trained_at", AT, nullable=False, comment="when it was trained"),
    schema="ops",
    comment="versions of models that were trained here; the highest published one is in use, where"
    " it is above the version of the package",
)  # fmt: skip
