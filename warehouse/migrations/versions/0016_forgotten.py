"""forgotten: digests of what named persons that were forgotten, and the proofs

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_GHOST = "whose; see ops.ghosts"


def upgrade() -> None:
    op.create_table(
        "ghosts",
        sa.Column(
            "ghost",
            sa.BigInteger(),
            sa.Identity(),
            nullable=False,
            comment="ours: it is ghost.1, ...",
        ),
        sa.Column(
            "is_common_word",
            sa.Boolean(),
            nullable=False,
            comment="the login is a word of the language, too",
        ),
        sa.Column(
            "salt", sa.LargeBinary(), nullable=False, comment="random, the same in every row"
        ),
        sa.Column("forgotten_at", _AT, nullable=False, comment="when it took the person's place"),
        sa.PrimaryKeyConstraint("ghost", name=op.f("pk_ghosts")),
        schema="ops",
        comment="who stands in the place of each person that was forgotten",
    )
    op.create_table(
        "ghost_terms",
        sa.Column("kind", sa.Text(), nullable=False, comment="login, id, email or name"),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="blake2b-128 of it under the salt; the text itself is nowhere",
        ),
        sa.Column("ghost", sa.BigInteger(), nullable=False, comment=_GHOST),
        sa.Column(
            "ordinal",
            sa.SmallInteger(),
            nullable=False,
            comment="counts the addresses of one person",
        ),
        sa.Column(
            "words", sa.SmallInteger(), nullable=False, comment="of how many words a name is"
        ),
        sa.Column(
            "start", sa.LargeBinary(), nullable=False, comment="digest of the first word of a name"
        ),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_ghost_terms")),
        schema="ops",
        comment="what named the persons that were forgotten, and is kept out of the warehouse",
    )
    op.create_table(
        "erasures",
        sa.Column("ghost", sa.BigInteger(), nullable=False, autoincrement=False, comment=_GHOST),
        sa.Column("at", _AT, nullable=False, comment="when it was done"),
        sa.Column(
            "changed",
            postgresql.JSONB(),
            nullable=False,
            comment="rows that were changed, column by column",
        ),
        sa.Column(
            "remains",
            postgresql.JSONB(),
            nullable=False,
            comment="where something was found afterwards",
        ),
        sa.Column(
            "mirrors",
            postgresql.JSONB(),
            nullable=False,
            comment="repositories whose git mirror was dropped",
        ),
        sa.PrimaryKeyConstraint("ghost", "at", name=op.f("pk_erasures")),
        schema="ops",
        comment="the proof of each erasure; nothing in it says who it was",
    )
    op.create_table(
        "hidden_actors",
        sa.Column("login", sa.Text(), nullable=False, comment="the account, in lower case"),
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(), nullable=False,
            comment="it is shown as hidden.1, ...",
        ),
        sa.Column("hidden_at", _AT, nullable=False, comment="since when"),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_hidden_actors")),
        schema="ops",
        comment="accounts that are not shown by name, by their own wish",
    )  # fmt: skip


def downgrade() -> None:
    for table in ("hidden_actors", "erasures", "ghost_terms", "ghosts"):
        op.drop_table(table, schema="ops")
