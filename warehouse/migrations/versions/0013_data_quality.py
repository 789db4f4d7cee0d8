"""data quality for analysts: every check of every job, beside the marts

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TOOL = "dbt, great_expectations, reconciliation or completeness"
_OLD_TOOL = "dbt, great_expectations or completeness"
_COLUMNS = {
    "repository_id": "ours, as in the marts",
    "job_id": "the job that was checked",
    "check_name": "unique within the job",
    "source": _TOOL,
    "subject": "the table that was checked",
    "severity": "block or warn",
    "status": "passed, failed or skipped",
    "failures_count": "how many rows or values are wrong",
    "observed": "what was found",
    "expected": "what would have passed",
    "checked_at": "when it was checked",
    "is_shown": "whether the figures of this job are the ones that the marts show",
}


def upgrade() -> None:
    op.execute(f"comment on column ops.quality_results.tool is '{_TOOL}'")
    op.execute(
        """
        create view insights.data_quality as
        select
            result.repository_id, result.job_id, result.check_name, result.tool as source,
            result.subject, result.severity, result.status, result.failures as failures_count,
            result.observed, result.expected, result.at as checked_at,
            publication.job_id is not null as is_shown
        from ops.quality_results as result
        left join ops.publications as publication
            on publication.repository_id = result.repository_id
            and publication.job_id = result.job_id
        """
    )
    op.execute("comment on view insights.data_quality is 'one row per check and job'")
    for column, comment in _COLUMNS.items():
        op.execute(f"comment on column insights.data_quality.{column} is '{comment}'")


def downgrade() -> None:
    op.execute("drop view insights.data_quality")
    op.execute(f"comment on column ops.quality_results.tool is '{_OLD_TOOL}'")
