"""An erasure is written down when it begins, so that one that was ended in the middle is known."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_AT = {"at": "when it was done", "remains": "where something was found afterwards"}
_NOW = {
    "at": "when it was begun",
    "remains": "where something was found afterwards; null until looked",
}


def upgrade() -> None:
    op.add_column(
        "erasures",
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            comment="null where it was ended in the middle: forget again",
        ),
        schema="ops",
    )
    op.execute("update ops.erasures set ended_at = at")
    op.alter_column("erasures", "remains", nullable=True, schema="ops")
    _comment(_NOW)


def downgrade() -> None:
    # What was not looked for is not gone: a proof without its end is none.
    op.execute("delete from ops.erasures where remains is null")
    op.alter_column("erasures", "remains", nullable=False, schema="ops")
    op.drop_column("erasures", "ended_at", schema="ops")
    _comment(_AT)


def _comment(comments: dict[str, str]) -> None:
    for column, comment in comments.items():
        op.execute(f"comment on column ops.erasures.{column} is '{comment}'")
