"""The quarantine keeps single records, each once, and knows which of them were replayed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "quarantine",
        sa.Column(
            "kind",
            sa.Text,
            nullable=False,
            server_default="original",
            comment="record, original or answer",
        ),
        schema="ops",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "source", sa.Text, nullable=False, server_default="rest", comment="rest or graphql"
        ),
        schema="ops",
    )
    for column in ("kind", "source"):
        op.alter_column("quarantine", column, server_default=None, schema="ops")
    op.add_column(
        "quarantine",
        sa.Column(
            "source_updated_at", _AT, comment="when GitHub says that it changed, where known"
        ),
        schema="ops",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "replayed_at",
            _AT,
            comment="when it, or a later version of it, was accepted; null while it is refused",
        ),
        schema="ops",
    )
    _comment("error", "why they were refused, the newest reason")
    _comment("at", "when they were refused last")
    op.create_table_comment(
        "quarantine",
        "what the decoder or PostgreSQL refused, and the originals of what was changed",
        schema="ops",
    )
    op.execute(
        "delete from ops.quarantine as later using ops.quarantine as earlier"
        " where later.repository_id = earlier.repository_id and later.thing = earlier.thing"
        " and later.raw = earlier.raw and later.quarantine_id > earlier.quarantine_id"
    )
    op.drop_index("ix_quarantine_repository_id", "quarantine", schema="ops")
    op.create_index(
        "ix_quarantine_bytes",
        "quarantine",
        ["repository_id", "thing", "kind", sa.text("sha256(raw)")],
        unique=True,
        schema="ops",
    )


def downgrade() -> None:
    op.drop_index("ix_quarantine_bytes", "quarantine", schema="ops")
    op.create_index("ix_quarantine_repository_id", "quarantine", ["repository_id"], schema="ops")
    for column in ("replayed_at", "source_updated_at", "source", "kind"):
        op.drop_column("quarantine", column, schema="ops")
    _comment("error", "why they were refused")
    _comment("at", "when they came")
    op.create_table_comment(
        "quarantine", "what the decoder or PostgreSQL refused, kept as bytes", schema="ops"
    )


def _comment(column: str, comment: str) -> None:
    op.alter_column("quarantine", column, comment=comment, schema="ops")
