"""identities: who somebody has said is one person, and where persons worked when

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "git_mailmap",
        sa.Column(
            "repository_id", sa.BigInteger(), autoincrement=False, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("email", sa.Text(), nullable=False, comment="of commits, lower case"),
        sa.Column("extracted_at", _AT, nullable=False, comment="since when it is known"),
        sa.Column("replaced_at", _AT, comment="until when .mailmap said so; null while it does"),
        sa.Column("proper_email", sa.Text(), nullable=False, comment="the one meant, lower case"),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that read it"),
        sa.PrimaryKeyConstraint(
            "repository_id", "email", "extracted_at", name=op.f("pk_git_mailmap")
        ),
        schema="raw",
        comment="which addresses of commits are another one by .mailmap at the default branch",
    )  # fmt: skip
    op.create_table(
        "identity_merges",
        sa.Column("alias", sa.Text(), nullable=False, comment="account or address, lower case"),
        sa.Column("merged_at", _AT, nullable=False, comment="since when it holds"),
        sa.Column("unmerged_at", _AT, comment="until when it held; null while it does"),
        sa.Column("person", sa.Text(), nullable=False, comment="whose it is, as figures name them"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why, for whoever asks later"),
        sa.Column("merged_by", sa.Text(), nullable=False, comment="who said so"),
        sa.Column("unmerged_by", sa.Text(), comment="who took it back; null while it holds"),
        sa.CheckConstraint("alias <> lower(person)", name=op.f("ck_identity_merges_two")),
        sa.PrimaryKeyConstraint("alias", "merged_at", name=op.f("pk_identity_merges")),
        schema="ops",
        comment="accounts and addresses that were said to be one person, ended ones too",
    )
    op.create_index(
        "ix_identity_merges_one_holds", "identity_merges", ["alias"], unique=True,
        postgresql_where=sa.text("unmerged_at is null"), schema="ops",
    )  # fmt: skip
    op.create_table(
        "affiliations",
        sa.Column(
            "affiliation_id", sa.BigInteger(), sa.Identity(always=True), nullable=False,
            comment="ours",
        ),
        sa.Column(
            "subject", sa.Text(), nullable=False,
            comment="an account, an address or @domain, in lower case",
        ),
        sa.Column("organisation", sa.Text(), nullable=False, comment="whom they worked for"),
        sa.Column("from_day", sa.Date(), comment="the first day, UTC; null: as long as known"),
        sa.Column("to_day", sa.Date(), comment="the last day, UTC; null: it lasts"),
        sa.Column("source", sa.Text(), nullable=False, comment="who says so"),
        sa.Column("set_at", _AT, nullable=False, comment="since when it is held"),
        sa.Column("unset_at", _AT, comment="until when it was held; null while it is"),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_affiliations_days")),
        sa.PrimaryKeyConstraint("affiliation_id", name=op.f("pk_affiliations")),
        schema="ops",
        comment="whom persons worked for, from day to day, and what was held of that before",
    )  # fmt: skip
    op.create_index(
        "ix_affiliations_subject", "affiliations", ["subject"],
        postgresql_where=sa.text("unset_at is null"), schema="ops",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("affiliations", schema="ops")
    op.drop_table("identity_merges", schema="ops")
    op.drop_table("git_mailmap", schema="raw")
