"""what was held: earlier states of the ledger, of branches and of the default branch's commits

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_GRANT = """
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'gitinsight_past_analyst') then
        create role gitinsight_past_analyst nologin;
    end if;
    alter role gitinsight_past_analyst set statement_timeout = '60s';
exception when insufficient_privilege then
    raise notice 'role gitinsight_past_analyst was not created: this user may not create roles';
end $$
"""


def upgrade() -> None:
    op.add_column(
        "git_commits",
        sa.Column(
            "default_branch_at", _AT,
            comment="when the default branch was seen to reach it; null where it does not,"
            " or where it was read before this was kept",
        ),
        schema="raw",
    )  # fmt: skip
    op.create_table(
        "git_default_branch_history",
        _repository_id(),
        sa.Column("sha", sa.Text(), nullable=False, comment="the commit"),
        sa.Column("valid_from", _AT, nullable=False, comment="when it was seen to be reached"),
        sa.Column("valid_to", _AT, nullable=False, comment="when it was seen to be left behind"),
        sa.PrimaryKeyConstraint(
            "repository_id", "sha", "valid_from", name=op.f("pk_git_default_branch_history")
        ),
        schema="raw",
        comment="when the default branch reached commits that it has left behind",
    )
    op.create_table(
        "git_branches_history",
        _repository_id(),
        sa.Column("name", sa.Text(), nullable=False, comment="without refs/heads"),
        sa.Column("valid_from", _AT, nullable=False, comment="when it was first seen like this"),
        sa.Column("valid_to", _AT, nullable=False, comment="when it was seen to be moved or gone"),
        sa.Column("commit_sha", sa.Text(), comment="what it named then"),
        sa.Column(
            "is_default", sa.Boolean(), nullable=False, comment="the one that figures were made of"
        ),
        sa.Column("run_id", sa.Uuid(), nullable=False, comment="the job that saw it like this"),
        sa.PrimaryKeyConstraint(
            "repository_id", "name", "valid_from", name=op.f("pk_git_branches_history")
        ),
        schema="raw",
        comment="what branches were before they were moved",
    )
    op.add_column(
        "completeness",
        sa.Column(
            "counted_since", _AT,
            comment="since when it is counted so; null where that was before this was kept",
        ),
        schema="ops",
    )  # fmt: skip
    op.create_table(
        "completeness_history",
        _repository_id(),
        sa.Column("thing", sa.Text(), nullable=False, comment="what is counted"),
        sa.Column("valid_from", _AT, nullable=False, comment="since when it was counted so"),
        sa.Column("valid_to", _AT, nullable=False, comment="when it was counted otherwise"),
        sa.Column("upstream_count", sa.BigInteger(), comment="what GitHub or git said existed"),
        sa.Column("held_count", sa.BigInteger(), comment="what the warehouse held"),
        sa.Column(
            "state", sa.Text(), nullable=False,
            comment="complete, partial, unavailable or uncounted",
        ),
        sa.Column("reason", sa.Text(), comment="why the two differed, or why one was unknown"),
        sa.Column("job_id", sa.Uuid(), nullable=False, comment="the job that counted"),
        sa.PrimaryKeyConstraint(
            "repository_id", "thing", "valid_from", name=op.f("pk_completeness_history")
        ),
        schema="ops",
        comment="the completeness ledger as it was, written when a count or a state changes",
    )  # fmt: skip
    op.execute(_GRANT)


def downgrade() -> None:
    op.drop_table("completeness_history", schema="ops")
    op.drop_column("completeness", "counted_since", schema="ops")
    op.drop_table("git_branches_history", schema="raw")
    op.drop_table("git_default_branch_history", schema="raw")
    op.drop_column("git_commits", "default_branch_at", schema="raw")


def _repository_id() -> sa.Column[int]:
    return sa.Column(
        "repository_id", sa.BigInteger(), autoincrement=False, nullable=False,
        comment="our own id, see ops.repositories",
    )  # fmt: skip
