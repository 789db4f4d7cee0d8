"""fleet: organisations, change probes, lanes

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column(
            "organisation_id",
            sa.BigInteger,
            sa.Identity(),
            primary_key=True,
            comment="ours, for good",
        ),
        sa.Column("host", sa.Text, nullable=False, comment="API root"),
        sa.Column("github_id", sa.BigInteger, nullable=False, comment="GitHub's id of the account"),
        sa.Column("login", sa.Text, nullable=False, comment="as it is called now"),
        sa.Column("kind", sa.Text, nullable=False, comment="User or Organization"),
        sa.Column("state", sa.Text, nullable=False, comment="active or unreadable"),
        sa.Column("state_reason", sa.Text, comment="what GitHub said, where it is not active"),
        sa.Column(
            "include_forks", sa.Boolean, nullable=False, comment="whether forks are followed too"
        ),
        sa.Column(
            "include_archived",
            sa.Boolean,
            nullable=False,
            comment="whether archived repositories are followed too",
        ),
        sa.Column("added_at", _AT, nullable=False, comment="since when it is followed"),
        sa.Column(
            "asked_at", _AT, comment="when its listing was last asked for, however that went"
        ),
        sa.Column(
            "discovered_at", _AT, comment="when its listing was last read whole, by GitHub's clock"
        ),
        sa.Column(
            "pages",
            postgresql.JSONB,
            nullable=False,
            comment="URL and ETag of each page of the listing",
        ),
        sa.Column("principal", sa.Text, comment="whose ETags they are"),
        schema="ops",
        comment="accounts whose repositories are discovered and followed",
    )
    op.create_index(
        "ix_organisations_login",
        "organisations",
        ["host", sa.text("lower(login)")],
        unique=True,
        schema="ops",
    )
    op.create_index(
        "ix_organisations_github_id",
        "organisations",
        ["host", "github_id"],
        unique=True,
        schema="ops",
    )
    op.create_table(
        "probes",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column(
            "state",
            postgresql.JSONB,
            nullable=False,
            comment="what GitHub said when it last differed",
        ),
        sa.Column(
            "probed_at", _AT, nullable=False, comment="when it was last asked, by GitHub's clock"
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that reads what differs"),
        schema="ops",
        comment="change probes; a state counts as seen once its job has succeeded",
    )
    for name, kind, comment in (
        ("organisation_id", sa.BigInteger, "in whose listing it was seen last"),
        ("records_estimate", sa.BigInteger, "about how many records it has"),
    ):
        op.add_column("repositories", sa.Column(name, kind, comment=comment), schema="ops")
    op.create_index(
        "ix_repositories_organisation_id", "repositories", ["organisation_id"], schema="ops"
    )
    op.add_column(
        "jobs",
        sa.Column(
            "handed_at", _AT, comment="when the orchestrator was given it; null once it is taken"
        ),
        schema="ops",
    )
    op.create_index("ix_jobs_started_at", "jobs", ["started_at"], schema="ops")
    op.create_index(
        "ix_jobs_repository_id_requested_at",
        "jobs",
        ["repository_id", "requested_at"],
        schema="ops",
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_repository_id_requested_at", "jobs", schema="ops")
    op.drop_index("ix_jobs_started_at", "jobs", schema="ops")
    op.drop_column("jobs", "handed_at", schema="ops")
    op.drop_index("ix_repositories_organisation_id", "repositories", schema="ops")
    for name in ("records_estimate", "organisation_id"):
        op.drop_column("repositories", name, schema="ops")
    op.drop_table("probes", schema="ops")
    op.drop_table("organisations", schema="ops")
